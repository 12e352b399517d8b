"""Rewards that walk at random: a Gaussian filter for now, and a smoother for then.

The state is the vector of rewards. Between two answers each reward makes an independent Gaussian
step. An answer has Bradley–Terry's likelihood, whose product with the Gaussian before is replaced
by a Gaussian at its mode (Laplace). The smoother is that of Rauch, Tung and Striebel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.drift.timed_pairs import TimedPairs

#: Standard deviation of rewards before any answer, in log-odds, of all models.
PRIOR_SD = 2.0
#: Newton's steps to the mode along the pair's gap.
NEWTON_STEPS = 6


@dataclass(eq=False)
class RandomWalk:
    """Gaussians of the rewards of several sequences, by setting; ``observe`` changes them.

    Attributes:
        step_sd: sd of a reward's step in a unit of time ``[settings]``.
        mean: ``[sequences, settings, items]``.
        covariance: ``[sequences, settings, items, items]``.
        now: time of the state.
    """

    step_sd: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    now: float

    @classmethod
    def start(cls, pairs: TimedPairs, settings: Sequence[float]) -> RandomWalk:
        """The prior at the time of the first answer."""
        shape = (pairs.sequences, len(settings), pairs.items)
        covariance = np.broadcast_to(PRIOR_SD**2 * np.eye(pairs.items), (*shape, pairs.items))
        return cls(
            np.asarray(settings, float), np.zeros(shape), covariance.copy(), float(pairs.time[0])
        )

    def move_to(self, time: float) -> None:
        """Let time pass."""
        variance = self.step_sd**2 * (time - self.now)
        diagonal = np.arange(self.mean.shape[-1])
        self.covariance[..., diagonal, diagonal] += variance[:, None]
        self.now = time

    def observe(self, pairs: TimedPairs, t: int) -> None:
        """Learn answer ``t`` of each sequence at its time."""
        self.move_to(float(pairs.time[t]))
        row, i, j = np.arange(pairs.sequences), pairs.first[:, t], pairs.second[:, t]
        column = self.covariance[row, :, :, i] - self.covariance[row, :, :, j]
        variance = column[row, :, i] - column[row, :, j]
        before = self.mean[row, :, i] - self.mean[row, :, j]
        weight, won = pairs.weight[:, t, None], pairs.won[:, t, None]
        gap = before
        for _ in range(NEWTON_STEPS):
            chance = expit(gap)
            residual = gap - before - variance * weight * (won - chance)
            gap = gap - residual / (1 + variance * weight * chance * (1 - chance))
        chance = expit(gap)
        curvature = weight * chance * (1 - chance)
        self.mean += column * (weight * (won - chance))[..., None]
        shrink = curvature / (1 + variance * curvature)
        self.covariance -= shrink[..., None, None] * column[..., :, None] * column[..., None, :]

    def gap_variance(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Variance of the gaps of pairs ``[sequences, pairs]`` as ``[settings, sequences,
        pairs]``."""
        c, row = self.covariance, np.arange(len(i))[:, None]
        variance = c[row, :, i, i] + c[row, :, j, j] - 2 * c[row, :, i, j]
        return np.moveaxis(np.maximum(variance, 0), -1, 0)


@dataclass(frozen=True, eq=False)
class WalkStates:
    """Rewards after each answer, of one setting.

    Attributes:
        time: ``[answers]``.
        mean, covariance: from the answers so far, ``[answers, sequences, items]`` and
            ``[answers, sequences, items, items]``.
        later_mean, later_covariance: from all answers, same shapes.
    """

    time: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    later_mean: np.ndarray
    later_covariance: np.ndarray


def filter_and_smooth(pairs: TimedPairs, step_sd: float) -> WalkStates:
    """Rewards at each answer as known then, and as known at the end.

    Args:
        step_sd: sd of a reward's step in a unit of time, in log-odds.
    """
    walk = RandomWalk.start(pairs, [step_sd])
    means, covariances = [], []
    for t in range(pairs.answers):
        walk.observe(pairs, t)
        means.append(walk.mean[:, 0].copy())
        covariances.append(walk.covariance[:, 0].copy())
    mean, covariance = np.stack(means), np.stack(covariances)
    later_mean, later = mean.copy(), covariance.copy()
    eye = np.eye(pairs.items)
    for t in range(pairs.answers - 2, -1, -1):
        moved = covariance[t] + step_sd**2 * (pairs.time[t + 1] - pairs.time[t]) * eye
        gain = covariance[t] @ np.linalg.inv(moved)
        change = (later_mean[t + 1] - mean[t])[..., None]
        later_mean[t] = mean[t] + (gain @ change)[..., 0]
        later[t] = covariance[t] + gain @ (later[t + 1] - moved) @ gain.swapaxes(-1, -2)
    return WalkStates(pairs.time, mean, covariance, later_mean, later)
