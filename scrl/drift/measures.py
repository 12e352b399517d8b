"""How well rewards predict people as they are now, and how soon after a change."""

from __future__ import annotations

import numpy as np


def expected_errors(rewards: np.ndarray, chances: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """The chance to predict the next answer wrongly, over the judged pairs ``[...]``.

    Rewards predict that the item of the larger reward is preferred; equal ones err half the time.

    Args:
        rewards: ``[..., items]``.
        chances: P that each item is preferred to each other one ``[..., items, items]``.
        judged: which pairs count, symmetric, same shape as ``chances``; NaN where there are none.
    """
    ahead = np.sign(rewards[..., :, None] - rewards[..., None, :])
    wrong = 0.5 - 0.5 * ahead * (2 * chances - 1)
    count = judged.sum((-1, -2))
    total = (wrong * judged).sum((-1, -2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def least_errors(chances: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """The error of whoever knows ``chances``; arguments as of ``expected_errors``."""
    count = judged.sum((-1, -2))
    total = (np.minimum(chances, 1 - chances) * judged).sum((-1, -2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def recovery_lag(
    time: np.ndarray, error: np.ndarray, oracle: np.ndarray, change: float, within: float
) -> np.ndarray:
    """The time from a change until the error is within ``within`` of the oracle's ``[...]``;
    infinite where that never happens.

    Args:
        time: ``[times]``.
        error, oracle: ``[..., times]``.
        change: its time.
    """
    good = (error - oracle <= within) & (time >= change)
    first = np.argmax(good, axis=-1)
    return np.where(good.any(-1), time[first] - change, np.inf)
