"""Rewards along the straight line from one latent to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.queries import rewards_at
from scrl.raters.fitted_run import FittedRun

#: Points on a line.
STEPS = 61
#: Difference of rewards, in log-odds, up to which a line's ends coincide.
MIN_DIFFERENCE = 0.05

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
        nearest: distance of the nearest simulated voter from the middle of the line, as a share of
            its length; NaN where the ends coincide.
    """

    fraction: np.ndarray
    latent: np.ndarray
    rewards: np.ndarray
    changes: tuple[RankChange, ...]
    min_changes: int
    nearest: float

    @property
    def excess_changes(self) -> int:
        """Changes of rank beyond the fewest possible."""
        return len(self.changes) - self.min_changes


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
    nearest = nearest_to_middle(run.latents, start, end) if apart else float("nan")
    return Traversal(fraction, latent, rewards, changes, needed, nearest)


def nearest_to_middle(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Distance of the nearest point from the middle of a line, as a share of its length.

    Args:
        points: ``[points, latent]``.
        start, end: of the line, two different places ``[latent]``.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    gap = np.linalg.norm(points - (start + end) / 2, axis=1).min()
    return float(gap / np.linalg.norm(end - start))
