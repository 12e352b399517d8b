"""Strategic voting: best misreports, coalitions and how often rules are manipulable."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
