"""Bradley–Terry on everybody: the floor, exact. ``plackett_luce`` has a network, and lists."""

from __future__ import annotations

import numpy as np

from scrl.bradley_terry import PairCounts, bradley_terry
from scrl.config import ModelsConfig
from scrl.reward_models.base import OneForAll
from scrl.reward_models.comparisons import Comparisons
from scrl.ties import davidson, tie_counts
from scrl.types import Ratings


def scores(pairs: np.ndarray, offsets: np.ndarray, prior_sd: float) -> np.ndarray:
    """Exact Bradley–Terry scores ``[items]`` of pairs ``[pairs, 2]``, the preferred item first."""
    items = int(offsets[-1])
    low, high = pairs.min(1), pairs.max(1)
    cell, inverse = np.unique(low.astype(np.int64) * items + high, return_inverse=True)
    ahead = np.bincount(inverse, weights=pairs[:, 0] == low, minlength=len(cell))
    total = np.bincount(inverse, minlength=len(cell))
    counts = PairCounts(cell // items, cell % items, ahead, total - ahead)
    return bradley_terry(counts, offsets, prior_sd)


def fit(
    key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None
) -> tuple[OneForAll, dict]:
    """The exact optimum, to which nothing is random."""
    reward = scores(comparisons.flat(), comparisons.offsets, config.prior_sd)
    return OneForAll(reward, comparisons.items - len(comparisons.offsets) + 1), {}


def fit_tied(ratings: Ratings, config: ModelsConfig) -> tuple[OneForAll, dict]:
    """The exact optimum of Davidson's model on whole ballots, ties and all; the model's chances are
    those of raters who do not tie. ``tie`` in what comes with it: ν."""
    counts, ties = tie_counts(ratings)
    offsets = ratings.catalogue.offsets
    found = davidson(counts, ties, offsets, config.prior_sd)
    return OneForAll(found.reward, len(found.reward) - len(offsets) + 2), {"tie": float(found.tie)}
