"""Criteria of voting rules: checks, the search for counterexamples, and those stored."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
