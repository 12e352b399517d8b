"""Flax NNX modules: layers, the individual model, the social (and vanilla) reward network."""
