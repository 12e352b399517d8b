"""What test_streamed_devices.py runs in processes of their own."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import jax
import numpy as np

from scrl.devices import start_hosts
from scrl.scenarios import generate_population
from scrl.streamed_raters import StreamedConfig, train_streamed, training_run
from scrl.types import Cancelled

CONFIG = StreamedConfig(types=2, latent=1, min_steps=12, points=2, newton_steps=2)
DOUBLE = replace(CONFIG, precision="double")


@dataclass(frozen=True)
class Trained:
    """A training's first gradients, in single precision, and parameters, in double precision."""

    gradients: list[np.ndarray]
    parameters: np.ndarray


def ratings():
    """50 raters, a number that eight devices do not share evenly."""
    return generate_population("fifty-raters", 0).ratings


def arrays(model) -> np.ndarray:
    return np.concatenate([np.ravel(p).astype(float) for p in model.parameters])


def on_devices(numbers: tuple[int, ...]) -> dict[int, Trained]:
    """Trainings on some of eight pretended devices; the compiled programs share their rows."""
    jax.config.update("jax_num_cpu_devices", 8)
    step, seen = training_run.training_step, []

    def recorded(*given, **settings):
        found = step(*given, **settings)
        seen.append((found, given, settings))
        return found

    training_run.training_step = recorded
    found = {}
    for devices in numbers:
        model = train_streamed(ratings(), DOUBLE, 0, devices=devices)
        seen.clear()
        with contextlib.suppress(Cancelled):
            train_streamed(ratings(), CONFIG, 0, devices=devices, on_progress=stop)
        state, given, settings = seen[0]
        program = step.lower(*given, **settings).compile().as_text()
        assert ("all-reduce" in program) == (devices > 1)
        assert given[1].item.sharding.num_devices == devices
        own = given[1].item.addressable_shards[0].data
        assert len(own) == len(given[1].item) / devices
        gradients = [np.asarray(g) for g in jax.tree.leaves(state.optimiser.mu)]
        found[devices] = Trained(gradients, arrays(model))
    return found


def stop(progress) -> None:
    raise Cancelled


def as_host(coordinator: str, processes: int, process: int, checkpoint: Path) -> np.ndarray:
    """The parameters of a training that several processes share, in one of them."""
    jax.config.update("jax_num_cpu_devices", 2)
    start_hosts(coordinator, processes, process)
    assert len(jax.devices()) == 2 * processes
    assert len(jax.local_devices()) == 2
    return arrays(train_streamed(ratings(), DOUBLE, 0, checkpoint=checkpoint, checkpoint_seconds=0))


def train(path: Path, checkpoint: Path, told: Connection) -> None:
    """A training that a test kills; each step is told, so that the test sees it going on."""
    steps = iter(range(10_000))
    model = train_streamed(
        ratings(), replace(CONFIG, min_steps=60), 0, checkpoint=checkpoint, checkpoint_seconds=0,
        on_progress=lambda progress: told.send(next(steps)),
    )  # fmt: skip
    np.save(path, arrays(model))
