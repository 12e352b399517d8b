"""The file of runs where the disk is full, another process holds it, or its bytes are damaged."""

import os
import secrets
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from scrl.runs import Archive, database
from scrl.types import InputError
from tests.runs.test_archive import CONTENT, begin, everything


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_a_run_can_be_deleted_on_a_full_disk(small_disk, size):
    """A large run too, although overwriting it needs as much room again in the log."""
    archive = Archive(small_disk / "runs.sqlite")
    secret = secrets.token_bytes(size)
    begin(archive, "one", source=secret)
    begin(archive, "two")
    fill(small_disk)
    with pytest.raises(InputError, match="full"):
        begin(archive, "three", source=bytes(8_000_000))
    assert archive.delete("one", "ann")
    assert [run.id for run in archive.runs_of("ann")] == ["two"]
    assert archive.source("two") == b"source"
    assert secret[:500] not in everything(archive.path)
    (small_disk / "filling").unlink()
    archive.finish("two", CONTENT)
    archive.close()
    again = Archive(small_disk / "runs.sqlite")
    assert [run.state for run in again.runs_of("ann")] == ["done"]
    assert archive.path.with_name("runs.sqlite.reserve").stat().st_size == database.RESERVE_BYTES
    again.close()


def test_the_file_shrinks_by_what_is_deleted(tmp_path):
    archive = Archive(tmp_path / "runs.sqlite")
    begin(archive, "two")
    small = archive.path.stat().st_size
    begin(archive, "one", source=os.urandom(2_000_000))
    archive.delete("one", "ann")
    assert archive.path.stat().st_size <= small + 20_000
    archive.close()


def test_a_full_disk_at_the_start_still_shows_the_runs_and_deletes_them(small_disk):
    archive = Archive(small_disk / "runs.sqlite")
    begin(archive, "one", source=os.urandom(2_000_000))
    archive.close()
    fill(small_disk)
    again = Archive(small_disk / "runs.sqlite")
    assert [run.id for run in again.runs_of("ann")] == ["one"]
    assert again.delete("one", "ann")
    assert not again.runs_of("ann")
    again.close()


def test_a_lock_at_the_start_passes(tmp_path, monkeypatch):
    """Runs are kept again once the other process is done, without a restart."""
    monkeypatch.setattr(database, "OPEN_TIMEOUT", 0.1)
    monkeypatch.setattr(database, "RETRY_SECONDS", 0.2)
    path = tmp_path / "runs.sqlite"
    first = Archive(path)
    begin(first)
    first.close()
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    holder.execute("BEGIN EXCLUSIVE")
    archive = Archive(path)
    assert not archive.is_open
    assert "tries again" in archive.notice
    assert archive.runs_of("ann") == []
    threading.Timer(0.5, holder.close).start()
    deadline = time.monotonic() + 10
    while not archive.is_open and time.monotonic() < deadline:
        time.sleep(0.1)
    assert archive.notice == ""
    assert [run.id for run in archive.runs_of("ann")] == ["one"]
    begin(archive, "two")
    assert archive.delete("one", "ann")
    archive.close()
    assert not archive.is_open, "what was closed stays closed"


@pytest.mark.parametrize(
    "place", [b"CREATE TABLE runs", b"CREATE INDEX by_owner", b"owner TEXT NOT NULL", b"by_owner"]
)
@pytest.mark.parametrize("at", [0, 4, 7])
def test_bytes_that_are_no_text_in_the_schema_never_stop_the_archive(tmp_path, place, at):
    path = tmp_path / "runs.sqlite"
    archive = Archive(path)
    begin(archive)
    archive.close()
    content = path.read_bytes()
    where = content.index(place) + at
    path.write_bytes(content[:where] + b"\xff\xfe" + content[where + 2 :])
    again = Archive(path)
    runs = again.runs_of("ann")
    if not runs:
        (aside,) = tmp_path.glob("runs.sqlite.damaged-*")
        assert aside.name in again.notice
        assert b"\xff\xfe" in aside.read_bytes()
    begin(again, "two")
    assert "two" in [run.id for run in again.runs_of("ann")]
    again.close()


def test_a_damaged_record_is_named_so_and_can_be_deleted(tmp_path):
    archive = Archive(tmp_path / "runs.sqlite")
    begin(archive, "one")
    begin(archive, "two")
    with archive.database.transaction() as db:
        db.execute("UPDATE runs SET rules = '[\"borda' WHERE id = 'one'")
        db.execute("UPDATE runs SET name = CAST(x'fffe41' AS TEXT) WHERE id = 'two'")
    found = {run.id: run for run in archive.runs_of("ann")}
    assert (found["one"].state, found["one"].rules) == ("failed", ())
    assert found["two"].name.endswith("A")
    assert archive.delete("one", "ann")
    archive.close()


def test_text_that_no_file_can_hold_is_refused_and_the_file_stays(tmp_path):
    """Half of a pair of surrogates cannot be encoded; the file is not to blame."""
    archive = Archive(tmp_path / "runs.sqlite")
    begin(archive, "one")
    with pytest.raises(InputError):
        begin(archive, "two", name="\ud800")
    assert [run.id for run in archive.runs_of("ann")] == ["one"]
    assert archive.is_open
    assert [path.name for path in tmp_path.glob("*damaged*")] == []
    archive.close()


@pytest.mark.parametrize("how", ["removed", "replaced", "folder gone"])
def test_a_file_that_vanishes_under_the_app_is_noticed_and_a_new_one_begins(tmp_path, how):
    """SQLite would go on writing into the removed file, and all of it would be lost silently."""
    path = tmp_path / "data" / "runs.sqlite"
    archive = Archive(path)
    begin(archive, "old")
    begin(archive, "running")
    if how == "folder gone":
        shutil.rmtree(path.parent)
    else:
        for file in path.parent.iterdir():
            file.unlink()
    if how == "replaced":
        Archive(path).close()
    with pytest.raises(InputError, match="not in the file of runs any more"):
        archive.finish("running", CONTENT)
    assert "was removed or replaced" in archive.notice
    begin(archive, "new")
    archive.finish("new", CONTENT)
    archive.close()
    assert [run.id for run in Archive(path).runs_of("ann")] == ["new"]
