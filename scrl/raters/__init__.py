"""Steps 1 to 3 and 5 of the method: the model of raters, its latents and their density, ballots.

``RaterModel`` is the model of a run. ``Individual`` is the network of the lesson on masking, which
``scrl.reward_models`` has too.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
