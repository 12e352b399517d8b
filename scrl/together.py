"""Several trainings in threads: the first alone, since it compiles what the others use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

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
