"""A sweep as a table: one row a task, also while it fills."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrl.data.spreadsheets import escape_formula
from scrl.results import EvaluationResult, RunResult
from scrl.sweeps.store import DONE, FAILED, MISSING, SCENARIO, Record, SweepStore
from scrl.types import InputError
from scrl.whole_files import whole_file, write_whole


@dataclass(frozen=True)
class SweepRow:
    """A task and what became of it.

    Attributes:
        id: the name of its result file. settings: by name, with the ``scenario`` first.
        state: ``"done"``, ``"failed"`` or ``"missing"``. error: one sentence, "" where none failed.
        measures: by name. orders: ``prompt/NAME/RULE/SOURCE`` -> an order as text, best first.
        seconds: that the task took; 0 where it is missing.
    """

    id: str
    settings: Mapping[str, Any]
    seed: int
    state: str
    error: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class SweepTable:
    """A sweep.

    Attributes:
        name: of the sweep. spec: as it was read. versions: of what computed it.
        axes: setting -> its values in order; ``scenario`` first, also where there is one.
        rows: one a task, in the order of the specification.
        created: when it began, in seconds since 1970.
    """

    name: str
    spec: Mapping[str, Any]
    versions: Mapping[str, str]
    axes: dict[str, list[Any]]
    rows: list[SweepRow]
    created: float

    @property
    def measures(self) -> list[str]:
        """The names of the measures of any row, in the order in which they first appear."""
        return list(dict.fromkeys(name for row in self.rows for name in row.measures))

    @property
    def missing(self) -> int:
        """Number of tasks without a result."""
        return sum(row.state == MISSING for row in self.rows)

    @property
    def failed(self) -> list[SweepRow]:
        """The tasks that failed."""
        return [row for row in self.rows if row.state == FAILED]

    def columns(self) -> dict[str, list[Any]]:
        """The table by column: settings, ``seed``, ``state``, ``error``, ``seconds``, measures and
        orders; None where a row has no value. A setting that is a list stands there as JSON."""
        orders = dict.fromkeys(name for row in self.rows for name in row.orders)
        found: dict[str, list[Any]] = {
            name: _cells(row.settings.get(name) for row in self.rows) for name in self.axes
        }
        for name in ("seed", "state", "error", "seconds", "id"):
            found[name] = [getattr(row, name) for row in self.rows]
        found |= {name: [row.measures.get(name) for row in self.rows] for name in self.measures}
        found |= {f"order/{name}": [row.orders.get(name) for row in self.rows] for name in orders}
        return found

    def csv_text(self) -> str:
        """``columns`` as CSV. No text of a scenario or a specification is a formula there."""
        columns, text = self.columns(), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(escape_formula, columns))
        for row in zip(*columns.values(), strict=True):
            writer.writerow([escape_formula(v) if isinstance(v, str) else v for v in row])
        return text.getvalue()

    def to_csv(self, path: str | Path) -> None:
        """Write ``csv_text``.

        Raises:
            InputError: where the file cannot be written.
        """
        try:
            write_whole(path, self.csv_text())
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}.") from error

    def to_parquet(self, path: str | Path) -> None:
        """Write ``columns`` as Parquet.

        Raises:
            InputError: where the file cannot be written, or pyarrow is not installed.
        """
        try:
            import pyarrow as pa
            import pyarrow.parquet as parquet
        except ImportError:
            raise InputError("Parquet needs pyarrow; run pip install 'scrl[tables]'.") from None
        table = pa.table({name: _arrow(values, pa) for name, values in self.columns().items()})
        try:
            with whole_file(path) as part:
                parquet.write_table(table, part)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}.") from error


def read_sweep(folder: str | Path) -> SweepTable:
    """The sweep in a folder, as far as it is done.

    Raises:
        InputError: where the folder holds no sweep, or a file of it is damaged.
    """
    store = SweepStore(folder)
    about, ended = store.described(), set(store.ended())
    records = {id: store.record(id) for id in {task.id for task in store.tasks()} & ended}
    rows = []
    for task in store.tasks():
        settings = {SCENARIO: task.scenario} | task.settings
        rows.append(_row(task.id, settings, task.seed, records.get(task.id)))
    try:
        return SweepTable(
            str(about["name"]), dict(about["spec"]), dict(about["versions"]),
            {str(name): list(values) for name, values in about["axes"].items()}, rows,
            float(about["created"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(f"{folder}: sweep.json is damaged; run scrl sweep again.") from None


def read_result(folder: str | Path, row: SweepRow) -> RunResult | EvaluationResult | None:
    """The result file of a task; None where it is not done."""
    record = SweepStore(folder).record(row.id)
    return record["result"] if record is not None and record["state"] == DONE else None


def _row(id: str, settings: Mapping[str, Any], seed: int, record: Record | None) -> SweepRow:
    if record is None:
        return SweepRow(id, settings, seed, MISSING)
    return SweepRow(
        id, settings, seed, record["state"], str(record.get("error", "")), record["measures"],
        record.get("orders", {}), float(record.get("seconds", 0.0)),
    )  # fmt: skip


def _cells(values: Iterable[Any]) -> list[Any]:
    return [
        json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        for value in values
    ]


def _arrow(values: list[Any], pa: Any) -> Any:
    """A column; one of values of several kinds, such as a number and a name, becomes text."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
