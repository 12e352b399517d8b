"""The folder of a sweep: what it is, its tasks, and one file for each task that has ended.

    sweep.json            name, specification, axes, number of tasks, versions, when it began
    tasks.json            every task: the name of its result file, scenario, settings, seed
    results/<sha256>.json what became of a task, see ``Record``
    claim.lock            held by the call that fills the folder, see ``claims``

Files are written whole, by rename, so that one may be read while others are written. A result file
is named after everything that its content depends on; a sweep that has grown or changed so finds
what it has in common with the sweep of before.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from scrl.data.files import decode, printable, read_file
from scrl.data.strict_json import strict_json
from scrl.types import InputError
from scrl.whole_files import write_whole

SWEEP_FILE, TASKS_FILE, RESULTS = "sweep.json", "tasks.json", "results"
#: The axis of scenarios and ratings files.
SCENARIO = "scenario"
DONE, FAILED, MISSING = "done", "failed", "missing"
#: Bytes of one file of a sweep that are read.
MAX_FILE_BYTES = 200_000_000
#: Tasks of a sweep.
MAX_TASKS = 100_000
_ID = re.compile(r"[0-9a-f]{64}")


State = Literal["done", "failed"]


class TaskEntry(TypedDict):
    """What a task does: ``settings`` are by name, as the specification names them."""

    scenario: str
    settings: dict[str, Any]
    seed: int


class Record(TypedDict):
    """The content of a result file.

    ``error`` is one sentence, ``details`` a traceback, both "" where the task is done; then
    ``measures``, ``orders`` (best first, as text) and ``result``, a result file of ``run``, are
    there. With ``evaluate`` ``evaluation`` is a result file of that command.
    """

    task: TaskEntry
    state: State
    error: str
    details: str
    measures: dict[str, float]
    orders: dict[str, str]
    seconds: float
    result: Any
    evaluation: Any


@dataclass(frozen=True)
class ListedTask:
    """A task of ``tasks.json``; ``id`` names its result file."""

    id: str
    scenario: str
    settings: dict[str, Any]
    seed: int


class SweepStore:
    """The folder of a sweep; nothing is written before ``begin``."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def begin(
        self,
        name: str,
        spec: Mapping[str, Any],
        axes: Mapping[str, Sequence[Any]],
        tasks: Sequence[ListedTask],
        versions: Mapping[str, str],
    ) -> None:
        """Write what the sweep is; results that are there stay.

        Raises:
            InputError: where the folder cannot be written.
        """
        names = [name for name in axes if name != SCENARIO]
        rows = [[t.id, t.scenario, [t.settings.get(n) for n in names], t.seed] for t in tasks]
        created = time.time()
        with suppress(InputError, KeyError, TypeError, ValueError):
            created = float(self.described()["created"])
        about = {
            "name": name, "spec": spec, "axes": axes, "tasks": len(tasks), "versions": versions,
            "created": created,
        }  # fmt: skip
        try:
            (self.folder / RESULTS).mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / TASKS_FILE, _json({"settings": names, "tasks": rows}))
            write_whole(self.folder / SWEEP_FILE, _json(about))
        except OSError as error:
            raise InputError(
                f"{self.folder}: {error.strerror}; give a folder to write in."
            ) from error

    def described(self) -> dict[str, Any]:
        """The content of ``sweep.json``.

        Raises:
            InputError: where the folder holds no sweep.
        """
        path = self.folder / SWEEP_FILE
        if not path.is_file():
            raise InputError(
                f"{printable(self.folder)}: there is no {SWEEP_FILE}; give the folder that scrl "
                "sweep has written."
            )
        content = _read(path)
        if not isinstance(content, dict) or not isinstance(content.get("axes"), dict):
            raise _damaged(path)
        return content

    def tasks(self) -> list[ListedTask]:
        """Every task of the sweep.

        Raises:
            InputError: where the file is missing or damaged.
        """
        path = self.folder / TASKS_FILE
        content = _read(path)
        try:
            names = [str(name) for name in content["settings"]]
            found = [
                ListedTask(id, str(scenario), dict(zip(names, values, strict=True)), int(seed))
                for id, scenario, values, seed in content["tasks"]
            ]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _damaged(path) from None
        if len(found) > MAX_TASKS or not all(_ID.fullmatch(str(task.id)) for task in found):
            raise _damaged(path)
        return found

    def record(self, id: str) -> Record | None:
        """What became of a task; None where it has not ended, or its file is damaged: it is then
        computed again."""
        try:
            found = _read(self.folder / RESULTS / f"{id}.json")
        except InputError:
            return None
        return found if _is_record(found) else None

    def ended(self) -> Iterator[str]:
        """The ids of the tasks that have a result file."""
        with suppress(OSError):
            for path in (self.folder / RESULTS).iterdir():
                if path.suffix == ".json" and _ID.fullmatch(path.stem):
                    yield path.stem

    def write(self, id: str, record: Record) -> None:
        """Write a result file.

        Raises:
            InputError: where it cannot be written.
        """
        path = self.folder / RESULTS / f"{id}.json"
        try:
            write_whole(path, _json(record))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; what is done stays there.") from error


def _is_record(found: Any) -> bool:
    """Whether plain data are what became of a task, each field of its type."""
    if not isinstance(found, dict) or found.get("state") not in (DONE, FAILED):
        return False
    fields = {"task": dict, "measures": dict, "orders": dict, "error": str, "details": str}
    if not {"task", "measures"} <= found.keys() or not all(
        isinstance(found.get(key, kind()), kind) for key, kind in fields.items()
    ):
        return False
    numbers = [found.get("seconds", 0.0), *found["measures"].values()]
    return all(isinstance(text, str) for text in found.get("orders", {}).values()) and all(
        type(number) in (int, float) and abs(number) < 1e300 for number in numbers
    )


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _read(path: Path) -> Any:
    text = decode(read_file(path, MAX_FILE_BYTES), printable(path), long_lines=True)
    try:
        return strict_json(text)
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path) -> InputError:
    return InputError(f"{printable(path)}: this is no file that scrl sweep has written; remove it.")
