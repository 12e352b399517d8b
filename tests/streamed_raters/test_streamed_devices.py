"""The same training on one device, on eight, in two processes, and in a process that is killed."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from scrl.devices import DeviceMesh, start_hosts
from scrl.types import InputError
from tests import lanes
from tests.streamed_raters import device_script as script

#: Processes are copies of one that has loaded JAX and the library and computed nothing: each
#: chooses its own devices, and starts in no time.
COPIES = multiprocessing.get_context("forkserver")
COPIES.set_forkserver_preload([script.__name__])


def results(function, *calls):
    """What a function returns in processes of their own, one for each call; they run at once."""
    with ProcessPoolExecutor(len(calls), COPIES) as pool:
        return [one.result(300) for one in [pool.submit(function, *given) for given in calls]]


@pytest.fixture(scope="module")
def on_one():
    """A training on one device, in this process."""
    return script.on_some(1)


def assert_same(one: script.Trained, other: script.Trained):
    assert len(one.gradients) == len(other.gradients) > 3
    for first, second in zip(one.gradients, other.gradients, strict=True):
        scale = max(float(np.abs(first).max(initial=0.0)), 1e-30)
        np.testing.assert_allclose(first / scale, second / scale, atol=1e-9)
    np.testing.assert_allclose(one.parameters, other.parameters, atol=1e-6)
    assert np.abs(one.parameters).max() > 0.5


@lanes.deep_only
def test_eight_devices_give_the_gradients_and_results_of_one(on_one):
    (eight,) = results(script.on_eight, ())
    assert_same(on_one, eight)


def test_two_processes_of_two_devices_give_the_gradients_and_results_of_one(on_one, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    checkpoint = tmp_path / "training.safetensors"
    first, second = results(script.as_host, *((address, 2, i, checkpoint) for i in range(2)))
    assert np.array_equal(first.parameters, second.parameters)
    assert_same(on_one, first)
    assert checkpoint.exists()


def trained_until(path, checkpoint, last_step=None):
    """The exit code of a process that trains, and is killed some time after a step."""
    steps, told = COPIES.Pipe(duplex=False)
    child = COPIES.Process(target=script.train, args=(path, checkpoint, told))
    child.start()
    told.close()
    while steps.poll(300):
        try:
            step = steps.recv()
        except EOFError:
            break
        if step == last_step:
            time.sleep(float(np.random.default_rng(step).uniform(0, 0.05)))
            child.kill()
    child.join(300)
    return child.exitcode


@lanes.deep_only
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    checkpoint, result, other = (tmp_path / n for n in ("c.safetensors", "a.npy", "b.npy"))
    assert trained_until(other, tmp_path / "o") == 0
    kills = lanes.deep(1, 4)
    killed = [trained_until(result, checkpoint, 7 + n) for n in range(kills)]
    assert killed == [-signal.SIGKILL] * kills
    assert not result.exists()
    assert trained_until(result, checkpoint) == 0
    assert np.array_equal(np.load(result), np.load(other))
    assert not list(tmp_path.glob("*.tmp"))


def test_a_mesh_has_no_more_devices_than_there_are():
    with pytest.raises(InputError, match="were asked for"):
        DeviceMesh.of(1000)
    with pytest.raises(InputError, match="together, or none"):
        start_hosts("127.0.0.1:1234")
