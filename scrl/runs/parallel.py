"""Several trainings in threads; the first runs alone, since it compiles what the others use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def run_after_warmup(work: Callable[[int], Result], count: int, max_parallel: int) -> list[Result]:
    """``work(0)``, then ``work(1)`` to ``work(count - 1)``, at most ``max_parallel`` at a time.

    An exception of one call cancels those that have not begun.

    Returns:
        The results in order.
    """
    found = [work(0)] if count else []
    with ThreadPoolExecutor(max_parallel) as pool:
        waiting = [pool.submit(work, i) for i in range(1, count)]
        try:
            return found + [one.result() for one in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
