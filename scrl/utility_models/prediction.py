"""What several models of raters share when they predict pairs and draw voters."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from scrl.choice_models import fit_pair_counts, pair_counts
from scrl.types import Ratings


def win_probability(gap: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Mean of σ(x) for Gaussian x, by MacKay's (1992) approximation.

    Args:
        gap, variance: mean and variance of x, any equal shapes.
    """
    return expit(gap / np.sqrt(1 + np.pi / 8 * np.maximum(variance, 0)))


def estimated_win_probability(gap: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Mean of σ(x) over the posterior of a log-odds x that all raters share.

    Where one side hardly ever wins, the posterior of x is skewed away from 0, and a Gaussian of
    Laplace's variance puts the probability far too near ½. The second-order expansion around the
    mode is accurate there, and too near ½ elsewhere. The one further from ½ is returned.

    Args:
        gap, variance: mode of x and Laplace's variance, any equal shapes.
    """
    size, win = np.abs(gap), expit(np.abs(gap))
    expansion = win - 0.5 * variance * win * (1 - win) * (2 * win - 1)
    found = np.maximum(win_probability(size, variance), expansion)
    return np.where(gap < 0, 1 - found, found)


def draw_rows(mass: np.ndarray, voters: int, rng: np.random.Generator) -> np.ndarray:
    """Systematic draws of rows in proportion to ``mass`` ``[voters]``."""
    cumulative = np.cumsum(mass) / mass.sum()
    at = (np.arange(voters) + rng.random()) / voters
    return np.minimum(np.searchsorted(cumulative, at), len(mass) - 1)


def pooled_rewards(ratings: Ratings) -> np.ndarray:
    """Bradley–Terry rewards of all raters' pairs ``[items]``."""
    return fit_pair_counts(pair_counts(ratings), ratings.catalogue.offsets)
