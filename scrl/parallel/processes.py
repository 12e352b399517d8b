"""Tasks in new processes on this machine, by the executor of joblib's loky."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from joblib.externals import loky
from joblib.externals.loky.process_executor import BrokenProcessPool

from scrl.parallel.results import Result
from scrl.parallel.workers import MAX_DEATHS, RemoteCall, killed, pack_task, unpacked

#: Seconds after which a process without work ends.
IDLE_SECONDS = 120
#: Seconds between two looks of a process at whether its parent is there.
LOOK_SECONDS = 1.0
#: Each process has one thread of linear algebra, since there is one process for each core.
ENVIRONMENT = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def in_processes(
    function: Callable[[Any], Any], tasks: Sequence[Any], workers: int
) -> Iterator[Result]:
    """Each result as it comes.

    Where a process dies, the pool is started again, and what was under way is done again. Nobody
    knows which task ended the process, so each of those under way is suspected; one that is
    suspected for the last time runs alone, which tells.
    """
    call, deaths = RemoteCall.of(function), Counter[int]()
    left = set(range(len(tasks)))
    while left:
        chosen = sorted(n for n in left if deaths[n] < MAX_DEATHS - 1) or [min(left)]
        begun: set[int] = set()
        try:
            for result in _round(call, tasks, chosen, workers, begun):
                left.discard(result.number)
                yield unpacked(result)
        except BrokenProcessPool:
            for number in begun & left:
                deaths[number] += 1
                if deaths[number] == MAX_DEATHS:
                    left.discard(number)
                    yield killed(number)


def end_with(parent: int) -> None:
    """End this process when its parent has ended, however that ended: otherwise the tasks that had
    been sent here would run on for nobody."""
    if os.name == "posix":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _round(
    call: RemoteCall, tasks: Sequence[Any], numbers: Sequence[int], workers: int, begun: set[int]
) -> Iterator[Result[bytes]]:
    """Results of tasks by number.

    Args:
        begun: receives the number of each task that is sent to the pool. Those are few at a time.

    Raises:
        BrokenProcessPool: where a process dies.
    """
    pool = loky.get_reusable_executor(
        workers,
        timeout=IDLE_SECONDS,
        env=ENVIRONMENT,
        initializer=end_with,
        initargs=(os.getpid(),),
    )
    waiting, running = deque(numbers), set[Future]()
    try:
        while waiting or running:
            while waiting and len(running) < 2 * workers:
                begun.add(number := waiting.popleft())
                running.add(pool.submit(call, number, pack_task(tasks[number])))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            broken = None
            for future in done:
                error = future.exception()
                if error is None:
                    yield future.result()
                else:
                    broken = error
            if broken is not None:
                raise broken
    finally:
        if waiting or running:  # nobody listens any more, or the pool is broken
            pool.shutdown(wait=True, kill_workers=True)
