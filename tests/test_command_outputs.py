"""Commands try the place of their files before the work, and lose nothing where it fails after."""

from __future__ import annotations

import errno
import json
import re
import tempfile
from pathlib import Path

import pytest

from scrl.cli import main, outputs
from scrl.social import load
from scrl.types import InputError

#: A folder in which nobody can make a file, whoever runs the tests.
NOWHERE = Path("/proc")
OUT, FOLDER = str(NOWHERE / "out.json"), str(NOWHERE / "folder")


@pytest.mark.skipif(not NOWHERE.is_dir(), reason="a folder of Linux")
@pytest.mark.parametrize(
    "arguments",
    [
        *(("run", "none.csv", "--out", OUT), ("run", "tennessee-four", "--save", FOLDER)),
        ("evaluate", "none.csv", "--out", OUT),
        ("score", "none", "none.csv", "--out", OUT),
        ("reproduce", "none.zip", "--out", OUT),
        ("vote", "none.csv", "--out", OUT),
        ("leaderboard", "none.csv", "--out", OUT),
        ("report", "none.csv", "--out", str(NOWHERE / "out.html")),
        *(("train", "none", "--out", OUT), ("train", "none", "--out", "a", "--checkpoint", OUT)),
        *(("elect", "none", "--out", OUT), ("elect", "none", "--checkpoint", OUT)),
        ("bake", "tennessee-morristown", "--out", FOLDER),
        ("sweep", "{spec}", "--out", FOLDER),
        ("pack", "{ballots}", FOLDER),
    ],
    ids=lambda arguments: " ".join(arguments[::2]),
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    arguments, tmp_path, golden, capsys, monkeypatch
):
    monkeypatch.setattr("scrl.runtime.start", lambda: pytest.fail("the work has begun"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text("scenarios: pets\nseeds: 1\n")
    names = {"spec": tmp_path / "spec.yaml", "ballots": golden / "tennessee-four.csv"}
    assert main([argument.format(**names) for argument in arguments]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert re.search(
        r"error: (--\w+ )?/proc/\w+(\.\w+)?: .*(written|write in|No such|give a)", told
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "packed", "--out", "a", "--checkpoint", "a"),
        ("train", "packed", "--out", "a", "--checkpoint", "b/../a"),
        *(("elect", "model", "--out", "model"), ("elect", "model", "--checkpoint", "model")),
        *(("vote", "model", "--out", "./model"), ("score", "model", "x", "--out", "model")),
    ],
)
def test_no_file_is_written_that_the_command_uses_too(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "model").write_text("a model")
    assert main(list(arguments)) == 2
    assert "the command also uses this file as" in capsys.readouterr().err
    assert (tmp_path / "model").read_text() == "a model"
    outputs.check_apart({"out": Path("/dev/null"), "checkpoint": Path("/dev/null"), "n": 3})


def test_a_device_and_a_missing_place_are_no_files_to_try(tmp_path):
    outputs.check_output(Path("/dev/null"))
    outputs.check_output(tmp_path / "new.json")
    outputs.check_folder(tmp_path / "a" / "b", "--save")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b"]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The system's temporary folder."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def full(monkeypatch):
    """A disk that is full, but for the temporary folder, once the work has begun."""
    write = outputs.write_whole

    def write_in_temporary_folder_only(path, content):
        if "tmp" not in Path(path).parts[-2]:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(outputs, "write_whole", write_in_temporary_folder_only)
    monkeypatch.setattr("scrl.social.artifacts.write_whole", write_in_temporary_folder_only)


def test_a_run_without_raters_keeps_its_result_and_models(
    tmp_path, temporary, full, golden, capsys
):
    ballots = tmp_path / "ballots.csv"
    rows = [line.split(",") for line in (golden / "tennessee-four.csv").read_text().splitlines()]
    assert rows[0][0] == "rater"
    kept = [row[1:] for row in rows]
    ballots.write_text("".join(f"{','.join(row)}\n" for row in kept))
    out, models = tmp_path / "out.json", tmp_path / "models"
    code = main(["run", str(ballots), "--rule", "borda", "--out", str(out), "--save", str(models)])
    printed = capsys.readouterr()
    assert code == 2, printed.out
    assert "reward, borda" in printed.out
    found = re.findall(
        r"--(\w+) (\S+): No space left on device; the (\w+) is in (\S+)\.", printed.err
    )
    assert [(option, what) for option, _, what, _ in found] == [
        ("out", "result"), ("save", "model"), ("save", "model"),
    ]  # fmt: skip
    assert json.loads(Path(found[0][3]).read_text())["prompts"]
    assert all(load(place) for *_, place in found[1:])
    assert {Path(place).parent for *_, place in found} == {temporary}


def test_what_cannot_be_kept_anywhere_is_said_to_be_lost(tmp_path):
    def refuse(path):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(InputError, match=r"out: Read-only file system; the report is lost\."):
        outputs.keep(tmp_path / "out", refuse, "report")
    done = []
    with pytest.raises(InputError, match="one two"):
        outputs.keep_all(
            lambda: outputs_fail("one"), lambda: done.append(1), lambda: outputs_fail("two")
        )
    assert done == [1]


def outputs_fail(text):
    raise InputError(text)
