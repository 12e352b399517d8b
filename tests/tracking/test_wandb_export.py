"""Offline folders of Weights & Biases, read back from their record file."""

import json
import struct
import sys

import pytest

from scrl.tracking import TrackedGroup, TrackedRun, to_wandb
from scrl.tracking.export import _export
from scrl.types import InputError


@pytest.fixture
def wandb_package():
    return pytest.importorskip("wandb")


def records(folder):
    """The records of an offline run: LevelDB's log format, as ``wandb sync`` reads it."""
    from wandb.proto import wandb_internal_pb2

    (file,) = folder.glob("run-*.wandb")
    data, place, parts, found = file.read_bytes(), 7, b"", []
    assert data[:4] == b":W&B"
    while place + 7 <= len(data):
        if 2**15 - place % 2**15 < 7:  # no header fits the end of a block
            place += 2**15 - place % 2**15
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            found.append(wandb_internal_pb2.Record.FromString(parts))
            parts = b""
    return found


@pytest.mark.slow
def test_a_run_and_a_sweep_are_written_once(content, tmp_path, wandb_package, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert to_wandb(content, tmp_path, project="lab").added == 1
    (folder,) = tmp_path.glob("wandb/offline-run-*")
    found = records(folder)
    (run,) = [r.run for r in found if r.WhichOneof("record_type") == "run"]
    assert (run.project, run.display_name, run.job_type) == ("lab", "Tennessee capital with "
                                                             "Morristown", "run")  # fmt: skip
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config["scenario"] == content["result"]["scenario"]
    summary = {
        "/".join(item.nested_key) or item.key: json.loads(item.value_json)
        for r in found
        if r.WhichOneof("record_type") == "summary"
        for item in r.summary.update
    }
    agreement = content["result"]["prompts"]["best"]["agreement"]["borda"]["social"]
    assert summary["agreement/borda/social/tau"] == pytest.approx(agreement["tau"])
    assert json.loads((folder / "files" / "result.json").read_text("utf-8")) == content["result"]
    assert to_wandb(content, tmp_path, project="lab").kept == 1

    (folder / "scrl-content.txt").unlink()  # as where an export was killed
    assert to_wandb(content, tmp_path, project="lab").replaced == 1
    assert len(list(tmp_path.glob("wandb/offline-run-*"))) == 1

    tasks = [TrackedRun("a", "task a", {"n": "1"}, {"tau": 1.0}),
             TrackedRun("b", "task b", error="It has no raters.")]  # fmt: skip
    group = TrackedGroup(TrackedRun("s", "A sweep"), tasks)
    from scrl.tracking.wandb_folder import WandbTracker

    done = _export(iter([group]), lambda: WandbTracker(tmp_path, "lab"), None)
    assert done.added == 3
    runs = [
        next(r.run for r in records(folder) if r.WhichOneof("record_type") == "run")
        for folder in tmp_path.glob("wandb/offline-run-*")
    ]
    assert sorted((r.run_group, r.job_type) for r in runs) == [
        ("", "run"), ("A sweep", "sweep"), ("A sweep", "task"), ("A sweep", "task"),
    ]  # fmt: skip
    assert not (tmp_path / "home" / ".cache" / "wandb").exists()


def test_without_wandb_one_sentence_says_what_to_install(content, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(InputError, match=r"pip install 'scrl\[wandb\]'"):
        to_wandb(content, tmp_path)
