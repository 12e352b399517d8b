"""Preference profiles: data, editing, questions, and where they come from."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
