"""Independent tasks on the engine that the caller chooses: one call for threads, processes, Dask.

    "serial"      one after the other, in this thread
    "threads"     threads of this process
    "processes"   new processes on this machine, by joblib's loky; they are never forked, since JAX
                  hangs after a fork
    an address    of a Dask scheduler (``tcp://host:8786``), the path of its scheduler file, or a
                  connected ``distributed.Client``

A function gives the same value on each. In processes and on a cluster it must not rely on what this
process has changed; functions and tasks are sent there by cloudpickle.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeAlias, TypeVar

from scrl.parallel.results import Result, attempt, is_worker
from scrl.types import InputError

Task = TypeVar("Task")
Value = TypeVar("Value")
#: A name of ``LOCAL_ENGINES``, an address, the path of a scheduler file, or a connected client.
Engine: TypeAlias = Any
LOCAL_ENGINES = ("serial", "threads", "processes")


def usable_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shares_memory(engine: Engine) -> bool:
    """Whether an engine's tasks run in this process, so that they may report to it as they go."""
    return is_worker() or engine in ("serial", "threads")


def run_tasks(
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    engine: Engine = "threads",
    on_done: Callable[[Result[Value]], None] | None = None,
    workers: int | None = None,
    first_alone: bool = False,
) -> list[Result[Value]]:
    """``function`` of each task; a task that fails does not keep the others from running.

    >>> [result.value for result in run_tasks(abs, [-1, 2, -3])]
    [1, 2, 3]

    Args:
        engine: where tasks run, see the module.
        on_done: called in this thread with each result, as it comes; an exception that it raises
            ends all.
        workers: tasks at the same time on this machine, by default one for each core; a cluster
            has its own.
        first_alone: whether threads run the first task before the others, since it compiles what
            they use.

    Returns:
        In the order of ``tasks``.

    Raises:
        InputError: for an unknown engine, or a cluster that does not answer.
    """
    found: list[Result[Value] | None] = [None] * len(tasks)
    for result in iterate_tasks(function, tasks, engine, workers, first_alone):
        found[result.number] = result
        if on_done is not None:
            on_done(result)
    return [result for result in found if result is not None]


def map_tasks(
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    engine: Engine = "threads",
    on_done: Callable[[Result[Value]], None] | None = None,
    workers: int | None = None,
    first_alone: bool = False,
) -> list[Value]:
    """As ``run_tasks``, but the first failure ends all.

    Returns:
        The values, in the order of ``tasks``.

    Raises:
        Exception: what a task raised; from another process a ``TaskError``, or an ``InputError``.
    """

    def check(result: Result[Value]) -> None:
        if result.failure is not None:
            raise result.failure.to_exception()
        if on_done is not None:
            on_done(result)

    done = run_tasks(function, tasks, engine, check, workers, first_alone)
    return [result.value for result in done]  # type: ignore[misc]


def iterate_tasks(
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    engine: Engine = "threads",
    workers: int | None = None,
    first_alone: bool = False,
) -> Iterator[Result[Value]]:
    """As ``run_tasks``: each result as it comes. Tasks that have not begun when the caller stops
    listening are dropped."""
    if workers is not None and workers < 1:
        raise InputError(f"{workers} workers can do nothing; give 1 or more.")
    if is_worker() or engine == "serial":
        return (attempt(function, number, task) for number, task in enumerate(tasks))
    workers = min(workers or usable_cores(), max(1, len(tasks)))
    if engine == "threads":
        return _in_threads(function, tasks, workers, first_alone)
    # Named as text: where a task runs is no part of the code that its result depends on.
    if engine == "processes":
        processes = importlib.import_module("scrl.parallel.processes")
        return processes.in_processes(function, tasks, workers)
    return importlib.import_module("scrl.parallel.cluster").on_cluster(function, tasks, engine)


def _in_threads(
    function: Callable[[Task], Value], tasks: Sequence[Task], workers: int, first_alone: bool
) -> Iterator[Result[Value]]:
    numbered: Iterable[tuple[int, Task]] = enumerate(tasks)
    if first_alone and tasks:
        numbered = list(numbered)[1:]
        yield attempt(function, 0, tasks[0])
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(attempt, function, number, task) for number, task in numbered]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
