"""Questions to one person: what each format of answer tells, and which question to ask next."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
