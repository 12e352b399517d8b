"""Tasks on a Dask cluster: a scheduler that somebody started, or a connected client."""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrl.parallel.cluster_checks import (
    OTHER_CODE,
    SAME_VERSION,
    WorkerWatch,
    check_workers,
    environment,
)
from scrl.parallel.results import Failure, Result
from scrl.parallel.workers import MAX_DEATHS, RemoteCall, killed, pack_task, unpacked
from scrl.types import InputError

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

#: Seconds in which a scheduler must answer.
PATIENCE = 20
#: Tasks that the scheduler is told of at once; enough for a cluster that grows with them.
MAX_SUBMITTED = 2_000
#: Times that a task may begin beside others; with the time alone ``MAX_DEATHS``.
MAX_BEGINNINGS = MAX_DEATHS - 1
#: Times that the scheduler may lose a task without an error.
MAX_LOSSES = 3
#: Seconds before a task begins again.
RESTART_SECONDS = 2.0


@contextmanager
def connected(engine: Any) -> Iterator[Client]:
    """A client of a cluster, closed afterwards unless it was given.

    Args:
        engine: the address of a scheduler, the path of its scheduler file, or a client.

    Raises:
        InputError: where Dask is not installed, or nobody answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("A cluster needs Dask; run pip install 'scrl[cluster]'.") from None
    if isinstance(engine, Client):
        yield engine
        return
    with _without_log():
        client = _connect(Client, engine)
        try:
            yield client
        finally:
            client.close()


def dashboard_link(client: Client) -> str:
    """The address of the cluster's dashboard; "" where it has none."""
    return client.dashboard_link if "dashboard" in client.scheduler_info()["services"] else ""


def on_cluster(
    function: Callable[[Any], Any], tasks: Sequence[Any], engine: Any
) -> Iterator[Result]:
    """Each result as it comes.

    Dask does a task again where its worker dies. A task that has begun ``MAX_BEGINNINGS`` times
    without an end is set aside, since it may be what ends the workers; a task that ran beside it in
    another thread of the worker is as suspect. When all others are done, each of them runs once
    more, alone, which tells.

    Raises:
        InputError: where the cluster does not answer, a worker of it has other code, or it has no
            worker for ten minutes (``SCRL_CLUSTER_PATIENCE`` in seconds).
    """
    call = RemoteCall.of(function)
    with connected(engine) as client:
        if tasks:
            check_workers(client)
        suspects: list[int] = []
        yield from _round(client, call, tasks, range(len(tasks)), MAX_BEGINNINGS, suspects)
        for number in suspects:
            dead: list[int] = []
            yield from _round(client, call, tasks, [number], 1, dead)
            if dead:
                yield killed(number)


@dataclass(frozen=True)
class CountedCall:
    """A call that the scheduler counts, so that a task which ends its worker does not end all.

    Attributes:
        call: the call. key: under which the scheduler counts. most: beginnings, after which the
            call is no longer made, and there is no result.
        code: the ``environment`` of the process that gives the task; a worker may come late.
    """

    call: RemoteCall
    key: str
    most: int
    code: Mapping[str, str]

    def __call__(self, number: int, task: bytes) -> Result[bytes] | None:
        """Run one task in a worker of the cluster."""
        from distributed import get_worker
        from distributed.utils import sync

        if self.code != environment():
            return Result(number, failure=Failure(OTHER_CODE, is_bad_input=True))
        worker = get_worker()
        scheduler = worker.scheduler  # a client of the worker's own would outlive the task
        begun = sync(worker.loop, scheduler.get_metadata, keys=[self.key], default=0)
        if begun >= self.most:
            return None
        # A worker that dies before its nanny has seen it start is not started again.
        if begun or self.most == 1:
            time.sleep(RESTART_SECONDS)
        sync(worker.loop, scheduler.set_metadata, keys=[self.key], value=begun + 1)
        return self.call(number, task)


def _connect(client: Callable[..., Client], engine: Any) -> Client:
    if not isinstance(engine, str | Path):
        raise InputError(
            f"{type(engine).__name__} is no engine; give serial, threads, processes, the address "
            "of a Dask scheduler or its client."
        )
    address = str(engine)
    if Path(address).is_file():
        place: dict[str, str] = {"scheduler_file": address}
    elif ":" in address:
        place = {"address": address}
    elif address.endswith(".json"):
        raise InputError(
            f"{address[:100]}: there is no such scheduler file; start a scheduler by `dask "
            "scheduler --scheduler-file FILE`, or give its address, such as tcp://host:8786."
        )
    else:
        raise InputError(
            f"'{address[:100]}' is no engine; give serial, threads, processes, or the address of a "
            "Dask scheduler such as tcp://host:8786."
        )
    try:
        return client(**place, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address[:100]} ({type(error).__name__}); start one by "
            "`dask scheduler` and give the address that it prints."
        ) from None


@contextmanager
def _without_log() -> Iterator[None]:
    """Dask's own log switched off: it prints tracebacks of what an error here says in a sentence.

    Dask gives the log of its client a level of its own.
    """
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def _round(
    client: Client,
    call: RemoteCall,
    tasks: Sequence[Any],
    numbers: Sequence[int],
    most: int,
    suspects: list[int],
) -> Iterator[Result]:
    """Results of tasks by number.

    Args:
        most: beginnings of a task.
        suspects: receives the numbers of the tasks that have begun so often and never ended.
    """
    from distributed import KilledWorker, as_completed

    prefix, code = f"scrl-{uuid.uuid4().hex[:8]}", environment()
    waiting, submissions = deque(numbers), Counter[int]()
    number_of: dict[Future, int] = {}

    def submit() -> Future:
        number = waiting.popleft()
        # Not under the task's own key, whose metadata go when its worker dies.
        counted = CountedCall(call, f"begun-{prefix}-{number}", most, code)
        key = f"{prefix}-{number}-{submissions[number]}"
        submissions[number] += 1
        future = client.submit(counted, number, pack_task(tasks[number]), key=key, pure=False)
        number_of[future] = number
        return future

    first = [submit() for _ in range(min(MAX_SUBMITTED, len(waiting)))]
    completed = as_completed(first, with_results=True, raise_errors=False)
    try:
        for future, found in _as_they_end(client, completed):
            number = number_of.pop(future)
            # Not by the future's status, which changes when a worker dies after its result came.
            error = _error_of(future)
            lost = error is None and found is not None and not isinstance(found, Result)
            future.release()  # so that it is not computed again where its worker dies
            if lost:
                _check_loss(client, submissions[number])
                waiting.append(number)
            if waiting:
                completed.add(submit())
            if isinstance(found, Result):
                yield unpacked(found)
            elif error is not None and not isinstance(error, KilledWorker):
                yield Result(number, failure=Failure.of(error))
            elif not lost:
                suspects.append(number)
    finally:
        client.cancel(list(number_of))


def _as_they_end(client: Client, completed: as_completed) -> Iterator[tuple[Future, Any]]:
    """What ``completed`` gives, while the cluster has a worker."""
    watch = WorkerWatch(client)
    while not completed.is_empty():
        ended = completed.next_batch(block=False)
        yield from ended
        if not ended:
            watch.look()
            with completed.thread_condition:
                completed.thread_condition.wait(0.05)


def _error_of(future: Future) -> BaseException | None:
    """Why the cluster did not run a task: its worker died too often, or cannot run scrl. None
    where it did, or lost the task."""
    if future.status != "error":
        return None
    error = future.exception()
    if isinstance(error, ImportError):
        return InputError(f"{error}; {SAME_VERSION}")
    return error


def _check_loss(client: Client, submissions: int) -> None:
    """A task that the scheduler lost, as it may when a worker dies, is submitted again.

    Raises:
        InputError: where the scheduler is gone, or loses the task each time.
    """
    if client.status != "running" or submissions > MAX_LOSSES:
        raise InputError(
            "The cluster lost the tasks or went away; start the scheduler and try again."
        )
