"""One run from several seeds in parallel, and their results merged.

Seeds run in threads by default, not under ``vmap``: a run is a long chain of small programs that
use one core, so parallel runs use the other cores and each gives exactly the result it gives alone.
Batching the same programs over seeds gains little on a CPU (see ``benchmarks/seeds.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from scrl.config import Config
from scrl.parallel import Engine, map_tasks, shares_memory, usable_cores
from scrl.pipeline import Experiment, run
from scrl.results import RunResult
from scrl.runs.progress import ProgressAggregator, done_reporter
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
    engine: Engine = "threads",
) -> list[Experiment]:
    """``pipeline.run`` from each seed, in parallel on the available cores.

    Args:
        seeds: each 0 or more.
        on_progress: receives the progress of the first seed that is not done, with the mean
            fraction of all; an exception that it raises (``Cancelled``) ends all runs. Other
            processes report only that a seed is done.
        engine: where seeds run, see ``parallel.tasks``.

    Returns:
        In the order of ``seeds``, each the result of ``run`` from that seed alone.

    Raises:
        InputError: as ``run``, or as ``parallel.run_tasks``.
    """
    if not shares_memory(engine):
        tell = done_reporter(on_progress, len(seeds))
        return map_tasks(partial(run, source, config), seeds, engine, tell)
    progress = ProgressAggregator(on_progress, len(seeds))

    def work(i: int) -> Experiment:
        return progress.work(i, lambda listen: run(source, config, seeds[i], listen))

    workers = min(usable_cores(), MAX_PARALLEL_RUNS)
    return map_tasks(work, range(len(seeds)), engine, workers=workers, first_alone=True)


def seeds_dict(experiments: Sequence[Experiment]) -> RunResult:
    """The result file of the first run with the results of all (``seed_spread.merge_seeds``)."""
    return merge_seeds([to_dict(e) for e in experiments])
