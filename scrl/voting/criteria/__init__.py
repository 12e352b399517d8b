"""What one may ask of a rule: checkers, searches, and the counterexamples that are kept."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
