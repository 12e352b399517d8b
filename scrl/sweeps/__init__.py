"""Sweeps: scenarios × settings × seeds, each run once, and a table of all."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
