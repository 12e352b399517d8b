"""The page on proxy metrics as rewards."""
