"""Offline folders of Weights & Biases, read back from their record file."""

import json
import struct
import sys

import pytest

from scrl.tracking import TrackedGroup, TrackedRun, to_wandb
from scrl.tracking.export import _export
from scrl.tracking.wandb_records import packed_records
from scrl.types import InputError


@pytest.fixture
def wandb_package():
    return pytest.importorskip("wandb")


def records(folder):
    """The records of an offline run, as ``wandb sync`` reads them."""
    from wandb.proto import wandb_internal_pb2

    (file,) = folder.glob("run-*.wandb")
    return [wandb_internal_pb2.Record.FromString(data) for data in packed_records(file)]


def test_records_in_parts_are_put_together_and_half_ones_left_out(tmp_path):
    """Blocks of 32 KiB, by a writer of its own."""
    sizes, data = [0, 10, 40_000, 7, 32_745, 3], bytearray(b":W&B" + bytes(3))
    for n, size in enumerate(sizes):
        left, first = bytes([n]) * size, True
        while first or left:
            room = 2**15 - len(data) % 2**15
            if room < 7:
                data += bytes(room)
                continue
            part, left = left[: room - 7], left[room - 7 :]
            kind = (1 if first else 4) if not left else (2 if first else 3)
            data += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
    path = tmp_path / "run-x.wandb"
    path.write_bytes(data)
    assert list(packed_records(path)) == [bytes([n]) * size for n, size in enumerate(sizes)]
    path.write_bytes(data[:-1])
    assert len(list(packed_records(path))) == len(sizes) - 1
    path.write_bytes(b"another file")
    assert not list(packed_records(path))


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
