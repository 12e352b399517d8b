"""The curvature of a log posterior density over items' rewards, and Newton steps with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Largest change of a reward in one step.
MAX_STEP = 2.0


@dataclass(frozen=True, eq=False)
class Curvature:
    """The inverse of a negative Hessian over items: by prompts, or diagonal.

    Attributes:
        variance: its diagonal ``[items]``.
        inverse: of each prompt, padded ``[prompts, size, size]``; None where it is diagonal.
        cell: of each item in ``[prompts · size]``.
    """

    variance: np.ndarray
    inverse: np.ndarray | None = None
    cell: np.ndarray | None = None

    def solve(self, values: np.ndarray) -> np.ndarray:
        """The inverse applied to ``[items, columns]``."""
        if self.inverse is None:
            return self.variance[:, None] * values
        prompts, size = self.inverse.shape[:2]
        padded = np.zeros((prompts * size, values.shape[1]))
        padded[self.cell] = values
        return (self.inverse @ padded.reshape(prompts, size, -1)).reshape(padded.shape)[self.cell]

    def of_weights(self, value: np.ndarray, precision: float) -> np.ndarray:
        """Φ' (P − P Q P) Φ for functions Φ ``[items, functions]`` and a prior precision P."""
        if self.inverse is not None:
            return precision * value.T @ (value - precision * self.solve(value))
        known = precision - precision**2 * self.variance
        heard = np.flatnonzero(known > 1e-9 * precision)
        return value[heard].T @ (known[heard, None] * value[heard])

    def step(self, slope: np.ndarray) -> np.ndarray:
        """A damped Newton step ``[items]``."""
        if self.inverse is None:
            return np.clip(slope * self.variance, -MAX_STEP, MAX_STEP)
        prompts, size = self.inverse.shape[:2]
        padded = np.zeros(prompts * size)
        padded[self.cell] = slope
        step = (self.inverse @ padded.reshape(prompts, size, 1))[..., 0]
        step = step * np.minimum(1, MAX_STEP / np.maximum(np.abs(step).max(1, keepdims=True), 1e-9))
        return step.ravel()[self.cell]
