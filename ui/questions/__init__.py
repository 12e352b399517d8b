"""The page on the open questions of a note on reward models, each answered by one study."""
