"""One run from several seeds in parallel, and their results merged.

Seeds run in threads, not under ``vmap``: a run is a long chain of small programs that use one core,
so parallel runs use the other cores and each gives exactly the result it gives alone. Batching the
same programs over seeds gains little on a CPU (see ``benchmarks/seeds.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from scrl.config import Config
from scrl.pipeline import Experiment, run
from scrl.results import RunResult
from scrl.runs.parallel import run_after_warmup
from scrl.runs.progress import ProgressAggregator
from scrl.runs.report import to_dict
from scrl.runs.seed_spread import merge_seeds
from scrl.scenarios.scenario import Scenario
from scrl.types import Progress, Ratings

#: Runs at the same time, however many cores there are.
MAX_PARALLEL_RUNS = 8


def run_seeds(
    source: Scenario | Ratings,
    config: Config | None = None,
    seeds: Sequence[int] = (0,),
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Experiment]:
    """``pipeline.run`` from each seed, in parallel on the available cores.

    Args:
        seeds: each 0 or more.
        on_progress: receives the progress of the first seed that is not done, with the mean
            fraction of all; an exception that it raises (``Cancelled``) ends all runs.

    Returns:
        In the order of ``seeds``, each the result of ``run`` from that seed alone.

    Raises:
        InputError: as ``run``.
    """
    progress = ProgressAggregator(on_progress, len(seeds))

    def work(i: int) -> Experiment:
        return progress.work(i, lambda listen: run(source, config, seeds[i], listen))

    return run_after_warmup(work, len(seeds), min(os.cpu_count() or 1, MAX_PARALLEL_RUNS))


def seeds_dict(experiments: Sequence[Experiment]) -> RunResult:
    """The result file of the first run with the results of all (``seed_spread.merge_seeds``)."""
    return merge_seeds([to_dict(e) for e in experiments])
