"""Run by test_streamed_devices.py in processes of their own: ``device_script.py MODE …``."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from scrl.scenarios import generate_population
from scrl.streamed_raters import StreamedConfig, train_streamed
from scrl.types import Cancelled

CONFIG = StreamedConfig(types=2, latent=1, min_steps=12, points=2, newton_steps=2)
DOUBLE = replace(CONFIG, precision="double")


def ratings():
    """50 raters, a number that eight devices do not share evenly."""
    return generate_population("fifty-raters", 0).ratings


def arrays(model) -> np.ndarray:
    return np.concatenate([np.ravel(p).astype(float) for p in model.parameters])


def eight() -> None:
    """Eight pretended devices beside one: gradients, results and the compiled program."""
    jax.config.update("jax_num_cpu_devices", 8)
    from scrl.streamed_raters import training_run

    step, seen = training_run.training_step, []

    def recorded(*given, **settings):
        found = step(*given, **settings)
        seen.append((found, given, settings))
        return found

    training_run.training_step = recorded
    models, gradients = {}, {}
    for devices in (1, 8):
        models[devices] = train_streamed(ratings(), DOUBLE, 0, devices=devices)
        seen.clear()
        with contextlib.suppress(Cancelled):
            train_streamed(ratings(), CONFIG, 0, devices=devices, on_progress=stop)
        found, given, settings = seen[0]
        gradients[devices] = found.optimiser.mu
        program = step.lower(*given, **settings).compile().as_text()
        assert ("all-reduce" in program) == (devices > 1)
        assert given[1].item.sharding.num_devices == devices
        own = given[1].item.addressable_shards[0].data
        assert len(own) == len(given[1].item) / devices
    for one, many in zip(*(gradients[n] for n in (1, 8)), strict=True):
        scale = max(float(np.abs(one).max(initial=0.0)), 1e-30)
        np.testing.assert_allclose(np.asarray(one) / scale, np.asarray(many) / scale, atol=1e-6)
    np.testing.assert_allclose(arrays(models[1]), arrays(models[8]), atol=1e-6)
    assert np.abs(arrays(models[1])).max() > 0.5


def stop(progress) -> None:
    raise Cancelled


def host(coordinator: str, processes: str, process: str, path: str, checkpoint: str) -> None:
    """One of several processes, which share a training."""
    jax.config.update("jax_num_cpu_devices", 2)
    from scrl.devices import start_hosts

    if int(processes) > 1:
        start_hosts(coordinator, int(processes), int(process))
        assert len(jax.devices()) == 2 * int(processes)
        assert len(jax.local_devices()) == 2
    model = train_streamed(
        ratings(), DOUBLE, 0, checkpoint=checkpoint or None, checkpoint_seconds=0.0
    )
    np.save(path, arrays(model))


def train(path: str, checkpoint: str) -> None:
    """A training that a test kills; each step is told, so that the test sees it going on."""

    def tell(progress) -> None:
        print(progress.message, flush=True)

    model = train_streamed(
        ratings(), replace(CONFIG, min_steps=60), 0, on_progress=tell, checkpoint=checkpoint,
        checkpoint_seconds=0.0,
    )  # fmt: skip
    np.save(path, arrays(model))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    {"eight": eight, "host": host, "train": train}[sys.argv[1]](*sys.argv[2:])
