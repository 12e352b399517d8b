"""Small networks and short trainings, for tests of everything but accuracy at default size.

Tests of the same shapes share their compiled programs, also between test processes.
"""

from scrl.config import IndividualConfig, ModelsConfig, Schedule
from scrl.studies import SplitSizes

#: A network that reads ballots after 30 steps: it has learnt nothing.
TINY = IndividualConfig(
    width=8, heads=2, preference=4, single=0.0, cells=64,
    schedule=Schedule(explore=(10, 10), ramp=5, cool=15, chunk=15),
)  # fmt: skip
#: Reward models that tell two or three types apart.
QUICK = ModelsConfig(
    width=32, batch=32, kl_warmup=100,
    schedule=Schedule(
        rate=8e-3, warmup=20, explore=(250, 250), ramp=0, cool=200, decay=0.01, chunk=50
    ),
)  # fmt: skip
#: The scoreboard's split for them.
SMALL = SplitSizes(raters=600, pairs=12, held_out=300, context=8, queries=12)
