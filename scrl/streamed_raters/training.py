"""Training the model of raters in batches: from a source of ballots to ``StreamedRaters``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import jax
import numpy as np

from scrl.data.files import printable, quoted
from scrl.devices import DeviceMesh
from scrl.streamed_raters.checkpoints import (
    Checkpoint,
    foreign,
    read_checkpoint,
    write_checkpoint,
)
from scrl.streamed_raters.fitted import StreamedRaters
from scrl.streamed_raters.settings import StreamedConfig, finite_number
from scrl.streamed_raters.sources import BallotSource, ballot_source
from scrl.streamed_raters.training_run import TrainingRun
from scrl.types import InputError, Progress, Ratings

OnProgress = Callable[[Progress], None]


def train_streamed(
    source: BallotSource | Ratings,
    config: StreamedConfig | None = None,
    seed: int = 0,
    *,
    left_out: np.ndarray | None = None,
    on_progress: OnProgress | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_seconds: float = 60.0,
    devices: DeviceMesh | int | None = None,
) -> StreamedRaters:
    """Train the model of raters on packed ratings, or on ratings in memory.

    Args:
        source: the ballots.
        config: the settings.
        seed: of the start, of the order of batches and of all draws.
        left_out: whether each rater is left out, for a test of the model ``[raters]``.
        on_progress: called after each batch; an exception it raises ends the training.
        checkpoint: a file. Where it is there, the training goes on from it, to the same result bit
            for bit; it is written again and again, and at the end.
        checkpoint_seconds: between two checkpoints.
        devices: a mesh, or a number of devices; all devices by default.

    Raises:
        InputError: where there is nothing to train on, or the checkpoint is not of this training.
    """
    config = StreamedConfig() if config is None else config
    if not isinstance(config, StreamedConfig):
        raise InputError(f"config is {quoted(config)}; give a scrl.StreamedConfig.")
    if finite_number(checkpoint_seconds) is None:
        raise InputError(f"checkpoint_seconds is {quoted(checkpoint_seconds)}; give a number.")
    mesh = devices if isinstance(devices, DeviceMesh) else DeviceMesh.of(devices)
    with jax.enable_x64(config.precision == "double"):
        run = TrainingRun(ballot_source(source), config, seed, left_out, mesh)
        keeper = _Keeper(run, None if checkpoint is None else Path(checkpoint), checkpoint_seconds)
        keeper.resume()
        for message in run.steps():
            if on_progress is not None:
                on_progress(Progress("individual", run.share_done, message, run.curves))
            keeper.keep()
        keeper.keep(now=True)
        return run.result()


@dataclass(eq=False)
class _Keeper:
    """Writes checkpoints of a run from time to time.

    Attributes:
        run: the training; path: the file, None for no checkpoints; seconds: between two.
        last: when the latest was written.
    """

    run: TrainingRun
    path: Path | None
    seconds: float
    last: float = field(default_factory=time.monotonic)

    def resume(self) -> None:
        """Go on from the file, where it is there."""
        if self.path is None:
            return
        folder = os.path.dirname(os.path.realpath(self.path)) if "\0" not in str(self.path) else ""
        if os.path.isdir(self.path) or not os.path.isdir(folder):
            raise InputError(
                f"{printable(self.path)}: the checkpoint cannot be written; give a file in a "
                "folder that exists."
            )
        if os.path.exists(self.path):
            found = read_checkpoint(self.path, self.run.digest)
            try:
                self.run.go_on(found.stage, found.arrays, found.curve)
            except (KeyError, ValueError) as error:
                raise InputError(foreign(self.path)) from error

    def keep(self, now: bool = False) -> None:
        """Write the file where it is time."""
        if self.path is None or not (now or time.monotonic() - self.last >= self.seconds):
            return
        stage, arrays = self.run.moment()
        if self.run.mesh.is_first:
            found = Checkpoint(self.run.digest, stage, arrays, self.run.curve)
            try:
                write_checkpoint(found, self.path)
            except OSError as error:
                reason = error.strerror or str(error)
                raise InputError(
                    f"{printable(self.path)}: the checkpoint cannot be written ({reason})."
                ) from error
        self.last = time.monotonic()
