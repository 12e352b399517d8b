"""Settings of training in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scrl.types import InputError


@dataclass(frozen=True)
class StreamedConfig:
    """Settings of ``train_streamed``.

    Attributes:
        types: of raters; None: chosen by held-out raters, at most ``max_types``.
        max_types: see ``types``.
        latent: dimensions of the variation within types, at least 1.
        epochs: how often every rater is read in the last stage of the training.
        min_steps: steps of the last stage at least, where an epoch is few batches.
        rate: Adam's highest learning rate, in log-odds a step; it falls to 0 along a cosine.
        batch_entries: ballot slots in a batch, padding included.
        points: at which a rater's posterior is evaluated in each type; even.
        newton_steps: with which a posterior's mode is found.
        precision: of all computation; in double precision results on any number of devices agree
            to twelve digits, and training takes twice as long.
    """

    types: int | None = None
    max_types: int = 8
    latent: int = 4
    epochs: int = 3
    min_steps: int = 200
    rate: float = 0.1
    batch_entries: int = 32_768
    points: int = 4
    newton_steps: int = 5
    precision: Literal["single", "double"] = "single"

    def __post_init__(self) -> None:
        limits = {
            "types": (1, 64), "max_types": (1, 64), "latent": (1, 16), "epochs": (1, 10_000),
            "min_steps": (1, 10_000_000), "rate": (1e-6, 10.0), "points": (2, 256),
            "batch_entries": (64, 2**26), "newton_steps": (1, 100),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise InputError(f"{name} is {value}; give a number from {least} to {most:,}.")
        if self.points % 2:
            raise InputError(f"points is {self.points}; give an even number.")
        if self.precision not in ("single", "double"):
            raise InputError(f"precision is {self.precision!r}; give 'single' or 'double'.")
