"""Elections as people publish them: cast-vote records, tally sheets and ballot files, read as
profiles."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
