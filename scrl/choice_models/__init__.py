"""Bradley–Terry, Davidson and Plackett–Luce: exact fits, likelihoods and rank metrics."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
