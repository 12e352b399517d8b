"""The curvature of a log posterior density over items' rewards, and Newton steps with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from scrl.utility_models.ballot_table import similar_lengths

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
class Block:
    """The inverse of a negative Hessian over the items of prompts with about equally many.

    Attributes:
        inverse: of each prompt, padded ``[prompts, size, size]``.
        cell: of each item in ``[prompts · size]``.
        item: which items these are ``[block items]``; all by default.
    """

    inverse: np.ndarray
    cell: np.ndarray
    item: np.ndarray | slice = field(default_factory=lambda: slice(None))

    def padded(self, values: np.ndarray) -> np.ndarray:
        """The block's rows of ``[items, columns]`` by prompt ``[prompts, size, columns]``."""
        prompts, size = self.inverse.shape[:2]
        found = np.zeros((prompts * size, values.shape[1]))
        found[self.cell] = values[self.item]
        return found.reshape(prompts, size, -1)

    def decomposed(self, value: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray]:
        """The eigenvalues of I − Q P ``[directions]``, and Φ along their directions
        ``[directions, functions]``."""
        values, vectors = np.linalg.eigh(self.inverse)
        rows = vectors.transpose(0, 2, 1) @ self.padded(value)
        return (1 - precision * values).ravel(), rows.reshape(-1, value.shape[1])


class PromptBlocks:
    """Sums over pairs of items of one prompt; prompts of similar size are padded to one size.

    Args:
        offsets: of the catalogue ``[prompts + 1]``.

    Attributes:
        cells: pairs, padding included.
    """

    def __init__(self, offsets: np.ndarray) -> None:
        size = np.diff(offsets)
        prompt = np.repeat(np.arange(len(size)), size)
        self.place = np.arange(len(prompt)) - offsets[prompt]
        self.row, self.cells = np.zeros(len(prompt), np.int64), 0
        self._parts: list[tuple[slice, int, np.ndarray, np.ndarray | slice]] = []
        for prompts in similar_lengths(size):
            widest, number = int(size[prompts].max(initial=0)), np.full(len(size), -1)
            number[prompts] = np.arange(len(size[prompts]))
            own = number[prompt] >= 0
            cell = number[prompt[own]] * widest + self.place[own]
            first, self.cells = self.cells, self.cells + len(size[prompts]) * widest**2
            self.row[own] = first + cell * widest
            item = prompts if isinstance(prompts, slice) else np.flatnonzero(own)
            self._parts.append((slice(first, self.cells), widest, cell, item))

    def sums(self, item: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values of pairs of slots summed by pairs of items ``[cells]``.

        Args:
            item: of slots of ballots ``[ballots, places]``; values: ``[ballots, places, places]``.
        """
        pair = self.row[item][:, :, None] + self.place[item][:, None, :]
        return np.bincount(pair.ravel(), values.ravel(), self.cells)

    def curvature(self, hessian: np.ndarray, precision: float) -> Curvature:
        """The curvature of such sums ``[cells]`` and a prior precision."""
        variance, blocks = np.empty(len(self.row)), []
        for part, size, cell, item in self._parts:
            own, place = hessian[part].reshape(-1, size, size), np.arange(size)
            own[:, place, place] += precision
            inverse = np.linalg.inv(own)
            variance[item] = inverse[:, place, place].ravel()[cell]
            blocks.append(Block(inverse, cell, item))
        return Curvature(variance, tuple(blocks))


@dataclass(frozen=True, eq=False)
class Curvature:
    """The inverse of a negative Hessian over items: by prompts, or diagonal.

    Attributes:
        variance: its diagonal ``[items]``.
        blocks: of prompts with about equally many items; none where it is diagonal.
    """

    variance: np.ndarray
    blocks: tuple[Block, ...] = ()

    def solve(self, values: np.ndarray) -> np.ndarray:
        """The inverse applied to ``[items, columns]``."""
        if not self.blocks:
            return self.variance[:, None] * values
        found = np.empty(values.shape)
        for block in self.blocks:
            product = block.inverse @ block.padded(values)
            found[block.item] = product.reshape(-1, values.shape[1])[block.cell]
        return found

    def of_weights(self, value: np.ndarray, precision: float) -> WeightCurvature:
        """Φ' (P − P Q P) Φ for functions Φ ``[items, functions]`` and a prior precision P."""
        if any(block.inverse.shape[1] > MAX_DECOMPOSED for block in self.blocks):
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
        parts = [(1 - precision * self.variance, value)]
        if self.blocks:
            parts = [block.decomposed(value, precision) for block in self.blocks]
        heard = [np.flatnonzero(known > NEGLIGIBLE) for known, _ in parts]
        known, rows = (
            np.concatenate([part[side][at] for part, at in zip(parts, heard, strict=True)])
            for side in (0, 1)
        )
        return known, rows

    def step(self, slope: np.ndarray) -> np.ndarray:
        """A damped Newton step ``[items]``."""
        if not self.blocks:
            return np.clip(slope * self.variance, -MAX_STEP, MAX_STEP)
        found = np.empty(len(slope))
        for block in self.blocks:
            step = (block.inverse @ block.padded(slope[:, None]))[..., 0]
            size = np.abs(step).max(1, keepdims=True)
            step = step * np.minimum(1, MAX_STEP / np.maximum(size, 1e-9))
            found[block.item] = step.ravel()[block.cell]
        return found
