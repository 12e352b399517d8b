"""One Gaussian over utilities, with covariance prompt ⊗ completion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.types import Ratings
from scrl.utility_models.ballot_table import tabulate, training_table
from scrl.utility_models.covariance import Covariance, CovarianceUpdate, initial_covariance
from scrl.utility_models.population import Population
from scrl.utility_models.prediction import pooled_rewards
from scrl.utility_models.rater_posteriors import (
    find_posterior,
    group_raters,
    posterior_work,
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
        if posterior_work(tabulate(ratings)) <= MAX_WORK:
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
        return self._population.pair_probability(visible, rater, first, second)

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        utility = self.mean + self.covariance.draw(voters, rng)
        return self._population.cast_ballots(utility, np.zeros(voters, int), rng)

    @property
    def _population(self) -> Population:
        """One type, whose mean is taken as known."""
        mean = self.mean[None]
        return Population(mean, np.zeros(mean.shape), np.ones(1), self.covariance)
