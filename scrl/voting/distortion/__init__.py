"""What a choice costs: with known utilities, at worst, and among voters who answer with noise."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
