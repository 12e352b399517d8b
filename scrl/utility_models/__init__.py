"""Statistical models of raters' utilities: ballots and their likelihood, types, covariance."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
