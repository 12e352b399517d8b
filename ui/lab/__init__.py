"""Parts of the pages The finding, Lab and Why wrong."""
