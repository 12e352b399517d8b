"""The first screen and the five steps of its story."""
