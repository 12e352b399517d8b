"""The page on tastes that change with time."""
