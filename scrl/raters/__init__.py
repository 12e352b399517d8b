"""Steps 1 to 3 of the method: the individual reward model, its latents and their density."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
