"""Bradley–Terry on everybody: the floor. Exact where items are known by name; a network where they
are known by features."""

from __future__ import annotations

import numpy as np

from scrl.bradley_terry import PairCounts, bradley_terry
from scrl.config import ModelsConfig
from scrl.reward_models.base import OneForAll
from scrl.reward_models.comparisons import Comparisons


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
