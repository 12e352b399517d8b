"""What a latent space holds, as numbers: ``units`` and ``clusters`` take plain arrays; the other
modules put questions to a ``FittedRun``."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
