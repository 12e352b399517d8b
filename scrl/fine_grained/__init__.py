"""Rewards for parts of a text: marked segments, feedback, credit, and votes over weights."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
