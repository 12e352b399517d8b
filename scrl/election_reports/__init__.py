"""Election reports: all about one election as plain data, as an HTML file and as Markdown."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
