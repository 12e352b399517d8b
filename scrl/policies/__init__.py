"""Policies of one prompt that optimise a reward under a KL constraint: in closed form and trained.

Functions take and return plain arrays. Only ``trained`` trains anything.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
