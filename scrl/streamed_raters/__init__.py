"""The model of raters trained in batches, on whole data sets and on one or many devices."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
