"""Several trainings in threads: the first alone, since it compiles what the others use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from scrl.types import Cancelled, Progress

Found = TypeVar("Found")


def first_alone(work: Callable[[int], Found], count: int, together: int) -> list[Found]:
    """``work(0)``, then the other numbers below ``count``, so many at a time; their results in
    order. What one raises ends those that have not begun."""
    found = [work(0)] if count else []
    with ThreadPoolExecutor(together) as pool:
        waiting = [pool.submit(work, i) for i in range(1, count)]
        try:
            return found + [one.result() for one in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def part_of(
    listen: Callable[[Progress], None] | None, done: int, total: int, message: str,
    phase: str = "Training",
) -> Callable | None:  # fmt: skip
    """What one fit of many is to call between chunks, with its curves and the share done."""
    if listen is None:
        return None
    return lambda curves, share: listen(Progress(phase, (done + share) / total, message))


class Together:
    """One listener for several runs, and one end for all of them.

    Args:
        listen: told of the first run that is not done, with the share done of all.
        count: how many runs there are.
    """

    def __init__(self, listen: Callable[[Progress], None] | None, count: int):
        self._listen = listen
        self._done = [0.0] * count
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def work(self, i: int, run: Callable[[Callable | None], Found]) -> Found:
        """``run(listen)``, the run of number ``i``.

        Raises:
            Cancelled: where another has ended in an error, as soon as this one reports.
        """
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
