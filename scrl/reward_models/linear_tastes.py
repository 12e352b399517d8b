"""Raters' weights on linear rewards, and the rewards' coefficients, each given the other.

A rater's reward of an item with features x is w · Θ x: a weight for each of B *bases*, which are
linear rewards common to all raters. Pairs follow Bradley–Terry. Given Θ, a rater's w is a convex
logistic regression: on all of ℝᴮ (reward features; arXiv 2503.17338) or on the simplex (LoRe;
arXiv 2504.14439). Given raters' w, Θ follows from the quadratic bound of Jaakkola & Jordan (2000),
-log σ(s) ≤ -log σ(ξ) - (s - ξ) / 2 + λ(ξ) (s² - ξ²), λ(ξ) = tanh(ξ / 2) / 4ξ, which touches at ±ξ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.reward_models.comparisons import Comparisons
from scrl.types import InputError
from scrl.utility_models.prediction import win_probability

#: Most numbers in the differences of features (raters × pairs × features), 1.6 GB.
MAX_NUMBERS = 200_000_000
#: Most coefficients (bases × features), whose curvature is a dense matrix.
MAX_COEFFICIENTS = 3_000
#: Newton steps of a rater's weights, and the greatest change in the last one.
MAX_STEPS, TOLERANCE = 60, 1e-8
#: A step on the simplex goes this part of the way to the boundary at most.
BOUNDARY_SHARE = 0.95


@dataclass(frozen=True, eq=False)
class PairDifferences:
    """Features of each pair's preferred item less those of the other.

    Attributes:
        x: ``[raters, pairs, features]``, 0 at padding.
        mask: which pairs are real ``[raters, pairs]``.
    """

    x: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(cls, comparisons: Comparisons) -> PairDifferences:
        """The differences of annotated pairs.

        Raises:
            InputError: if there are too many raters, pairs and features for the memory.
        """
        features = comparisons.features.astype(np.float64)
        numbers = comparisons.mask.size * features.shape[1]
        if numbers > MAX_NUMBERS:
            raise InputError(
                f"Linear rewards read at most {MAX_NUMBERS:,} numbers (raters × pairs × features); "
                f"here are {numbers:,}."
            )
        x = features[comparisons.pairs[..., 0]] - features[comparisons.pairs[..., 1]]
        return cls(x * comparisons.mask[..., None], comparisons.mask.astype(np.float64))

    def select(self, raters: np.ndarray) -> PairDifferences:
        """The differences of these raters."""
        return PairDifferences(self.x[raters], self.mask[raters])

    def scale(self) -> np.ndarray:
        """Root mean square of each feature's differences, 1 where a feature never differs
        ``[features]``."""
        mean = (self.x**2).sum((0, 1)) / max(self.mask.sum(), 1.0)
        return np.sqrt(np.where(mean > 0, mean, 1.0))

    def by_basis(self, theta: np.ndarray) -> np.ndarray:
        """Gap of each pair in each basis ``[raters, pairs, bases]``.

        Args:
            theta: ``[bases, features]``.
        """
        return (self.x.reshape(-1, self.x.shape[2]) @ theta.T).reshape(*self.mask.shape, -1)


def log_loss(gap: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """-log σ(gap), summed over a rater's real pairs ``[raters]``; ``gap [raters, pairs]``."""
    return (np.logaddexp(0.0, -gap) * mask).sum(1)


# -- raters' weights, given the bases --------------------------------------------------------------


def gaussian_weights(
    basis_gap: np.ndarray,
    mask: np.ndarray,
    mean: np.ndarray,
    precision: float = 1.0,
    start: np.ndarray | None = None,
    steps: int = MAX_STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """Mode and Laplace covariance of raters' weights under the prior N(mean, I / precision).

    The problem is strictly convex; Newton's steps are halved until the objective falls.

    Args:
        basis_gap: ``[raters, pairs, bases]``, the preferred item first.
        mask: real pairs ``[raters, pairs]``.
        mean: ``[bases]``.
        start: ``[raters, bases]``; the prior's mean by default.
        steps: limit of Newton's steps.

    Returns:
        The mode ``[raters, bases]`` and the covariance ``[raters, bases, bases]``.
    """
    bases = len(mean)
    w = np.tile(mean, (len(mask), 1)) if start is None else start.copy()
    eye = precision * np.eye(bases)

    def loss_at(w: np.ndarray) -> np.ndarray:
        gap = (basis_gap @ w[..., None])[..., 0]
        return log_loss(gap, mask) + 0.5 * precision * ((w - mean) ** 2).sum(1)

    loss = loss_at(w)
    for _ in range(steps):
        gradient, hessian = _derivatives(basis_gap, mask, w)
        gradient += precision * (w - mean)
        step = np.linalg.solve(hessian + eye, gradient[..., None])[..., 0]
        w, loss, change = _damped(w, -step, loss, loss_at, np.ones(len(w)))
        if change < TOLERANCE:
            break
    hessian = _derivatives(basis_gap, mask, w)[1]
    return w, np.linalg.inv(hessian + eye)


def simplex_weights(
    basis_gap: np.ndarray,
    mask: np.ndarray,
    prior: np.ndarray,
    start: np.ndarray | None = None,
    steps: int = MAX_STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """Mode and Laplace covariance of raters' weights on the simplex, all above 0.

    Modes minimise the log loss less Σ_b prior_b log w_b, strictly convex in w, the optimum of the
    same objective in v for w = softmax(v). Newton's steps keep Σ w = 1.

    Args:
        basis_gap, mask: as of ``gaussian_weights``.
        prior: positive pseudo-counts of the bases ``[bases]``.
        start: on the simplex; the prior's shares by default.
        steps: limit of Newton's steps.

    Returns:
        The mode ``[raters, bases]`` and the covariance ``[raters, bases, bases]``, which is that
        of a Gaussian on the plane Σ w = 1.
    """
    share = prior / prior.sum()
    w = np.tile(share, (len(mask), 1)) if start is None else start.copy()

    def loss_at(w: np.ndarray) -> np.ndarray:
        gap = (basis_gap @ w[..., None])[..., 0]
        return log_loss(gap, mask) - (prior * np.log(w)).sum(1)

    def barrier(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gradient, hessian = _derivatives(basis_gap, mask, w)
        basis = np.arange(len(prior))
        hessian[:, basis, basis] += prior / w**2
        return gradient - prior / w, hessian

    loss = loss_at(w)
    for _ in range(steps):
        gradient, hessian = barrier(w)
        both = np.stack([gradient, np.ones_like(gradient)], axis=-1)
        solved = np.linalg.solve(hessian, both)
        level = solved[..., 0].sum(1) / solved[..., 1].sum(1)
        step = level[:, None] * solved[..., 1] - solved[..., 0]
        ratio = np.where(step < 0, -w / np.minimum(step, -1e-300), np.inf).min(1)
        longest = np.minimum(1.0, BOUNDARY_SHARE * ratio)
        w, loss, change = _damped(w, step, loss, loss_at, longest)
        if change < TOLERANCE:
            break
    inverse = np.linalg.inv(barrier(w)[1])
    row = inverse.sum(2)
    covariance = inverse - row[:, :, None] * row[:, None, :] / row.sum(1)[:, None, None]
    return w / w.sum(1, keepdims=True), covariance


def _derivatives(
    basis_gap: np.ndarray, mask: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient ``[raters, bases]`` and Hessian of the log loss in raters' weights."""
    wrong = expit(-(basis_gap @ w[..., None])[..., 0]) * mask
    gradient = -(wrong[:, None] @ basis_gap)[:, 0]
    weighted = basis_gap * (wrong * (1 - wrong))[..., None]
    return gradient, basis_gap.transpose(0, 2, 1) @ weighted


def _damped(
    w: np.ndarray, step: np.ndarray, loss: np.ndarray, loss_at, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Each rater's step, halved until the rater's loss does not rise.

    Returns:
        The weights, their loss and the greatest change.
    """
    length = length.copy()
    for _ in range(30):
        new = w + length[:, None] * step
        found = loss_at(new)
        worse = ~(found <= loss + 1e-12 * (1 + np.abs(loss)))
        if not worse.any():
            break
        length[worse] *= 0.5
    else:
        new, found = np.where(worse[:, None], w, new), np.where(worse, loss, found)
    return new, found, float(np.abs(new - w).max(initial=0.0))


# -- the bases, given raters' weights --------------------------------------------------------------


def bound_curvature(xi: np.ndarray) -> np.ndarray:
    """2 λ(ξ) = tanh(ξ / 2) / 2ξ, which is ¼ at 0; same shape as ``xi``."""
    safe = np.where(xi < 1e-6, 1.0, xi)
    return np.where(xi < 1e-6, 0.25, np.tanh(safe / 2) / (2 * safe))


def win_probabilities(
    basis_gap: np.ndarray, weight: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """P(first ≻ second) of each pair ``[raters, pairs]``, a mean over raters' Gaussian weights."""
    variance = ((basis_gap @ covariance) * basis_gap).sum(-1)
    return win_probability((basis_gap @ weight[..., None])[..., 0], variance)


def gap_moments(basis_gap: np.ndarray, w: np.ndarray, covariance: np.ndarray | None) -> np.ndarray:
    """√E[gap²] of each pair for weights with this mean and covariance ``[raters, pairs]``."""
    square = (basis_gap @ w[..., None])[..., 0] ** 2
    if covariance is not None:
        square = square + ((basis_gap @ covariance) * basis_gap).sum(-1)
    return np.sqrt(square)


def solve_bases(
    data: PairDifferences,
    w: np.ndarray,
    covariance: np.ndarray | None,
    curvature: np.ndarray,
    precision: float,
) -> np.ndarray:
    """Coefficients Θ ``[bases, features]`` that minimise the quadratic bound plus its prior.

    Args:
        w, covariance: mean ``[raters, bases]`` and covariance of raters' weights; None for weights
            that are certain.
        curvature: ``bound_curvature`` of each pair ``[raters, pairs]``.
        precision: of the prior of each coefficient.
    """
    bases, features = w.shape[1], data.x.shape[2]
    square = data.x.transpose(0, 2, 1) @ (data.x * (curvature * data.mask)[..., None])
    moment = w[:, :, None] * w[:, None, :]
    if covariance is not None:
        moment = moment + covariance
    raters = len(w)
    matrix = moment.reshape(raters, -1).T @ square.reshape(raters, -1)
    matrix = matrix.reshape(bases, bases, features, features).transpose(0, 2, 1, 3)
    matrix = matrix.reshape(bases * features, -1)
    matrix[np.diag_indices(len(matrix))] += precision
    target = 0.5 * np.einsum("rb,rf->bf", w, data.x.sum(1))
    return np.linalg.solve(matrix, target.ravel()).reshape(bases, features)


def check_coefficients(bases: int, features: int) -> None:
    """Raise ``InputError`` where there are too many coefficients."""
    if bases * features > MAX_COEFFICIENTS:
        raise InputError(
            f"{bases} linear rewards of {features} features have {bases * features:,} coefficients;"
            f" at most {MAX_COEFFICIENTS:,} can be fitted."
        )
