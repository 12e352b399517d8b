"""How a rule came to its order: each count again, step by step, as plain data."""
