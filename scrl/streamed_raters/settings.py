"""Settings of training in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError

#: Seeds are below this.
MAX_SEED = 2**32


def whole_number(value: object) -> int | None:
    """A whole number of Python or NumPy as one of Python; None for anything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        return None
    return int(value)


def finite_number(value: object) -> float | None:
    """As ``whole_number``, also for fractions."""
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return whole_number(value)


def checked_seed(seed: object) -> int:
    """The seed as a whole number of Python.

    Raises:
        InputError: where it is none, or out of range.
    """
    number = whole_number(seed)
    if number is None or not 0 <= number < MAX_SEED:
        raise InputError(
            f"seed is {quoted(seed)[1:-1]}; give a whole number from 0 to {MAX_SEED - 1:,}."
        )
    return number


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
            if value is None and name == "types":
                continue
            if name == "rate":
                number, kind = finite_number(value), "number"
            else:
                number, kind = whole_number(value), "whole number"
            if number is None or not least <= number <= most:
                raise InputError(
                    f"{name} is {quoted(value)[1:-1]}; give a {kind} from {least} to {most:,}."
                )
            object.__setattr__(self, name, number)  # a plain number, also for one of NumPy
        if self.points % 2:
            raise InputError(f"points is {self.points}; give an even number.")
        if self.precision not in ("single", "double"):
            raise InputError(f"precision is {quoted(self.precision)}; give 'single' or 'double'.")
