"""A sweep as tracked runs: one for the sweep, and one for each task that has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrl.data.files import printable
from scrl.sweeps.store import FAILED, ListedTask, SweepStore
from scrl.sweeps.table import SweepTable, read_sweep
from scrl.tracking.measures import clean
from scrl.tracking.records import TrackedGroup, TrackedRun, flat, hashed, key
from scrl.tracking.run_content import FAULTS, run_of_content
from scrl.tracking.run_files import as_json
from scrl.tracking.sweep_figures import sweep_page
from scrl.types import InputError


def sweep_group(folder: Path) -> TrackedGroup:
    """The sweep in a folder, as far as it is done.

    Raises:
        InputError: where its files cannot be read.
    """
    table = read_sweep(folder)
    failed, missing = len(table.failed), table.missing
    done = len(table.rows) - failed - missing
    versions = {f"version.{name}": str(value) for name, value in table.versions.items()}
    parent = TrackedRun(
        # Not the specification, which may grow; trackers keep no param that changes either.
        hashed("sweep", table.name, table.created),
        table.name,
        measures={"tasks": len(table.rows), "done": done, "failed": failed},
        tags={**versions, **dict(flat(table.spec, "spec"))},
        files={"spec.json": as_json(table.spec), "table.csv": table.csv_text(),
               **sweep_page(table)},
        started=table.created,
        step=done + failed,
        unfinished=missing > 0,
    )  # fmt: skip
    return TrackedGroup(parent, _tasks(SweepStore(folder), table, parent.id, versions))


def _tasks(
    store: SweepStore, table: SweepTable, sweep: str, versions: Mapping[str, str]
) -> Iterator[TrackedRun]:
    varied = [name for name, values in table.axes.items() if len(values) > 1]
    for task in store.tasks():
        record = store.record(task.id)
        if record is None:
            continue
        file = printable(store.folder / f"{task.id}.json")
        try:
            run = _task(task, record, varied, file)
            tags = {"scenario": task.scenario, "seed": str(task.seed), **versions}
            yield replace(run, id=hashed("task", sweep, task.id), tags=tags)
        except FAULTS as error:
            raise InputError(f"{file}: this is no result of a task that scrl wrote.") from error


def _task(task: ListedTask, record: Mapping[str, Any], varied: list[str], file: str) -> TrackedRun:
    settings = {"scenario": task.scenario, **task.settings}
    texts = dict(pair for name, value in settings.items() for pair in flat({name: value}))
    names = [f"{name} {texts[key(name)]}" for name in varied if key(name) in texts]
    seed = str(task.seed)
    parts: dict[str, Any] = {
        "name": ", ".join([*names, f"seed {seed}"]),
        "measures": clean(record["measures"]),
        "error": str(record["error"]),
    }
    if record["state"] == FAILED:
        parts["error"] = parts["error"] or "It failed."
        return TrackedRun("", params={**texts, "seed": seed}, **parts)
    run = TrackedRun("", "")
    if record.get("result") is not None:
        run = run_of_content(record["result"], file, drawn=False)
    files = dict(run.files)
    if record.get("evaluation") is not None:
        files["evaluation.json"] = as_json(record["evaluation"])
    return replace(run, **parts, params={**run.params, **texts, "seed": seed}, files=files)
