"""One run from several seeds at once, and what they found side by side.

Threads, not ``vmap``: a run is a long chain of small programs that one core carries out, so runs
side by side fill the others and each stays exactly what it is alone. Batched over seeds the same
programs gain little on a CPU (see ``benchmarks/seeds.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from scrl.config import Config
from scrl.pipeline import Experiment, run
from scrl.runs.parallel import Together, first_alone
from scrl.runs.report import to_dict
from scrl.runs.seed_spread import gathered
from scrl.scenarios.scenario import Scenario
from scrl.types import Progress, Ratings

#: Runs at the same time, where there are cores for more.
MOST_TOGETHER = 8


def run_seeds(
    source: Scenario | Ratings,
    config: Config | None = None,
    seeds: Sequence[int] = (0,),
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Experiment]:
    """``pipeline.run`` from each seed, as many at once as there are cores.

    The first runs alone and compiles what the others use.

    Args:
        seeds: each 0 or more.
        on_progress: told of the first seed that is not done, with the share done of all; what it
            raises (``Cancelled``) ends them all.

    Returns:
        In the order of ``seeds``, each what ``run`` gives from that seed alone.

    Raises:
        InputError: as ``run``.
    """
    together = Together(on_progress, len(seeds))

    def one(i: int) -> Experiment:
        return together.work(i, lambda listen: run(source, config, seeds[i], listen))

    return first_alone(one, len(seeds), min(os.cpu_count() or 1, MOST_TOGETHER))


def seeds_dict(experiments: Sequence[Experiment]) -> dict:
    """The result file of the first, and what all of them found (``spread.gathered``)."""
    return gathered([to_dict(e) for e in experiments])
