"""Transformations of reward arrays: gaps of pairs, centring by prompt, win rates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import expit

from scrl.reward_models.comparisons import Comparisons


def reward_gaps(rewards: np.ndarray, queries: Comparisons) -> np.ndarray:
    """Reward of each pair's first item less that of its second ``[raters, pairs]``.

    Args:
        rewards: ``[raters, items]``.
        queries: the pairs.
    """
    row = np.arange(queries.raters)[:, None]
    return rewards[row, queries.pairs[..., 0]] - rewards[row, queries.pairs[..., 1]]


def center_by_prompt(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Rewards ``[..., items]`` less the mean of each prompt's items."""
    count = np.diff(offsets)
    mean = np.add.reduceat(rewards, offsets[:-1], axis=-1) / count
    return rewards - np.repeat(mean, count, axis=-1)


def win_rates(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Each item's mean probability to be preferred to the prompt's other items ``[..., items]``.

    This puts all raters' rewards on a common scale from 0 to 1 (VPL's pairwise classification).
    """
    rates = np.empty_like(rewards)
    for start, stop in pairwise(offsets):
        part = rewards[..., start:stop]
        wins = expit(part[..., :, None] - part[..., None, :]).sum(-1) - 0.5
        rates[..., start:stop] = wins / max(stop - start - 1, 1)
    return rates
