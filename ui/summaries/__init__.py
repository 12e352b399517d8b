"""The page on summaries of raters in words."""
