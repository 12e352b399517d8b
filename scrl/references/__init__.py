"""Rewards that compare an output with a reference, and whose references are a vote.

A reward r(reference, output) says how likely both come from one policy (POLAR). It is trained
without anybody's judgement: of two outputs the winner is drawn from the reference's own policy, the
loser from another. Whoever writes the reference then says what is good.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
