"""Rewards along the straight line from one latent to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import multivariate_normal

from scrl.diagnostics.queries import rewards_at
from scrl.raters.density import Density
from scrl.raters.fitted_run import FittedRun

#: Points on a line.
STEPS = 61
#: Difference of rewards, in log-odds, up to which a line's ends coincide.
MIN_DIFFERENCE = 0.05
#: Largest logarithm of a ratio of densities.
MAX_NATS = 50.0

#: Fraction of the line, the item that rises, the item that falls.
RankChange = tuple[float, int, int]


@dataclass(frozen=True, eq=False)
class Traversal:
    """Rewards of one prompt's items along a line.

    Attributes:
        fraction: of the line, 0 to 1 ``[steps]``.
        latent: ``[steps, latent]``.
        rewards: ``[steps, m]``, centred, log-odds.
        changes: the changes of rank, in order.
        min_changes: the fewest changes possible: the Kendall distance of the ends.
        middle: the density of raters at the middle of the line over that at the less dense end;
            NaN where the ends coincide.
    """

    fraction: np.ndarray
    latent: np.ndarray
    rewards: np.ndarray
    changes: tuple[RankChange, ...]
    min_changes: int
    middle: float


def rank_changes(rewards: np.ndarray, fraction: np.ndarray) -> tuple[tuple[RankChange, ...], int]:
    """The changes of rank along a line, and the fewest possible between its ends.

    Args:
        rewards: ``[steps, m]``.
        fraction: of the line ``[steps]``.
    """
    changes = []
    for a, b in zip(*np.triu_indices(rewards.shape[1], 1), strict=True):
        gap = rewards[:, a] - rewards[:, b]
        # A tie keeps the order before it.
        sign = np.sign(gap)
        for i in range(1, len(sign)):
            sign[i] = sign[i] or sign[i - 1]
        for i in np.flatnonzero(sign[1:] * sign[:-1] < 0):
            part = gap[i] / (gap[i] - gap[i + 1]) if gap[i] != gap[i + 1] else 1.0
            where = float(fraction[i] + part * (fraction[i + 1] - fraction[i]))
            changes.append((where, *((int(a), int(b)) if gap[i + 1] > 0 else (int(b), int(a)))))
    first, last = rewards[0], rewards[-1]
    differ = (first[:, None] - first) * (last[:, None] - last) < 0
    return tuple(sorted(changes)), int(differ.sum()) // 2


def traverse(run: FittedRun, start: np.ndarray, end: np.ndarray, prompt: int) -> Traversal:
    """One prompt's rewards from ``start [latent]`` to ``end [latent]``."""
    fraction = np.linspace(0.0, 1.0, STEPS)
    latent = (1 - fraction)[:, None] * np.asarray(start) + fraction[:, None] * np.asarray(end)
    first, last = run.catalogue.offsets[prompt : prompt + 2]
    rewards = rewards_at(run, latent)[:, first:last].astype(float)
    rewards = rewards - rewards.mean(axis=1, keepdims=True)
    changes, needed = rank_changes(rewards, fraction)
    ends = rewards_at(run, latent[[0, -1]])
    apart = float(np.abs(ends[1] - ends[0]).max()) > MIN_DIFFERENCE
    middle = middle_density(run.density, start, end) if apart else float("nan")
    return Traversal(fraction, latent, rewards, changes, needed, middle)


def middle_density(density: Density, start: np.ndarray, end: np.ndarray) -> float:
    """The density at the middle of a line over that at the less dense end.

    Above 1 there are more raters about the middle than about that end.

    Args:
        start, end: of the line ``[latent]``.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    points = np.stack([start, (start + end) / 2, end])
    nats = np.stack([
        np.log(weight + 1e-300) + multivariate_normal(mean, covariance).logpdf(points)
        for weight, mean, covariance in zip(
            density.weight, density.mean, density.covariance, strict=True
        )
    ])  # fmt: skip
    first, middle, last = np.logaddexp.reduce(nats, axis=0)
    return float(np.exp(np.clip(middle - min(first, last), -MAX_NATS, MAX_NATS)))
