"""The page on rewards that compare an answer with a reference."""
