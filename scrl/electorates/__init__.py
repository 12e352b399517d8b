"""Electorates of any number of voters, counted contest by contest in bounded memory."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
