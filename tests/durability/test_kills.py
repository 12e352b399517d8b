"""One kill of each work; ``python -m tests.durability --times 50`` does many."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.durability.kills import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds children as on Linux"),
]
WORKS = ("runs", "files", "exports", "migration", "ballots", "sweep", "uploads", "training",
         "streamed", "packing", "sweeping", "baking")  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of each work; one process imports everything once for all of them."""
    out = tmp_path_factory.mktemp("kills") / "outcomes.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "tests.durability", "--times", "1", "--seed", "1", "--out", out],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert out.exists(), done.stderr[-3000:]
    return {entry["work"]: entry for entry in map(json.loads, out.read_text().splitlines())}


@pytest.mark.parametrize("name", WORKS)
def test_what_was_finished_is_there_after_a_kill_and_nothing_half_written_counts(name, outcomes):
    assert "fault" not in outcomes[name], outcomes[name]["fault"]
    assert outcomes[name]["kills"] == 1


def test_every_work_is_killed(outcomes):
    assert outcomes.keys() == set(WORKS)
