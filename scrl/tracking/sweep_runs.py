"""A sweep as tracked runs: one for the sweep, and one for each task that has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrl.data.files import printable, read_file
from scrl.data.strict_json import strict_json
from scrl.tracking.measures import clean
from scrl.tracking.records import TrackedGroup, TrackedRun, flat, hashed, key
from scrl.tracking.run_content import FAULTS, run_of_content
from scrl.tracking.run_files import as_json
from scrl.types import InputError

SWEEP_FILE, RESULTS = "sweep.json", "results"
MAX_SWEEP_BYTES, MAX_TASK_BYTES = 64 * 2**20, 64 * 2**20


def sweep_group(folder: Path) -> TrackedGroup:
    """The sweep in a folder.

    Raises:
        InputError: where its file or a result cannot be read.
    """
    file = printable(folder / SWEEP_FILE)
    sweep = _read(folder / SWEEP_FILE, MAX_SWEEP_BYTES)
    paths = sorted((folder / RESULTS).glob("*.json"))
    states = [_read(path, MAX_TASK_BYTES).get("state") for path in paths]
    try:
        done, failed = states.count("done"), states.count("failed")
        tasks = int(sweep["tasks"])
        name = str(sweep["name"])
        parent = TrackedRun(
            hashed("sweep", name, sweep["spec"]),
            name,
            params=dict(flat(sweep["spec"], "spec")),
            measures={"tasks": tasks, "done": done, "failed": failed},
            tags={f"version.{k}": str(v) for k, v in dict(sweep.get("versions") or {}).items()},
            files={SWEEP_FILE: as_json(sweep)},
            started=float(sweep["created"]) if "created" in sweep else None,
            step=done + failed,
            unfinished=done + failed < tasks,
        )
    except FAULTS as error:
        raise InputError(f"{file}: this is no file of a sweep that scrl wrote.") from error
    return TrackedGroup(parent, _tasks(paths, parent))


def _tasks(paths: list[Path], parent: TrackedRun) -> Iterator[TrackedRun]:
    for path in paths:
        found, file = _read(path, MAX_TASK_BYTES), printable(path)
        try:
            yield _task(found, parent, path.stem, file)
        except FAULTS as error:
            raise InputError(f"{file}: this is no result of a task that scrl wrote.") from error


def _task(found: Mapping[str, Any], parent: TrackedRun, id: str, file: str) -> TrackedRun:
    task = found["task"]
    settings = {key(name): str(value) for name, value in task["settings"].items()}
    seed, scenario = str(task["seed"]), str(task["scenario"])
    title = ", ".join([*(f"{name} {value}" for name, value in settings.items()), f"seed {seed}"])
    parts: dict[str, Any] = {
        "id": hashed("task", parent.id, id), "name": title,
        "params": {"scenario": scenario, "seed": seed, **settings},
        "tags": {"scenario": scenario, "seed": seed, **parent.tags},
        "measures": clean(dict(found.get("measures") or {})),
        "error": str(found.get("error") or ""),
    }  # fmt: skip
    if found["state"] == "failed":
        return TrackedRun(**{**parts, "error": parts["error"] or "It failed."})
    run = run_of_content(found["result"], file, drawn=False)
    return replace(run, **{**parts, "params": {**run.params, **parts["params"]}})


def _read(path: Path, limit: int) -> dict[str, Any]:
    try:
        found = strict_json(read_file(path, limit))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{printable(path)}: this is no JSON that scrl wrote.")
    return found
