"""Reward models of many people behind one interface (``protocols``), a module for each family.

``fit(key, comparisons, config, on_chunk=None) -> (model, curves)`` learns from raters' annotated
pairs. Every model answers what ``RewardModel`` lists, given the pairs that a rater has annotated so
far (the *context*), or none.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
