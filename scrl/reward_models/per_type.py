"""Bradley–Terry on the raters of each true type: the ceiling, since no model is told the type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.config import ModelsConfig
from scrl.reward_models.base import Model, gaps, sigmoid
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.pooled import scores
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class PerType(Model):
    """Attributes: reward: log-odds ``[types, items]``; share: of the raters ``[types]``."""

    reward: np.ndarray
    share: np.ndarray

    @property
    def parameters(self) -> int:
        return self.reward.size

    def rewards(self, context):
        anybody = self.share @ self.reward
        if context is None:
            return anybody[None]
        # Of a type that was never met nothing is known.
        kinds = np.minimum(types_of(context), len(self.reward))
        return np.vstack([self.reward, anybody])[kinds]

    def chances(self, context, asked):
        return sigmoid(gaps(self.rewards(context), asked))


def fit(key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None) -> tuple[PerType, dict]:
    """The exact optimum for each type.

    Raises:
        InputError: where raters' types are not known.
    """
    kinds = types_of(comparisons)
    rewards = [
        scores(comparisons.of(kinds == t).flat(), comparisons.offsets, config.prior_sd)
        for t in range(kinds.max() + 1)
    ]
    return PerType(np.array(rewards), np.bincount(kinds) / len(kinds)), {}


def types_of(comparisons: Comparisons) -> np.ndarray:
    """Each rater's type ``[raters]``.

    Raises:
        InputError: where it is not known.
    """
    if comparisons.rater_type is None or (comparisons.rater_type < 0).any():
        raise InputError("Nobody knows the types of these raters, so there is no model for each.")
    return comparisons.rater_type
