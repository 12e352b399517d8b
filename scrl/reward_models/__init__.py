"""Reward models of many raters behind one interface (``protocols``), one module for each family.

``fit(key, comparisons, config, on_chunk=None) -> (model, curves)`` learns from raters' annotated
pairs. Every model implements ``RewardModel``: it predicts given the pairs that a rater has
annotated so far (the *context*), or without context.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
