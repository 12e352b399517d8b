"""Runs the tasks of a sweep that have no result yet, and writes each result as it comes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from scrl.data.files import printable
from scrl.parallel import (
    LOCAL_ENGINES,
    SAME_VERSION,
    Engine,
    Result,
    connected,
    dashboard_link,
    iterate_tasks,
    shares_memory,
)
from scrl.runs.archive import default_path
from scrl.runs.run_record import installed_versions
from scrl.runtime import start
from scrl.sweeps.claims import claimed
from scrl.sweeps.one_task import compute
from scrl.sweeps.planning import SweepTask, plan_tasks
from scrl.sweeps.spec import read_spec
from scrl.sweeps.store import DONE, FAILED, Record, State, SweepStore
from scrl.sweeps.table import SweepTable, read_sweep
from scrl.types import InputError


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Attributes:
        tasks: number of all. ended: that have a result. failed: of those, that failed.
        computed: by this call.
        seconds_left: as long as a task took until now; None before the first has ended.
        dashboard: the address of the cluster's dashboard, "" without one.
        folder: of the sweep.
    """

    tasks: int
    ended: int
    failed: int
    computed: int
    seconds_left: float | None
    dashboard: str
    folder: Path


Listener = Callable[[SweepProgress], None] | None


def sweep(
    spec: str | Path | Mapping[str, Any],
    folder: str | Path | None = None,
    engine: Engine = "processes",
    workers: int | None = None,
    on_progress: Listener = None,
    retry: bool = False,
) -> SweepTable:
    """Run every scenario × settings × seed of a specification that has no result yet.

    >>> import scrl
    >>> spec = {"scenarios": "pets", "settings": {"scenario.noise": [0, 1]}, "seeds": 4}
    >>> table = scrl.sweep(spec, "noise-of-pets")  # doctest: +SKIP
    >>> table.columns()["agreement/borda/social/tau"]  # doctest: +SKIP

    Args:
        spec: the path of a YAML file or plain data, see ``sweeps.spec``.
        folder: of the sweep, by default one of its name in ``sweeps_folder()``. Results that are
            there are kept and not computed again.
        engine: ``"processes"`` of this machine, ``"serial"``, ``"threads"``, the address of a Dask
            scheduler, or a connected ``distributed.Client``.
        workers: tasks at the same time on this machine, by default one for each core.
        on_progress: called at the beginning and with each result; an exception that it raises ends
            the sweep, which keeps what is done.
        retry: whether tasks that failed are run again.

    Returns:
        The table of the sweep. A task that fails is a row of state ``"failed"`` with the reason;
        the others go on.

    Raises:
        InputError: for a specification that is wrong, a folder that cannot be written or that
            another call is filling, or a cluster that does not answer, has no worker, or has a
            worker of other code. Results that have come are kept.
    """
    read, base = read_spec(spec)
    origin = printable(Path(spec).name) if isinstance(spec, str | Path) else "the sweep"
    tasks, axes = plan_tasks(read, base, origin)
    store = SweepStore(folder or sweeps_folder() / folder_name(read.name))
    listed = [task.listed() for task in tasks]
    unique = {task.id: task for task in tasks}
    with claimed(store.folder):
        store.begin(read.name, read.to_plain(), axes, listed, installed_versions())
        states = {id: record["state"] for id in unique if (record := store.record(id)) is not None}
        if retry:
            states = {id: state for id, state in states.items() if state == DONE}
        left = [task for id, task in unique.items() if id not in states]
        failed = sum(state == FAILED for state in states.values())
        state = SweepProgress(len(unique), len(states), failed, 0, None, "", store.folder)
        if left:
            _run(left, store, engine, workers, on_progress, state)
        elif on_progress is not None:
            on_progress(state)
    return read_sweep(store.folder)


def sweeps_folder() -> Path:
    """``$SCRL_SWEEPS``, or ``sweeps`` beside the file of stored runs: where the app looks."""
    return Path(os.environ.get("SCRL_SWEEPS") or default_path().parent / "sweeps")


def folder_name(name: str) -> str:
    """The name of a sweep as the name of a folder.

    >>> folder_name("Who answers? (2)")
    'who-answers-2'
    """
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:80] or "sweep"


def _run(
    tasks: Sequence[SweepTask],
    store: SweepStore,
    engine: Engine,
    workers: int | None,
    listen: Listener,
    state: SweepProgress,
) -> None:
    """Run tasks and write their results.

    Args:
        state: before the first of them has ended.

    Raises:
        InputError: where a result cannot be written, or tasks came to a worker with other code.
    """
    began = time.perf_counter()
    if shares_memory(engine):
        start()
    with _opened(engine) as (engine, dashboard):
        state = replace(state, dashboard=dashboard)
        if listen is not None:
            listen(state)
        others = 0
        for result in iterate_tasks(compute, tasks, engine, workers, first_alone=True):
            if result.failure is not None and result.failure.message.endswith(SAME_VERSION):
                others += 1  # it tells of a worker and nothing of the task, which has no result
                continue
            record = _record(tasks[result.number], result)
            store.write(tasks[result.number].id, record)
            computed = state.computed + 1
            each = (time.perf_counter() - began) / computed
            state = replace(
                state, ended=state.ended + 1, computed=computed,
                failed=state.failed + (record["state"] == FAILED),
                seconds_left=each * (len(tasks) - computed),
            )  # fmt: skip
            if listen is not None:
                listen(state)
    if others:
        raise InputError(
            f"{others:,} tasks came to a worker with other code and have no result; {SAME_VERSION} "
            "Then give the same command again, which computes only these."
        )


@contextmanager
def _opened(engine: Engine) -> Iterator[tuple[Engine, str]]:
    """The engine, connected where it is a cluster, and the address of the cluster's dashboard."""
    if engine in LOCAL_ENGINES:
        yield engine, ""
        return
    with connected(engine) as client:
        yield client, dashboard_link(client)


def _record(task: SweepTask, result: Result[dict[str, Any]]) -> Record:
    failure, state = result.failure, cast(State, FAILED if result.failure else DONE)
    found = result.value or {"measures": {}, "orders": {}, "result": None, "evaluation": None}
    return {
        "task": {"scenario": task.scenario, "settings": task.settings, "seed": task.seed},
        "state": state,
        "error": failure.message if failure else "",
        "details": failure.details if failure else "",
        "measures": found["measures"],
        "orders": found["orders"],
        "seconds": round(result.seconds, 3),
        "result": found["result"],
        "evaluation": found["evaluation"],
    }
