"""The same training on one device, on eight, in two processes, and in a process that is killed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scrl.devices import DeviceMesh, start_hosts
from scrl.types import InputError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = [sys.executable, "-m", "tests.streamed_raters.device_script"]


def started(*arguments, **options) -> subprocess.Popen:
    given = [*SCRIPT, *map(str, arguments)]
    return subprocess.Popen(given, cwd=ROOT, text=True, **options)


def test_eight_devices_give_the_gradients_and_results_of_one():
    done = subprocess.run([*SCRIPT, "eight"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_give_the_results_of_one(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    checkpoint = tmp_path / "training.safetensors"
    paths = [tmp_path / f"{name}.npy" for name in ("0", "1", "alone")]
    both = [started("host", address, 2, i, paths[i], checkpoint) for i in range(2)]
    assert [one.wait(300) for one in both] == [0, 0]
    assert started("host", address, 1, 0, paths[2], "").wait(300) == 0
    first, second, alone = map(np.load, paths)
    assert np.array_equal(first, second)
    np.testing.assert_allclose(first, alone, atol=1e-6)
    assert checkpoint.exists()


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    checkpoint, result, other = (tmp_path / n for n in ("c.safetensors", "a.npy", "b.npy"))
    assert started("train", other, tmp_path / "o", stdout=subprocess.DEVNULL).wait(300) == 0
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(4):
        child = started("train", result, checkpoint, stdout=subprocess.PIPE)
        for line, _ in enumerate(child.stdout):
            if line == 7 + kills:
                time.sleep(float(rng.uniform(0, 0.05)))
                child.send_signal(signal.SIGKILL)
        kills += child.wait(300) == -signal.SIGKILL
    assert kills >= 3
    assert not result.exists()
    assert started("train", result, checkpoint, stdout=subprocess.DEVNULL).wait(300) == 0
    assert np.array_equal(np.load(result), np.load(other))
    assert not list(tmp_path.glob("*.tmp"))


def test_a_mesh_has_no_more_devices_than_there_are():
    with pytest.raises(InputError, match="were asked for"):
        DeviceMesh.of(1000)
    with pytest.raises(InputError, match="together, or none"):
        start_hosts("127.0.0.1:1234")
