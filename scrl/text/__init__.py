"""Texts as numbers: sentence encoders, measured attributes, and features of a catalogue."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
