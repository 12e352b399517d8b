"""What test_streamed_devices.py runs in processes of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

import jax
import numpy as np

from scrl.devices import start_hosts
from scrl.scenarios import generate_population
from scrl.streamed_raters import StreamedConfig, train_streamed, training_run
from tests import lanes
from tests.tiny import one_factor

#: Of one type and one latent in both stages, a step is one program, which compiles soon.
CONFIG = StreamedConfig(types=lanes.deep(1, 2), latent=1, min_steps=12, points=2, newton_steps=2)
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


def on_eight() -> Trained:
    """A training on eight pretended devices."""
    jax.config.update("jax_num_cpu_devices", 8)
    return on_some(8)


def on_some(devices: int, **options: object) -> Trained:
    """A training whose first step is looked at: each device has its share of the rows."""
    step, gradients = training_run.training_step, []

    def recorded(*given, **settings):
        first = not gradients
        if first:
            if lanes.DEEP:  # it compiles once more
                program = step.lower(*given, **settings).compile().as_text()
                assert ("all-reduce" in program) == (devices > 1)
            assert given[1].item.sharding.num_devices == devices
            own = given[1].item.addressable_shards[0].data
            assert len(own) == len(given[1].item) / devices
        found = step(*given, **settings)
        if first:
            gradients.extend(np.array(g) for g in jax.tree.leaves(found.optimiser.mu))
        return found

    with patch.object(training_run, "training_step", recorded), one_factor():
        model = train_streamed(ratings(), DOUBLE, 0, devices=devices, **options)
    return Trained(gradients, arrays(model))


def as_host(coordinator: str, processes: int, process: int, checkpoint: Path) -> Trained:
    """A training that several processes share, in one of them."""
    jax.config.update("jax_num_cpu_devices", 2)
    start_hosts(coordinator, processes, process)
    assert len(jax.devices()) == 2 * processes
    assert len(jax.local_devices()) == 2
    return on_some(2 * processes, checkpoint=checkpoint, checkpoint_seconds=0)


def train(path: Path, checkpoint: Path, told: Connection) -> None:
    """A training that a test kills; each step is told, so that the test sees it going on."""
    steps = iter(range(10_000))
    model = train_streamed(
        ratings(), replace(CONFIG, min_steps=60), 0, checkpoint=checkpoint, checkpoint_seconds=0,
        on_progress=lambda progress: told.send(next(steps)),
    )  # fmt: skip
    np.save(path, arrays(model))
