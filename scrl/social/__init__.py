"""Step 7 of the method: the social reward model and the vanilla model beside it."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
