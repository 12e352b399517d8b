"""The works that are killed: what the project stores."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import scrl
from scrl.classroom import ClassStore, PostedBallot
from scrl.cli.outputs import write_result
from scrl.data import save_ratings, to_csv
from scrl.runs import Archive, export_run, read_bundle, read_run
from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.sweeps import SweepStore, read_sweep
from scrl.sweeps.store import ListedTask
from scrl.text import vector_files
from scrl.whole_files import write_whole
from tests.durability.kills import Work
from ui.shared.upload_files import UploadFiles

ANSWERS = ("Short", "Long", "A joke")
#: A run that was trained and exported, and a saved model.
FILES = Path(__file__).resolve().parents[1] / "fuzz" / "corpus_files"
EXPORTED, SAVED_MODEL = FILES / "scenario-run.zip", FILES / "reward.safetensors"


def scenario() -> scrl.Scenario:
    return with_overrides(load_scenario(gallery()["tennessee-four"]), raters=30)


def nothing(folder: Path) -> None:
    """Nothing to prepare."""


def _digest(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()


# -- stored runs ----------------------------------------------------------------------------------


def make_run(folder: Path) -> None:
    """One trained run, whose content all stored ones have."""
    shutil.copy(EXPORTED, folder / "run.zip")
    run = read_run(EXPORTED.read_bytes())
    archive = Archive(folder / "made.sqlite")
    archive.begin("made", owner="ann", name="A run", spec="s", scenario=run.source.name,
                  seed=run.seed, rules=run.rules, source=run.packed_source)  # fmt: skip
    archive.finish("made", run.content, run.fitted)
    archive.close()


def store_runs(folder: Path, number: int) -> Iterator[str]:
    """Begin, finish, rename and delete runs, each third of which goes again."""
    made = Archive(folder / "made.sqlite")
    content, fitted, source = made.content("made"), made.fitted("made"), made.source("made")
    assert content is not None
    assert source is not None
    archive = Archive(folder / "runs.sqlite")
    while True:
        id = f"run-{number}"
        archive.delete(id, "ann")  # of a piece that was killed
        archive.begin(id, owner="ann", name=id, spec="s", scenario="x", seed=number,
                      rules=("borda",), source=source)  # fmt: skip
        archive.finish(id, {**content, "number": number}, fitted)
        archive.rename(id, "ann", f"renamed {number}")
        if number % 3 == 2:
            archive.delete(f"run-{number - 1}", "ann")
        yield id
        number += 1


def check_runs(folder: Path, finished: list[str]) -> None:
    archive = Archive(folder / "runs.sqlite")
    assert not archive.notice, archive.notice
    found = {record.id: record for record in archive.runs_of("ann")}
    total = len(finished)
    for number, id in enumerate(finished):
        if number % 3 == 1 and number + 1 < total:
            assert id not in found, f"{id} was deleted"
            continue
        if number % 3 == 1 and id not in found:
            continue  # the next piece had deleted it before it was killed
        assert found[id].state == "done", id
        assert found[id].name == f"renamed {number}"
        assert archive.content(id)["number"] == number  # type: ignore[index]
        assert archive.fitted(id)
    for id, record in found.items():
        whole = archive.content(id) is not None and archive.fitted(id) is not None
        assert whole == (record.state == "done"), f"{id} is half there"
    archive.close()
    db = sqlite3.connect(folder / "runs.sqlite")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


# -- files of results, models, tables -------------------------------------------------------------


def make_model(folder: Path) -> None:
    shutil.copy(SAVED_MODEL, folder / "made.safetensors")
    (folder / "out").mkdir()


def write_files(folder: Path, number: int) -> Iterator[str]:
    """A result file, a model, a table of ratings and vectors of texts, over the ones of before."""
    model = scrl.load(folder / "made.safetensors")
    ratings = scenario().ratings(0)
    out = folder / "out"
    os.environ["SCRL_CACHE"] = str(folder / "cache")
    while True:
        result = {"number": number, "digest": _digest(number), "filling": list(range(20_000))}
        write_result(out / "result.json", result)
        scrl.save(model, out / "model.safetensors", rule=str(number))
        save_ratings(ratings, out / "ratings.csv")
        keys = vector_files.hashes([hashlib.blake2b(b"%d" % number, digest_size=16).digest()])
        vector_files.write(keys, np.full((1, 20_000), number, np.float32))
        yield str(number)
        number += 1


def check_files(folder: Path, finished: list[str]) -> None:
    out, last = folder / "out", len(finished) - 1
    os.environ["SCRL_CACHE"] = str(folder / "cache")
    if (out / "result.json").exists() or finished:
        found = json.loads((out / "result.json").read_text())
        assert found["digest"] == _digest(found["number"])
        assert last <= found["number"] <= last + 1
    if (out / "model.safetensors").exists() or finished:
        assert load_file(out / "model.safetensors")
        scrl.load(out / "model.safetensors")
    if (out / "ratings.csv").exists() or finished:
        assert (out / "ratings.csv").read_bytes().decode() == to_csv(scenario().ratings(0))
    for number in range(max(0, last - vector_files.MAX_FILES + 3), last + 1):
        keys = vector_files.hashes([hashlib.blake2b(b"%d" % number, digest_size=16).digest()])
        (which, row, vectors), *_ = vector_files.read(keys)
        assert (vectors[row] == number).all(), which
    # Only names that stand for whole files are read; what a kill left has another ending.
    assert {path.suffix for path in out.iterdir()} <= {".json", ".safetensors", ".csv", ".part"}


# -- exported runs --------------------------------------------------------------------------------


def move_runs(folder: Path, number: int) -> Iterator[str]:
    """Export a run to a file, read it, and store what was read, as the page Runs does."""
    archive = Archive(folder / "runs.sqlite")
    made = Archive(folder / "made.sqlite")
    while True:
        write_whole(folder / "export.zip", export_run(made, "made"))
        run, id = read_run((folder / "export.zip").read_bytes()), f"run-{number}"
        archive.delete(id, "ann")
        archive.begin(id, owner="ann", name=run.name, spec="s", scenario=run.source.name,
                      seed=run.seed, rules=run.rules, source=run.packed_source)  # fmt: skip
        archive.finish(id, run.content, run.fitted)
        yield id
        number += 1


def check_moved(folder: Path, finished: list[str]) -> None:
    if (folder / "export.zip").exists() or finished:
        data = (folder / "export.zip").read_bytes()
        assert read_run(data).content == read_run((folder / "run.zip").read_bytes()).content
        read_bundle(data)
    archive = Archive(folder / "runs.sqlite")
    records = {record.id: record for record in archive.runs_of("ann")}
    assert all(records[id].state == "done" for id in finished)
    for id, record in records.items():
        assert (archive.content(id) is not None) == (record.state == "done")
    archive.close()


# -- older files ----------------------------------------------------------------------------------


def make_old_file(folder: Path) -> None:
    """A file of the schema before, with many runs."""
    make_run(folder)
    shutil.copy(folder / "made.sqlite", folder / "old.sqlite")
    archive = Archive(folder / "old.sqlite")
    source = archive.source("made")
    assert source is not None
    for number in range(200):
        archive.begin(f"run-{number}", owner="ann", name=f"run {number}", spec="s", scenario="x",
                      seed=number, rules=("borda",), source=source)  # fmt: skip
    archive.close()
    db = sqlite3.connect(folder / "old.sqlite")
    db.execute("ALTER TABLE runs DROP COLUMN seeds")
    db.execute("PRAGMA user_version = 1")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.commit()
    db.close()


def migrate(folder: Path, number: int) -> Iterator[str]:
    """Open copies of the old file, each of which is migrated then."""
    while True:
        path = folder / f"copy-{number}.sqlite"
        for suffix in ("", "-wal", "-shm"):  # of a piece that was killed
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(folder / "old.sqlite", path)
        archive = Archive(path)
        archive.close()
        yield path.name
        number += 1


def check_migrated(folder: Path, finished: list[str]) -> None:
    for path in [*map(folder.joinpath, finished[-3:]), folder / f"copy-{len(finished)}.sqlite"]:
        if path.name not in finished:
            size = path.stat().st_size if path.exists() else 0
            if size != (folder / "old.sqlite").stat().st_size and "wal" not in str(path):
                continue  # the copy itself was cut off
        archive = Archive(path)
        assert not archive.notice, archive.notice
        runs = archive.runs_of("ann")
        assert len(runs) == 201
        assert {run.seeds for run in runs} == {1}
        assert archive.content("made") is not None
        archive.close()
    for name in finished[:-3]:
        (folder / name).unlink(missing_ok=True)


# -- classes --------------------------------------------------------------------------------------


#: Phones of one room; a room takes a thousand.
PHONES = 900


def _phone(number: int) -> str:
    return _digest("phone", number)[:32]


def _room(folder: Path, number: int, store: ClassStore | None = None) -> tuple[str, str, int]:
    """Code, token and question of the room in which a phone votes; made where a store is given."""
    path = folder / f"room-{number // PHONES}.json"
    if store is not None and not path.exists():
        teacher = store.create_room()
        question = teacher.ask("Which answer is best?", ANSWERS)
        write_whole(path, json.dumps([teacher.code, teacher.token, question]))
    code, token, question = json.loads(path.read_text())
    return code, token, question


def vote(folder: Path, number: int) -> Iterator[str]:
    """Ballots in groups of ten that are committed together."""
    store = ClassStore(folder / "classes.sqlite")
    while True:
        group = []
        for n in range(number, number + 10):
            code, _, question = _room(folder, n, store)
            ballot = PostedBallot(code, _phone(n), question, 1, ((n % 3,),))
            group.append((n, store.cast(ballot)))
        for n, future in group:
            assert future.result() in ("new", "same")
            yield str(n)
        number += 10


def check_votes(folder: Path, finished: list[str]) -> None:
    store = ClassStore(folder / "classes.sqlite")
    for n in map(int, finished[-300:]):
        code, token, _ = _room(folder, n)
        assert store.teacher(code, token).room().code == code
        assert store.phone_state(code, _phone(n)).ballot == [[n % 3]], n
    db = sqlite3.connect(folder / "classes.sqlite")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ballots = [json.loads(text) for (text,) in db.execute("SELECT ballot FROM ballots")]
    assert len(ballots) >= len(set(finished))
    assert all(ballot in ([[0]], [[1]], [[2]]) for ballot in ballots)
    db.close()
    store.database.close()


# -- sweeps and uploads ---------------------------------------------------------------------------


def _tasks() -> list[ListedTask]:
    return [ListedTask(_digest(n), "x", {"noise": n}, 0) for n in range(2000)]


def begin_sweep(folder: Path) -> None:
    SweepStore(folder / "sweep").begin(
        "a sweep", {}, {"scenario": ["x"], "noise": list(range(2000))}, _tasks(), {}
    )


def sweep(folder: Path, number: int) -> Iterator[str]:
    """Result files; the list of tasks is written anew at each start, as ``scrl sweep`` does."""
    begin_sweep(folder)
    store, tasks = SweepStore(folder / "sweep"), _tasks()
    while True:
        task = tasks[number % len(tasks)]
        store.write(task.id, {
            "task": {"scenario": "x", "settings": dict(task.settings), "seed": 0},
            "state": "done", "error": "", "details": "", "measures": {"tau": float(number)},
            "orders": {}, "seconds": 0.0, "result": {"filling": list(range(20_000))},
            "evaluation": None,
        })  # fmt: skip
        yield task.id
        number += 1


def check_sweep(folder: Path, finished: list[str]) -> None:
    table = read_sweep(folder / "sweep")
    assert len(table.rows) == 2000
    store = SweepStore(folder / "sweep")
    for id in finished[-50:]:
        record = store.record(id)
        assert record is not None, id
        assert len(record["result"]["filling"]) == 20_000
    assert set(finished) <= set(store.ended())


def upload(folder: Path, number: int) -> Iterator[str]:
    """Files of one visitor."""
    files = UploadFiles(folder / "uploads")
    while True:
        id = f"file-{_digest(number)[:16]}"
        assert files.write("ann", id, f"{number}.csv", _content(number))
        yield str(number)
        number += 1


def _content(number: int) -> bytes:
    return np.random.default_rng(number).bytes(200_000)


def check_uploads(folder: Path, finished: list[str]) -> None:
    files = UploadFiles(folder / "uploads")
    for number in map(int, finished[-40:]):
        assert files.read(f"file-{_digest(number)[:16]}") == (f"{number}.csv", _content(number))
    listed = files.names("ann")
    for id in list(listed)[:5]:
        assert files.read(id) is not None, f"{id} is half there"


#: The works that compute nothing.
STORING_WORKS = {
    work.name: work
    for work in (
        Work("runs", make_run, store_runs, check_runs),
        Work("files", make_model, write_files, check_files),
        Work("exports", make_run, move_runs, check_moved, 5.0),
        Work("migration", make_old_file, migrate, check_migrated),
        Work("ballots", nothing, vote, check_votes),
        Work("sweep", begin_sweep, sweep, check_sweep),
        Work("uploads", nothing, upload, check_uploads),
    )
}
