"""Ratings of any size as a folder of flat arrays on disk, read in batches of one shape."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
