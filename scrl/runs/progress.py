"""Progress of several trainings reported as the progress of one job."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from scrl.types import Cancelled, Progress

Result = TypeVar("Result")
Listener = Callable[[Progress], None] | None


def chunk_reporter(
    listen: Listener, done: int, total: int, message: str, phase: str = "Training"
) -> Callable[[Mapping | None, float], None] | None:
    """An ``on_chunk(curves, fraction)`` for fit number ``done`` of ``total``; None without a
    listener."""
    if listen is None:
        return None
    return lambda curves, fraction: listen(Progress(phase, (done + fraction) / total, message))


def part_reporter(listen: Listener, done: int, total: int, message: str) -> Listener:
    """An ``on_progress`` for run number ``done`` of ``total``; None without a listener."""
    if listen is None:
        return None
    return lambda p: listen(Progress(p.phase, (done + p.fraction) / total, message))


def done_reporter(listen: Listener, total: int) -> Callable[[object], None] | None:
    """A function to call when one of ``total`` runs is done; None without a listener."""
    if listen is None:
        return None
    numbers = itertools.count(1)

    def tell(_: object) -> None:
        done = next(numbers)
        listen(Progress("individual", done / total, f"{done} of {total} runs done"))

    return tell


class ProgressAggregator:
    """One listener for several runs side by side, which ends all of them when one fails.

    Args:
        listen: receives the progress of the first run that is not done, with the mean fraction of
            all runs.
        count: number of runs.
    """

    def __init__(self, listen: Listener, count: int) -> None:
        self._listen = listen
        self._fractions = [0.0] * count
        self._failed = threading.Event()
        self._lock = threading.Lock()

    def work(self, i: int, run: Callable[[Listener], Result]) -> Result:
        """``run(on_progress)``, the run of number ``i``.

        Raises:
            Cancelled: where another run has failed, at this run's next report.
        """
        if self._failed.is_set():
            raise Cancelled
        try:
            found = run(None if self._listen is None else lambda p: self._report(i, p))
        except BaseException:
            self._failed.set()
            raise
        self._fractions[i] = 1.0
        return found

    def _report(self, i: int, progress: Progress) -> None:
        with self._lock:
            if self._failed.is_set():
                raise Cancelled
            self._fractions[i] = min(progress.fraction, 0.999)
            if self._listen and all(done == 1.0 for done in self._fractions[:i]):
                count, message = len(self._fractions), progress.message
                message = message if count == 1 else f"Run {i + 1} of {count}: {message}"
                mean = sum(self._fractions) / count
                self._listen(replace(progress, fraction=mean, message=message))
