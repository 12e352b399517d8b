"""Bradley–Terry for each true type: an upper bound, since no other model knows the types.

Fits are exact if items are known by name only; otherwise a network is trained for each type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import numpy as np
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.reward_models import pooled
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import OnChunk, RewardModel
from scrl.reward_models.reward_scales import reward_gaps
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class PerTypeTable:
    """A table of rewards for each type.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        reward: log-odds ``[types, items]``.
        share: of the types among the training raters ``[types]``.
    """

    uses_true_type: ClassVar[bool] = True
    reward: np.ndarray
    share: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        return self.reward.size

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        mean = self.share @ self.reward
        if context is None:
            return mean[None]
        # A type without training raters gets the mean reward.
        types = np.minimum(known_types(context), len(self.reward))
        return np.vstack([self.reward, mean])[types]

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return expit(reward_gaps(self.rewards(context), queries))


@dataclass(frozen=True, eq=False)
class PerTypeNetworks:
    """A network for each type.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        models: type -> its model, for types with training raters.
        share: type -> its share of the training raters.
    """

    uses_true_type: ClassVar[bool] = True
    models: dict[int, RewardModel]
    share: dict[int, float]

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        return sum(model.parameter_count for model in self.models.values())

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        by_type = {t: model.rewards(None) for t, model in self.models.items()}
        mean = np.sum([self.share[t] * reward for t, reward in by_type.items()], axis=0)
        if context is None:
            return mean
        return np.concatenate([by_type.get(t, mean) for t in known_types(context).tolist()])

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        types, probability = known_types(context), np.zeros(queries.mask.shape)
        for t in np.unique(types).tolist():
            of_type = queries.select_raters(types == t)
            # A type without training raters gets the mean probability.
            weights = {t: 1.0} if t in self.models else self.share
            for other, weight in weights.items():
                model = self.models[other]
                probability[types == t] += weight * model.probabilities(of_type, of_type)
        return probability


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
) -> tuple[RewardModel, dict[str, np.ndarray]]:
    """Fit each type exactly, or train a network for each type if items have features.

    Raises:
        InputError: if the raters' types are unknown.
    """
    types = known_types(comparisons)
    share = np.bincount(types) / len(types)
    if comparisons.is_tabular:
        rewards = [
            pooled.exact_rewards(
                comparisons.select_raters(types == t).flat_pairs(), comparisons.offsets,
                config.prior_sd,
            )
            for t in range(len(share))
        ]  # fmt: skip
        return PerTypeTable(np.array(rewards), share), {}
    present: list[int] = np.flatnonzero(share).tolist()
    models: dict[int, RewardModel] = {}

    def report(curves: dict[str, np.ndarray], done: float) -> None:
        if on_chunk is not None:
            on_chunk(curves, (len(models) + done) / len(present))

    for t in present:
        own = comparisons.select_raters(types == t)
        models[t], _ = pooled.fit(jax.random.fold_in(key, t), own, config, report)
    return PerTypeNetworks(models, {t: float(share[t]) for t in present}), {}


def known_types(comparisons: Comparisons) -> np.ndarray:
    """Each rater's type ``[raters]``.

    Raises:
        InputError: if a rater's type is unknown.
    """
    if comparisons.rater_type is None or (comparisons.rater_type < 0).any():
        raise InputError("Nobody knows the types of these raters, so there is no model for each.")
    return comparisons.rater_type
