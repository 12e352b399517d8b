"""What a policy makes of a reward: the completions of one prompt, a reference policy, and how far
from it one may go. Plain arrays in and out; nothing here trains but ``learnt``."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
