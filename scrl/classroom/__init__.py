"""A class that votes from its phones: rooms, ballots, and what the class said."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
