"""Simple statistical models of raters behind one protocol, to measure the individual model by."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
