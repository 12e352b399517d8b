"""Diagnostics of a latent space.

``latent_units``, ``clusters`` and ``projections`` take plain arrays; the other modules take a
``FittedRun``.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
