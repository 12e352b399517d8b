"""Full disks, read-only places, locks, two servers on one file: one sentence, nothing lost."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from scrl.classroom import ClassroomError, ClassStore
from scrl.cli import main
from scrl.packed_ratings import PackedRatings
from scrl.runs import Archive, database
from scrl.types import InputError
from tests.durability import works

ROOT = Path(__file__).resolve().parents[2]
BALLOTS = ROOT / "tests" / "golden" / "tennessee-four.csv"


def mounted(folder, options):
    """A file system of its own at a folder."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip("a file system cannot be mounted here")


def unmount(folder):
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def full(tmp_path):
    """A full file system with a result file in it."""
    folder = tmp_path / "full"
    mounted(folder, "size=300k")
    (folder / "result.json").write_text('{"of": "before"}\n')
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield folder
    unmount(folder)


@pytest.fixture
def read_only(tmp_path):
    """A file system that cannot be written, with a result file in it."""
    folder = tmp_path / "ro"
    mounted(folder, "size=4m")
    (folder / "result.json").write_text('{"of": "before"}\n')
    works.make_run(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder
    unmount(folder)


@pytest.fixture
def sentence(capsys):
    """Runs a command, and gives the one line with which it failed; "" where it did not."""

    def run(*arguments):
        code, told = main([*map(str, arguments)]), capsys.readouterr().err
        lines = [line for line in told.splitlines() if line.startswith("error: ")]
        assert (code, len(lines)) in ((2, 1), (0, 0)), told
        return "".join(lines)

    return run


def leave_room(full, size):
    """Make room on the full disk."""
    os.truncate(full / "filling", (full / "filling").stat().st_size - size)


def test_a_result_that_finds_no_room_is_kept_elsewhere(full, tmp_path, sentence, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    out = ("--out", full / "result.json")
    assert "No space left" in sentence("vote", BALLOTS, *out)  # before anything is counted
    leave_room(full, 4096)  # enough to begin with
    said = sentence("vote", BALLOTS, "--rule", "all", *out)
    assert "No space left" in said
    assert json.loads((full / "result.json").read_text()) == {"of": "before"}
    (rescued,) = re.findall(r"the result is in (\S+\.json)", said)
    assert json.loads(Path(rescued).read_text())["prompts"]
    assert {path.name for path in full.iterdir()} == {"result.json", "filling"}


@pytest.mark.parametrize("place", ["full", "read_only"])
def test_reports_and_packed_ratings_say_so_and_leave_nothing_half(place, request, sentence):
    folder = request.getfixturevalue(place)
    names = {path.name for path in folder.iterdir()}
    assert sentence("report", BALLOTS, "--out", folder / "report.html")
    assert sentence("pack", BALLOTS, folder / "packed")
    assert {path.name for path in folder.iterdir()} == names
    assert json.loads((folder / "result.json").read_text()) == {"of": "before"}


@pytest.mark.parametrize("left", [8192, 32768])
def test_a_disk_that_fills_up_while_ratings_are_packed_leaves_no_folder(full, left, sentence):
    """Wherever it fills up; an array whose end is missing would read as zeros."""
    leave_room(full, left)
    if sentence("pack", BALLOTS, full / "packed"):
        assert not (full / "packed").exists()
    else:
        PackedRatings.open(full / "packed").verify()


def test_a_read_only_archive_is_read_and_says_that_nothing_is_kept(read_only):
    archive = Archive(read_only / "made.sqlite")
    if archive.is_open:
        assert archive.content("made") is not None
        with pytest.raises(InputError):
            archive.fail("made", "no")
    else:
        assert "cannot be used" in archive.notice
    archive.close()
    store = ClassStore(read_only / "classes.sqlite")
    with pytest.raises(ClassroomError) as refused:
        store.create_room()
    assert refused.value.status in (503, 507)


def test_a_lock_of_another_process_is_waited_for_and_then_said(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.3)
    works.make_run(tmp_path)
    archive = Archive(tmp_path / "made.sqlite")
    other = sqlite3.connect(tmp_path / "made.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(InputError, match="cannot be used now"):
        archive.fail("made", "no")
    assert archive.content("made") is not None  # readers wait for nobody
    other.execute("ROLLBACK")
    other.close()
    assert archive.rename("made", "ann", "another name")
    archive.close()


WRITER = """
import sys
from scrl.runs import Archive
from scrl.types import InputError
archive = Archive(sys.argv[1])

def insist(do, *arguments, **named):
    while True:
        try:
            return do(*arguments, **named)
        except InputError as error:  # nothing was done: on a busy machine the other writes for long
            if "cannot be used now" not in str(error):
                raise

for number in range(60):
    id = f"{sys.argv[2]}-{number}"
    insist(archive.begin, id, owner=sys.argv[2], name=id, spec="s", scenario="x", seed=0,
           rules=("borda",), source=b"source")
    insist(archive.rename, id, sys.argv[2], f"new {id}")
    if number % 2:
        insist(archive.delete, id, sys.argv[2])
"""


def test_two_servers_on_one_file_lose_nothing(tmp_path):
    path = tmp_path / "runs.sqlite"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name], cwd=ROOT, stderr=subprocess.PIPE
        )
        for name in ("ann", "ben")
    ]
    said = [writer.communicate(timeout=300)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    archive = Archive(path)
    for name in ("ann", "ben"):
        kept = {run.id: run.name for run in archive.runs_of(name)}
        assert kept == {f"{name}-{n}": f"new {name}-{n}" for n in range(0, 60, 2)}
    archive.close()
