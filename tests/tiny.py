"""Small networks and short trainings, for tests of everything but accuracy at default size.

Tests of the same shapes share their compiled programs, also between test processes.
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from scrl.config import IndividualConfig, ModelsConfig, Schedule
from scrl.streamed_raters import stages
from scrl.studies import SplitSizes
from tests import lanes

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
#: The same in fewer steps.
BRIEF = replace(QUICK, schedule=replace(QUICK.schedule, explore=(100, 100), cool=50))
#: The scoreboard's split for them.
SMALL = SplitSizes(raters=600, pairs=12, held_out=300, context=8, queries=12)


@contextmanager
def one_factor():
    """The first stage of streamed trainings has one latent in place of six, whose programs compile
    long; all of them where the suite goes deep."""
    with patch.object(stages, "FACTORS", lanes.deep(1, stages.FACTORS)):
        yield
