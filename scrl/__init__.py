"""scrl, the social choice reward lab: see, and choose, the voting rule inside a reward model.

    >>> import scrl
    >>> ballots = scrl.Profile.from_text("2: R > G > B\\n3: B > R > G").ballots()
    >>> scrl.aggregate(ballots, "copeland").place
    array([1, 2, 0])

Names are loaded when first used, so that a page of baked results need not load JAX.
"""

import lazy_loader as lazy

__version__ = "0.11.0"

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
