"""Experiments that pages show: each draws or reads a world, trains and reports plain data."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
