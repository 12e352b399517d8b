"""Distortion: the welfare lost by a rule with known utilities, at worst, and with noisy voters."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
