"""Margins of victory: how many ballots have to change before another candidate wins."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
