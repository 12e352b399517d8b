"""A mixture of Plackett–Luce types as a rival: its number of types by BIC, no variation within."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from scrl.types import Ratings
from scrl.utility_models.ballot_table import tabulate, training_table
from scrl.utility_models.prediction import draw_rows
from scrl.utility_models.responses import shares_with_responses
from scrl.utility_models.type_mixture import TypeProblem

#: Limit of ranked completions.
MAX_ENTRIES = 20_000_000
#: Types of fewer raters are dropped at the end.
MIN_RATERS = 0.5


@dataclass(frozen=True)
class TypeMixture:
    """Mixture of Plackett–Luce, its number of types by BIC."""

    name: str = "types"
    title: str = "Mixture of Plackett–Luce types"

    def too_large(self, ratings: Ratings) -> str:
        if len(ratings.item) <= MAX_ENTRIES:
            return ""
        return f"more than {MAX_ENTRIES:,} ranked completions"

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedTypes:
        problem = TypeProblem(training_table(ratings))
        best = problem.search(seed)
        shares = shares_with_responses(problem.table, problem.by_row(best.reward), best.share)
        # Types that only silence kept apart from others end with nobody.
        kept = shares * problem.table.mass.sum() >= MIN_RATERS
        return FittedTypes(best.reward[kept], shares[kept] / shares[kept].sum())


@dataclass(frozen=True, eq=False)
class FittedTypes:
    """Fitted types.

    Attributes:
        reward: of each type ``[types, items]``; share: of the population ``[types]``.
    """

    reward: np.ndarray
    share: np.ndarray

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        problem = TypeProblem(tabulate(visible))
        log_share = np.log(np.maximum(self.share, 1e-300))
        posterior = softmax(problem.by_row(self.reward) + log_share, axis=1)
        posterior = np.concatenate([posterior, self.share[None]])  # row -1: no ballots
        row = problem.table.row[rater]
        return sum(
            (posterior[row, k] * expit(reward[first] - reward[second])
             for k, reward in enumerate(self.reward)),
            start=np.zeros(len(row)),
        )  # fmt: skip

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Each type has its share of the voters, but for rounding."""
        kind = draw_rows(self.share, voters, rng)
        return self.reward[kind] + rng.gumbel(size=(voters, self.reward.shape[1]))
