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


def draw_rows(mass: np.ndarray, voters: int, rng: np.random.Generator) -> np.ndarray:
    """Systematic draws of rows in proportion to ``mass`` ``[voters]``."""
    cumulative = np.cumsum(mass) / mass.sum()
    at = (np.arange(voters) + rng.random()) / voters
    return np.minimum(np.searchsorted(cumulative, at), len(mass) - 1)


def pooled_rewards(ratings: Ratings) -> np.ndarray:
    """Bradley–Terry rewards of all raters' pairs ``[items]``."""
    return fit_pair_counts(pair_counts(ratings), ratings.catalogue.offsets)
