"""Parts of the pages Lab and Why wrong."""
