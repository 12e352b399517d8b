"""What test_streamed_devices.py runs in processes of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import jax
import numpy as np

from scrl.devices import start_hosts
from scrl.scenarios import generate_population
from scrl.streamed_raters import StreamedConfig, train_streamed, training_run

CONFIG = StreamedConfig(types=2, latent=1, min_steps=12, points=2, newton_steps=2)
DOUBLE = replace(CONFIG, precision="double")


@dataclass(frozen=True)
class Trained:
    """A training's first gradients and its parameters, in double precision."""

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
    return {devices: on_some(devices) for devices in numbers}


def on_some(devices: int) -> Trained:
    """A training whose first step is looked at."""
    step, gradients = training_run.training_step, []

    def recorded(*given, **settings):
        first = not gradients
        if first:
            program = step.lower(*given, **settings).compile().as_text()
            assert ("all-reduce" in program) == (devices > 1)
            assert given[1].item.sharding.num_devices == devices
            own = given[1].item.addressable_shards[0].data
            assert len(own) == len(given[1].item) / devices
        found = step(*given, **settings)
        if first:
            gradients.extend(np.array(g) for g in jax.tree.leaves(found.optimiser.mu))
        return found

    training_run.training_step = recorded
    try:
        model = train_streamed(ratings(), DOUBLE, 0, devices=devices)
    finally:
        training_run.training_step = step
    return Trained(gradients, arrays(model))


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
