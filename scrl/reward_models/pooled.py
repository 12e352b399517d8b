"""Bradley–Terry on all raters' pairs: one reward for all raters, a lower bound.

The fit is exact if items are known by name only; otherwise a network is trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts
from scrl.config import ModelsConfig
from scrl.reward_models import prototypes
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import OnChunk, RewardModel
from scrl.reward_models.reward_scales import reward_gaps


@dataclass(frozen=True, eq=False)
class PooledTable:
    """A table of rewards common to all raters.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        reward: log-odds ``[items]``, centred within each prompt.
        parameter_count: the number of fitted parameters.
    """

    uses_true_type: ClassVar[bool] = False
    reward: np.ndarray
    parameter_count: int

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        return np.tile(self.reward, (1 if context is None else context.raters, 1))

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return expit(reward_gaps(self.rewards(queries), queries))


@dataclass(frozen=True, eq=False)
class PooledNetwork:
    """A reward network common to all raters.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        mixture: a mixture with one prototype, which is Bradley–Terry.
    """

    uses_true_type: ClassVar[bool] = False
    mixture: prototypes.Prototypes

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        return self.mixture.parameter_count - 1  # the share of the only prototype is not fitted

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> PooledNetwork:
        """The same network applied to other items."""
        return PooledNetwork(self.mixture.with_items(features, offsets))

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        raters = 1 if context is None else context.raters
        return np.tile(self.mixture.prototype_rewards(), (raters, 1))

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return self.mixture.probabilities_at(np.ones((queries.raters, 1)), queries)


def exact_rewards(pairs: np.ndarray, offsets: np.ndarray, prior_sd: float) -> np.ndarray:
    """Exact Bradley–Terry rewards ``[items]`` of pairs ``[pairs, 2]``, the preferred item first."""
    items = int(offsets[-1])
    low, high = pairs.min(1), pairs.max(1)
    cell, inverse = np.unique(low.astype(np.int64) * items + high, return_inverse=True)
    wins_low = np.bincount(inverse, weights=pairs[:, 0] == low, minlength=len(cell))
    total = np.bincount(inverse, minlength=len(cell))
    counts = PairCounts(cell // items, cell % items, wins_low, total - wins_low)
    return fit_pair_counts(counts, offsets, prior_sd)


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
) -> tuple[RewardModel, dict[str, np.ndarray]]:
    """Fit the rewards exactly, without curves, or train a network if items have features."""
    if not comparisons.is_tabular:
        single = replace(config, prototypes=1)
        mixture, curves = prototypes.fit(key, comparisons, single, on_chunk)
        return PooledNetwork(mixture), curves
    reward = exact_rewards(comparisons.flat_pairs(), comparisons.offsets, config.prior_sd)
    return PooledTable(reward, comparisons.items - len(comparisons.offsets) + 1), {}
