"""Reward arrays: gaps of pairs, centring by prompt, win rates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import expit

from scrl.reward_models.comparisons import Comparisons


def reward_gaps(rewards: np.ndarray, queries: Comparisons) -> np.ndarray:
    """By how much the first item of each pair is ahead ``[raters, pairs]``.

    Args:
        rewards: ``[raters, items]``.
    """
    row = np.arange(queries.raters)[:, None]
    return rewards[row, queries.pairs[..., 0]] - rewards[row, queries.pairs[..., 1]]


def center_by_prompt(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Rewards ``[..., items]`` less the mean of each prompt's items."""
    count = np.diff(offsets)
    mean = np.add.reduceat(rewards, offsets[:-1], axis=-1) / count
    return rewards - np.repeat(mean, count, axis=-1)


def win_rates(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Each item's mean probability to be preferred to its prompt's other items ``[..., items]``.

    Between 0 and 1, a scale that raters share (VPL's pairwise classification).
    """
    rates = np.empty_like(rewards)
    for start, stop in pairwise(offsets):
        part = rewards[..., start:stop]
        wins = expit(part[..., :, None] - part[..., None, :]).sum(-1) - 0.5
        rates[..., start:stop] = wins / max(stop - start - 1, 1)
    return rates
