"""Scenarios: schema, files, sampling, editing, missing data, maps and exact previews."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
