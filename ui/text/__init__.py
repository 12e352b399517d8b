"""Parts of the pages on texts."""
