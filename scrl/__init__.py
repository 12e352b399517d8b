"""scrl, the social choice reward lab: see, and choose, the voting rule inside a reward model.

    >>> import scrl
    >>> profile = scrl.Profile.from_counts({"R > G > B": 2, "B > R > G": 3})
    >>> profile.condorcet_winner(), profile.order("borda")
    ('B', [['R'], ['B'], ['G']])

Names are loaded when first used, so that a page of baked results need not load JAX.
"""

import lazy_loader as lazy

__version__ = "0.12.0"

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
