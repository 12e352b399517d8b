"""Parts of the pages Runs and Studies."""
