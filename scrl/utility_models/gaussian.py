"""One Gaussian over utilities, with covariance prompt ⊗ completion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrl.types import Ratings
from scrl.utility_models.ballot_table import tabulate, training_table
from scrl.utility_models.covariance import Covariance, CovarianceUpdate, initial_covariance
from scrl.utility_models.prediction import pooled_rewards, win_probability
from scrl.utility_models.rater_posteriors import (
    find_posterior,
    group_raters,
    items_of_raters,
)

ITERATIONS = 24
#: Limit of Σ items³ over raters: about a minute.
MAX_WORK = 2e9


@dataclass(frozen=True)
class Gaussian:
    """Gaussian utilities with covariance prompt ⊗ completion."""

    name: str = "gaussian"
    title: str = "Gaussian, prompt ⊗ completion"

    def too_large(self, ratings: Ratings) -> str:
        """Where raters ranked so many items that their posteriors would take minutes."""
        row, _ = items_of_raters(tabulate(ratings))
        if (np.bincount(row).astype(float) ** 3).sum() <= MAX_WORK:
            return ""
        return "raters who ranked hundreds of completions"

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedGaussian:
        table = training_table(ratings)
        groups = group_raters(table)
        mean = pooled_rewards(ratings)
        covariance = initial_covariance(table.catalogue)
        utility: list[np.ndarray | None] = [None] * len(groups)
        for iteration in range(ITERATIONS):
            update = CovarianceUpdate(table, covariance, of_prompts=iteration % 2 == 1)
            for number, group in enumerate(groups):
                steps = 3 if iteration else 10
                found = find_posterior(group, mean, covariance.of, utility[number], steps)
                utility[number] = found.utility
                update.add(group, found)
            mean = update.mean(mean)
            covariance = update.covariance()
        return FittedGaussian(mean, covariance)


@dataclass(frozen=True, eq=False)
class FittedGaussian:
    """A fitted Gaussian.

    Attributes:
        mean: utilities ``[items]``; covariance: of items between raters.
    """

    mean: np.ndarray
    covariance: Covariance

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        of = self.covariance.of
        gap = self.mean[first] - self.mean[second]
        variance = of(first, first) + of(second, second) - 2 * of(first, second)
        table = tabulate(visible)
        row = table.row[rater]
        order = np.argsort(row, kind="stable")
        for group in group_raters(table):
            found = find_posterior(group, self.mean, of)
            for r, (start, stop) in enumerate(_ranges(row[order], group.rows)):
                pairs = order[start:stop]
                item = group.item[r, group.mask[r]][:, None]
                cross = of(item, first[pairs]) - of(item, second[pairs])
                size = len(item)
                gap[pairs] += found.alpha[r, :size] @ cross
                known = found.information[r, :size, :size] @ cross
                variance[pairs] -= (cross * known).sum(0)
        return win_probability(gap, variance)

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        utility = self.mean + self.covariance.draw(voters, rng)
        return utility + rng.gumbel(size=utility.shape)


def _ranges(rising: np.ndarray, values: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where each value stands in a rising array."""
    starts, stops = (np.searchsorted(rising, values, side) for side in ("left", "right"))
    return zip(starts, stops, strict=True)
