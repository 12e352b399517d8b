"""One run from several seeds at once, and what they found side by side.

Threads, not ``vmap``: a run is a long chain of small programs that one core carries out, so runs
side by side fill the others and each stays exactly what it is alone. Batched over seeds the same
programs gain little on a CPU (see ``benchmarks/seeds.py``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from scrl.config import Config
from scrl.pipeline import Experiment, run
from scrl.report import to_dict
from scrl.scenario import Scenario
from scrl.spread import gathered
from scrl.together import first_alone
from scrl.types import Cancelled, Progress, Ratings

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
    together = _Together(on_progress, len(seeds))

    def one(i: int) -> Experiment:
        return together.work(i, lambda listen: run(source, config, seeds[i], listen))

    return first_alone(one, len(seeds), min(os.cpu_count() or 1, MOST_TOGETHER))


class _Together:
    """One listener for several runs, and one end for all of them."""

    def __init__(self, listen: Callable[[Progress], None] | None, count: int):
        self._listen = listen
        self._done = [0.0] * count
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def work(self, i: int, run: Callable[[Callable | None], Experiment]) -> Experiment:
        if self._ended.is_set():
            raise Cancelled
        try:
            found = run(None if self._listen is None else lambda said: self._heard(i, said))
        except BaseException:
            self._ended.set()
            raise
        self._done[i] = 1.0
        return found

    def _heard(self, i: int, said: Progress) -> None:
        with self._lock:
            if self._ended.is_set():
                raise Cancelled
            self._done[i] = min(said.fraction, 0.999)
            if all(done == 1.0 for done in self._done[:i]):
                share, count = sum(self._done) / len(self._done), len(self._done)
                message = said.message if count == 1 else f"Run {i + 1} of {count}: {said.message}"
                self._listen(replace(said, fraction=share, message=message))


def seeds_dict(experiments: Sequence[Experiment]) -> dict:
    """The result file of the first, and what all of them found (``spread.gathered``)."""
    return gathered([to_dict(e) for e in experiments])
