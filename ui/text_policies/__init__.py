"""Parts of the page on policies that write text."""
