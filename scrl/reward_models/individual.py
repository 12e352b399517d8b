"""The lab's model of individual raters (``raters.rater_model``) as a reward model.

Each pair is a ballot of two completions. Completions with features may be other ones than those
that the model was fitted to; a rater's pairs then tell the rater's type, and features tell what
each type thinks of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import jax
import numpy as np
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.raters.rater_model import RaterModel
from scrl.reward_models.comparisons import Comparisons, comparisons_to_ratings, empty_context
from scrl.reward_models.protocols import OnChunk, RaterPosterior, RewardModel
from scrl.reward_models.reward_scales import center_by_prompt, reward_gaps
from scrl.types import Catalogue
from scrl.utility_models.ballot_table import tabulate
from scrl.utility_models.population import Population
from scrl.utility_models.population_fit import fit_population
from scrl.utility_models.prediction import estimated_win_probability

#: Least variance of a dimension of the population, in latent units².
MIN_VARIANCE = 1e-6


@dataclass(frozen=True, eq=False)
class IndividualRaters:
    """The fitted model of individual raters.

    Latents are in standard deviations of the population.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        model: the fitted model.
        known: features of the completions that it was fitted to ``[known items, features]``.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    model: RaterModel
    known: np.ndarray
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        population = self.model.population
        effects, covariance = population.completion_effects, population.covariance
        count = population.reward.size + population.types - 1
        count += 0 if effects is None else effects.weight.size
        if population.varies:
            sizes = [len(covariance.between_prompts), *covariance.between_completions.shape[:1]]
            count += sum(size * (size + 1) // 2 for size in sizes)
        return int(count)

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> IndividualRaters:
        """The same model applied to other items."""
        return replace(self, features=features, offsets=offsets)

    def _is_known(self, features: np.ndarray) -> bool:
        """Whether items are those that the model was fitted to."""
        return features is self.known or np.array_equal(features, self.known)

    def _population(self, features: np.ndarray, offsets: np.ndarray) -> Population:
        """The population's rewards of items with these features."""
        if self._is_known(features):
            return self.model.population
        return self.model.population.on_items(featured_catalogue(features, offsets))

    @cached_property
    def _own_rewards(self) -> np.ndarray:
        """Mean rewards of the types ``[types, items]``."""
        return self._population(self.features, self.offsets).reward

    # -- raters -----------------------------------------------------------------------------------

    @cached_property
    def _prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of latents in the population ``[latent]``."""
        share, means = self.model.population.share, self.model.type_latents
        mean = share @ means
        variance = np.diag(self.model.latent_covariance) + share @ (means - mean) ** 2
        return mean, np.maximum(variance, MIN_VARIANCE)

    def _type_probabilities(self, context: Comparisons) -> np.ndarray:
        """P(type | pairs) of each rater ``[raters, types]``."""
        catalogue = featured_catalogue(context.features, context.offsets)
        table = tabulate(comparisons_to_ratings(context, catalogue))
        population = self._population(context.features, context.offsets)
        found = np.concatenate([population.type_probabilities(table), population.share[None]])
        return found[table.row]  # row -1: no pairs

    def posterior(self, context: Comparisons) -> RaterPosterior:
        mean, variance = self._prior
        if self._is_known(context.features):
            ratings = comparisons_to_ratings(context, self.model.catalogue)
            found = self.model.embed(ratings, include_empty=True).posterior
            latent, spread = found.mean, np.exp(found.log_variance)
        else:
            probability, means = self._type_probabilities(context), self.model.type_latents
            latent = probability @ means
            spread = probability @ means**2 - latent**2 + np.diag(self.model.latent_covariance)
        scaled = np.maximum(spread / variance, MIN_VARIANCE)
        return RaterPosterior.gaussian((latent - mean) / np.sqrt(variance), np.log(scaled))

    # -- rewards ----------------------------------------------------------------------------------

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards at the posterior mean."""
        if context is None:
            context = empty_context(self.known, np.array([0, len(self.known)]))
            if self._is_known(self.features):
                context = empty_context(self.features, self.offsets)
        if self._is_known(context.features) and self._is_known(self.features):
            found = self._rewards_at(self.posterior(context).mean)
        else:
            found = self._type_probabilities(context) @ self._own_rewards
        return center_by_prompt(found, self.offsets)

    def _rewards_at(self, latent: np.ndarray) -> np.ndarray:
        """Rewards of known items ``[raters, items]``."""
        mean, variance = self._prior
        return self.model.rewards(mean + np.sqrt(variance) * latent).astype(np.float64)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        if self._is_known(context.features) and self._is_known(queries.features):
            visible = comparisons_to_ratings(context, self.model.catalogue)
            shape = queries.mask.shape
            rater = np.repeat(np.arange(shape[0]), shape[1])
            first, second = queries.pairs.reshape(-1, 2).T
            found = self.model.population.pair_probability(visible, rater, first, second)
            return found.reshape(shape)
        return self._by_type(self._type_probabilities(context), queries)

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        if self._is_known(queries.features):
            return expit(reward_gaps(self._rewards_at(latent), queries))
        # Latents of raters of whom only the type is known are means of types' latents.
        mean, variance = self._prior
        means = np.vstack([self.model.type_latents.T, np.ones(self.model.population.types)])
        wanted = np.vstack([(mean + np.sqrt(variance) * latent).T, np.ones(len(latent))])
        weight = np.linalg.lstsq(means, wanted, rcond=None)[0].T
        reward = self._population(queries.features, queries.offsets).reward
        gap = reward[:, queries.pairs[..., 0]] - reward[:, queries.pairs[..., 1]]
        return expit(np.einsum("rk,krp->rp", weight, gap))

    def _by_type(self, probability: np.ndarray, queries: Comparisons) -> np.ndarray:
        """Means over types ``[raters, pairs]``."""
        population = self._population(queries.features, queries.offsets)
        first, second = queries.pairs[..., 0], queries.pairs[..., 1]
        gap = population.reward[:, first] - population.reward[:, second]
        variance = population.variance[:, first] + population.variance[:, second]
        win = estimated_win_probability(gap, variance)
        return np.einsum("rk,krp->rp", probability, win)


def featured_catalogue(features: np.ndarray, offsets: np.ndarray) -> Catalogue:
    """A catalogue of numbered prompts and items, each item a distinct completion."""
    names = tuple(map(str, range(len(features))))
    prompts = tuple(str(p) for p in range(len(offsets) - 1))
    return Catalogue(
        prompts, names, np.arange(len(features)), offsets, completion_features=features
    )


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
) -> tuple[RewardModel, dict[str, np.ndarray]]:
    """Fit the model of individual raters to pairs.

    Args:
        key: gives the seed.
        comparisons: the training pairs.
        config: not used; the settings of step 1 are the defaults.
        on_chunk: called with no curves and the share done.

    Returns:
        The model, and no curves.
    """
    features, offsets = comparisons.features, comparisons.offsets
    catalogue = comparisons.catalogue or featured_catalogue(features, offsets)
    ratings = comparisons_to_ratings(comparisons, catalogue)
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))

    def report(share: float, message: str) -> None:
        if on_chunk is not None:
            on_chunk({}, share)

    fitted = fit_population(ratings, None, seed, report)
    model = RaterModel.of(fitted.population, catalogue)
    return IndividualRaters(model, features, features, offsets), {}
