"""Reward models of many people behind one interface, a file each.

``fit(key, comparisons, config, on_chunk=None) -> (model, info)`` learns from raters' annotated
pairs; every model then answers what ``base.Model`` lists, given the pairs that a new rater has
annotated so far (the *context*), or nothing.
"""
