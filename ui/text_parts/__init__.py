"""The page on rewards for the parts of an answer."""
