"""What a choice costs: with known utilities, at worst, and among voters who answer with noise."""
