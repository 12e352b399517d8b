"""Lies: what they gain, who must join, how often they pay."""
