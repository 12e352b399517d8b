"""Proxy metrics as rewards: what each measures, how it is optimised, and how it is hacked."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
