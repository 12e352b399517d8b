"""The curvature of a log posterior density over items' rewards, and Newton steps with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

#: Largest change of a reward in one step.
MAX_STEP = 2.0
#: Items of a prompt up to which inverse curvatures are decomposed, which saves products.
MAX_DECOMPOSED = 16
#: Share of a prior's precision up to which nothing counts as heard.
NEGLIGIBLE = 1e-9


class WeightCurvature(NamedTuple):
    """The curvature of a log likelihood in weights, items' own parts following.

    Attributes:
        matrix: Φ' (P − P Q P) Φ ``[functions, functions]``.
        gram: returns Φ' (I − Q P)² Φ, of what own parts leave of the functions.
    """

    matrix: np.ndarray
    gram: Callable[[], np.ndarray]


def _gram(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    scaled = known[:, None] * rows
    return scaled.T @ scaled


def positive_inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a symmetric positive definite matrix, by Cholesky's decomposition."""
    factor, failed = dpotrf(matrix, lower=1)
    lower, other = dpotri(factor, lower=1)
    if failed or other:
        return np.linalg.inv(matrix)
    found = np.tril(lower)
    return found + np.tril(found, -1).T


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

    def of_weights(self, value: np.ndarray, precision: float) -> WeightCurvature:
        """Φ' (P − P Q P) Φ for functions Φ ``[items, functions]`` and a prior precision P."""
        if self.inverse is not None and self.inverse.shape[1] > MAX_DECOMPOSED:
            left = value - precision * self.solve(value)
            return WeightCurvature(precision * value.T @ left, lambda: left.T @ left)
        known, rows = self._decomposed(value, precision)
        scaled = np.sqrt(known)[:, None] * rows
        # The product of a matrix with itself takes half the time.
        return WeightCurvature(precision * (scaled.T @ scaled), lambda: _gram(known, rows))

    def _decomposed(self, value: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray]:
        """The eigenvalues of I − Q P that are not 0 ``[directions]``, and Φ along their directions
        ``[directions, functions]``. They are 0 where nothing was heard, and for the sum of a
        prompt's rewards."""
        if self.inverse is None or self.cell is None:
            known = 1 - precision * self.variance
            heard = np.flatnonzero(known > NEGLIGIBLE)
            return known[heard], value[heard]
        prompts, size = self.inverse.shape[:2]
        values, vectors = np.linalg.eigh(self.inverse)
        known = (1 - precision * values).ravel()
        heard = np.flatnonzero(known > NEGLIGIBLE)
        padded = np.zeros((prompts * size, value.shape[1]))
        padded[self.cell] = value
        rows = vectors.transpose(0, 2, 1) @ padded.reshape(prompts, size, -1)
        return known[heard], rows.reshape(padded.shape)[heard]

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
