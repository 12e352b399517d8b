"""A straight walk through the latent space from one rater to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.probe import rewards_of
from scrl.raters.fitted_run import FittedRun

#: Places along the line.
STEPS = 61


@dataclass(frozen=True, eq=False)
class Traversal:
    """Rewards of one prompt's items along a line.

    Attributes:
        at: how far along, 0 to 1 ``[steps]``; latent: ``[steps, latent]``.
        rewards: ``[steps, m]``, centred, log-odds.
        changes: (how far along, the one that rises, the one that falls), in order.
        needed: pairs that the two ends order differently, the fewest changes possible (the Kendall
            distance of the ends).
    """

    at: np.ndarray
    latent: np.ndarray
    rewards: np.ndarray
    changes: tuple[tuple[float, int, int], ...]
    needed: int

    @property
    def detours(self) -> int:
        """Changes of rank beyond those needed: 0 on the smoothest walk."""
        return len(self.changes) - self.needed


def walk(rewards: np.ndarray, at: np.ndarray) -> tuple[tuple[tuple[float, int, int], ...], int]:
    """Where pairs change rank along ``rewards [steps, m]``, and how many the ends need."""
    changes = []
    for a, b in zip(*np.triu_indices(rewards.shape[1], 1), strict=True):
        gap = rewards[:, a] - rewards[:, b]
        # On equality nobody has passed yet.
        sign = np.sign(gap)
        for i in range(1, len(sign)):
            sign[i] = sign[i] or sign[i - 1]
        for i in np.flatnonzero(sign[1:] * sign[:-1] < 0):
            part = gap[i] / (gap[i] - gap[i + 1]) if gap[i] != gap[i + 1] else 1.0
            where = float(at[i] + part * (at[i + 1] - at[i]))
            changes.append((where, *((int(a), int(b)) if gap[i + 1] > 0 else (int(b), int(a)))))
    first, last = rewards[0], rewards[-1]
    moved = (first[:, None] - first) * (last[:, None] - last) < 0
    return tuple(sorted(changes)), int(moved.sum()) // 2


def traverse(learnt: FittedRun, start: np.ndarray, end: np.ndarray, prompt: int) -> Traversal:
    """The walk from ``start [latent]`` to ``end [latent]`` as one prompt's rewards."""
    at = np.linspace(0.0, 1.0, STEPS)
    latent = (1 - at)[:, None] * np.asarray(start) + at[:, None] * np.asarray(end)
    first, last = learnt.catalogue.offsets[prompt : prompt + 2]
    rewards = rewards_of(learnt, latent)[:, first:last].astype(float)
    rewards = rewards - rewards.mean(axis=1, keepdims=True)
    changes, needed = walk(rewards, at)
    return Traversal(at, latent, rewards, changes, needed)
