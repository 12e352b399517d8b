"""One reward for everybody: exact Bradley–Terry on all observed pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.types import Ratings
from scrl.utility_models.prediction import pooled_rewards


@dataclass(frozen=True)
class Pooled:
    """Bradley–Terry on the pairs of all raters."""

    name: str = "pooled"
    title: str = "Bradley–Terry on all pairs"

    def too_large(self, ratings: Ratings) -> str:
        """Never: the fit needs the pairs of one block of prompts at a time."""
        return ""

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedPooled:
        return FittedPooled(pooled_rewards(ratings))


@dataclass(frozen=True, eq=False)
class FittedPooled:
    """Bradley–Terry rewards.

    Attributes:
        reward: ``[items]``.
    """

    reward: np.ndarray

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        return expit(self.reward[first] - self.reward[second])

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        return self.reward + rng.gumbel(size=(voters, len(self.reward)))
