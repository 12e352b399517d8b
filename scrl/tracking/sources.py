"""What can be tracked: experiments, result files, exported and stored runs, sweeps."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import TypeIs

from scrl.data.files import printable, read_file
from scrl.data.strict_json import strict_json
from scrl.runs.archive import Archive
from scrl.runs.bundle import IMPORTED
from scrl.runs.database import APPLICATION_ID
from scrl.runs.run_record import RunRecord, installed_versions
from scrl.runs.zip_files import unzipped
from scrl.sweeps.store import SWEEP_FILE
from scrl.tracking.records import TrackedGroup, TrackedRun
from scrl.tracking.run_content import FAULTS, KINDS, run_of_content
from scrl.tracking.sweep_runs import sweep_group
from scrl.types import InputError

if TYPE_CHECKING:
    from scrl.pipeline import Experiment

MAX_RESULT_BYTES = 256 * 2**20
_SQLITE, _ZIP = b"SQLite format 3\0", b"PK"


def tracked(
    what: Experiment | Mapping[str, Any] | str | Path, run: str | None = None
) -> Iterator[TrackedRun | TrackedGroup]:
    """The runs in ``what``, read one after another.

    Args:
        what: an experiment, a result as plain data, or a path: a result file of ``run`` or
            ``evaluate``, an exported run, the file of stored runs, or the folder of a sweep.
        run: of the file of stored runs, the id of the one run; by default all finished ones.

    Raises:
        InputError: for anything else, and where there is no such run.
    """
    if _is_experiment(what):
        yield _of_experiment(what)
        return
    if isinstance(what, Mapping):
        yield run_of_content(what, "this result")
        return
    path = Path(what)
    if path.is_dir():
        yield _of_folder(path)
    else:
        start = _beginning(path)
        if run is not None and start != _SQLITE:
            raise InputError(f"{printable(path)}: --run names a run of the file of stored runs.")
        if start == _SQLITE:
            yield from _of_archive(path, run)
        elif start.startswith(_ZIP):
            yield _of_zip(path)
        else:
            yield _of_file(path)


def _is_experiment(what: Any) -> TypeIs[Experiment]:
    """Whether it is one, without loading JAX: nobody has one who has not loaded the pipeline."""
    pipeline = sys.modules.get("scrl.pipeline")
    return pipeline is not None and isinstance(what, pipeline.Experiment)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE))
    except FileNotFoundError:
        raise InputError(f"{printable(path)}: there is no such file or folder.") from None
    except OSError as error:
        raise InputError(
            f"{printable(path)}: the file cannot be read ({error.strerror})."
        ) from None


def _of_experiment(experiment: Any) -> TrackedRun:
    from scrl.data.dataclass_json import to_plain
    from scrl.runs.report import latent_map, to_dict

    content = {
        "result": to_dict(experiment),
        "latent": latent_map(experiment),
        "config": to_plain(experiment.config),
    }
    source = experiment.source
    if source.is_scenario:
        content["yaml"] = source.to_yaml()
    return run_of_content(content, "this experiment", installed_versions())


def _of_file(path: Path) -> TrackedRun:
    file = printable(path)
    try:
        found = strict_json(read_file(path, MAX_RESULT_BYTES))
    except (ValueError, RecursionError):
        raise InputError(f"{file}: this is no JSON that scrl wrote; give {KINDS}.") from None
    return run_of_content(found, file, {}, path.stem)


def _of_zip(path: Path) -> TrackedRun:
    file = printable(path)
    limits = {name: most for name, most in IMPORTED.items() if not name.endswith(".safetensors")}
    files = unzipped(path, limits)
    try:
        manifest = strict_json(files["manifest.json"])
        content = {
            name: strict_json(files[f"{name}.json"])
            for name in ("result", "latent", "curves")
            if f"{name}.json" in files
        }
        content["config"] = manifest.get("config")
        if "scenario.yaml" in files:
            content["yaml"] = files["scenario.yaml"].decode()
        versions, name = dict(manifest["versions"]), str(manifest["name"])
        started = float(manifest["created"])
    except FAULTS:
        raise InputError(f"{file}: this is no run that scrl exported; give {KINDS}.") from None
    return run_of_content(content, file, versions, name, started)


def _of_archive(path: Path, run: str | None) -> Iterator[TrackedRun]:
    """The finished runs of a file of stored runs; owners' tokens stay in it."""
    file = printable(path)
    _require_archive(path, file)
    archive = Archive(path)
    try:
        if not archive.is_open:
            raise InputError(archive.notice)
        where, values = "state = 'done'", list[str]()
        if run is not None:
            where, values = f"{where} AND id = ?", [run]
        ids = archive.database.select(("id",), f"{where} ORDER BY created, id", values)
        if not ids:
            what = "this finished run" if run else "a finished run"
            raise InputError(f"{file}: {what} is not among the stored runs.")
        for (id,) in ids:
            record, content = archive.get(id), archive.content(id)
            if record is not None and content is not None:
                yield _of_record(record, content, file)
    finally:
        archive.close()


def _require_archive(path: Path, file: str) -> None:
    """Raise ``InputError`` for another program's database, before anything is written to it."""
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as db:
            found = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as error:
        raise InputError(f"{file}: the file cannot be read ({error}).") from None
    if found != APPLICATION_ID:
        raise InputError(f"{file}: another program wrote this database; give {KINDS}.")


def _of_record(record: RunRecord, content: Mapping[str, Any], file: str) -> TrackedRun:
    return run_of_content(
        content, file, record.versions, record.name, record.created, f"run-{record.id}"
    )


def _of_folder(path: Path) -> TrackedGroup:
    if not (path / SWEEP_FILE).is_file():
        raise InputError(f"{printable(path)}: this folder is no sweep; give {KINDS}.")
    return sweep_group(path)
