"""Tastes that change: worlds, models of answers with times, and policies that move tastes."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
