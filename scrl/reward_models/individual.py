"""The network that reads ballots (``raters.model``) as a reward model: each pair is a ballot.

Items with features may be too many to be embedded at each training step. The network, its encoder
and its objective are then the same, but a rater's catalogue holds only the items of their pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import expit

from scrl.config import IndividualConfig, ModelsConfig, Schedule
from scrl.networks.layers import Sizes, Table
from scrl.networks.training import Phase
from scrl.raters import masking
from scrl.raters.fitting import TrainingData, fit_individual, rater_terms
from scrl.raters.model import Individual
from scrl.raters.network import IndividualReward, Posterior
from scrl.reward_models.comparisons import Comparisons, comparisons_to_ratings, empty_context
from scrl.reward_models.fitted import (
    DRAWS,
    LatentFamily,
    LatentNetworkModel,
    count_parameters,
)
from scrl.reward_models.protocols import OnChunk, RaterPosterior, RewardModel
from scrl.reward_models.reward_scales import center_by_prompt, reward_gaps
from scrl.reward_models.training import PairData, fit_network, sample_batch, static_config
from scrl.types import Catalogue

# -- items known by name --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TabularIndividual:
    """The network that reads ballots, of items known by name.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        model: the fitted network.
        offsets: index of each prompt's first item ``[prompts + 1]``.
    """

    uses_true_type: ClassVar[bool] = False
    model: Individual
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        return count_parameters(self.model.params)

    def posterior(self, context: Comparisons) -> RaterPosterior:
        ratings = comparisons_to_ratings(context, self.model.catalogue)
        _, (mean, log_variance) = self.model.embed(ratings, include_empty=True)
        return RaterPosterior.gaussian(np.asarray(mean), np.asarray(log_variance))

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards at the posterior mean."""
        if context is None:
            context = empty_context(np.eye(self.offsets[-1]), self.offsets)
        return center_by_prompt(self._rewards(self.posterior(context).mean), self.offsets)

    def _rewards(self, latent: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.rewards(np.asarray(latent, np.float32)), np.float64)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """Means over posterior draws, with the same noise in all calls."""
        (mean, sd), rng = self.posterior(context).gaussian_moments(), np.random.default_rng(0)
        total = np.zeros(queries.mask.shape)
        for _ in range(DRAWS):
            latent = mean + sd * rng.standard_normal(mean.shape)
            total += expit(reward_gaps(self._rewards(latent), queries))
        return total / DRAWS

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        return expit(reward_gaps(self._rewards(latent), queries))


def unnamed_catalogue(comparisons: Comparisons) -> Catalogue:
    """A catalogue of numbered prompts and items, each item a distinct completion."""
    names = tuple(str(i) for i in range(comparisons.items))
    prompts = tuple(str(p) for p in range(len(comparisons.offsets) - 1))
    return Catalogue(prompts, names, np.arange(comparisons.items), comparisons.offsets)


# -- items known by features ----------------------------------------------------------------------


def _network(features: int, config: ModelsConfig, *, rngs: nnx.Rngs) -> IndividualReward:
    """The network of one prompt whose completions have features."""
    return IndividualReward(Sizes(1, 1, 1, 0, features), individual_config(config), rngs=rngs)


def _catalogue_of_pairs(features: jax.Array) -> Table:
    """The catalogue of a rater's pairs ``[pairs, 2, features]``, centred within each pair."""
    pairs, _, width = features.shape
    zeros, item = jnp.zeros(2 * pairs, jnp.int32), jnp.arange(2 * pairs)
    return Table(item // 2, zeros, item, zeros, None, features.reshape(2 * pairs, width))


def _ballots_of_pairs(mask: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Items, ranks and mask ``[pairs, 2]`` of ballots, given the mask of pairs ``[pairs]``."""
    item = jnp.arange(2 * len(mask)).reshape(-1, 2)
    return item, jnp.broadcast_to(jnp.arange(2), item.shape), jnp.repeat(mask[:, None], 2, axis=1)


def _batch_loss(
    module: IndividualReward, key: jax.Array, data: PairData, phase: Phase, config: ModelsConfig
) -> tuple[jax.Array, dict]:
    own = individual_config(config)
    key_raters, key_each = jax.random.split(key)
    features, mask = sample_batch(key_raters, data, config.batch)
    beta = own.beta * jnp.minimum(1.0, phase.step / own.kl_warmup)

    def rater_objective(
        key: jax.Array, features: jax.Array, mask: jax.Array
    ) -> dict[str, jax.Array]:
        rater_data = TrainingData(_catalogue_of_pairs(features), (), None)
        basis = module.reward_basis(rater_data.table)
        ballots = (*_ballots_of_pairs(mask), 1.0 * mask)
        return rater_terms(own, module, basis, rater_data, phase.ramp, beta, key, *ballots)

    keys = jax.random.split(key_each, config.batch)
    terms = jax.tree.map(jnp.mean, jax.vmap(rater_objective)(keys, features, mask))
    return terms.pop("objective"), terms


def _encode(module: IndividualReward, features: jax.Array, mask: jax.Array) -> Posterior[jax.Array]:
    item, rank, visible = _ballots_of_pairs(mask)
    basis = module.reward_basis(_catalogue_of_pairs(features))
    return module.encode(basis, item, masking.full_view(rank, visible))


def _pair_rewards(module: IndividualReward, features: jax.Array, latent: jax.Array) -> jax.Array:
    basis = module.reward_basis(_catalogue_of_pairs(features))
    return module.rewards(basis, latent).reshape(-1, 2)


def _item_rewards(module: IndividualReward, features: jax.Array, latent: jax.Array) -> jax.Array:
    basis = module.reward_basis(_catalogue_of_pairs(features[:, None].repeat(2, axis=1)))
    return module.rewards(basis, latent)[::2]


FAMILY = LatentFamily(
    _network, _batch_loss, encode=_encode, pair_rewards=_pair_rewards, item_rewards=_item_rewards
)


# -- fitting --------------------------------------------------------------------------------------


def individual_config(config: ModelsConfig) -> IndividualConfig:
    """The default settings of the network, trained for as long as the other networks."""
    s, own = config.schedule, IndividualConfig()
    explore, cool = s.explore[1], s.cool
    schedule = Schedule(
        rate=own.schedule.rate, warmup=s.warmup, explore=(explore // 2, explore),
        ramp=max(explore // 2, 1), cool=cool, decay=own.schedule.decay, chunk=s.chunk,
    )  # fmt: skip
    return replace(own, schedule=schedule)


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    catalogue: Catalogue | None = None,
) -> tuple[RewardModel, dict[str, np.ndarray]]:
    """Train the network that reads ballots on pairs.

    Args:
        key: consumed.
        comparisons: the training pairs.
        config: the settings.
        on_chunk: called with the curves and the share done.
        catalogue: of the items; by default a numbered one.

    Returns:
        The model, and its training curves.
    """
    own = individual_config(config)
    if not comparisons.is_tabular:
        params, curves = fit_network(
            FAMILY, key, comparisons, replace(config, schedule=own.schedule), on_chunk
        )
        features, offsets = comparisons.features, comparisons.offsets
        static = static_config(config)
        return LatentNetworkModel(params, static, features, offsets, FAMILY), curves

    def report(model: Individual, curves: dict[str, np.ndarray], done: float) -> None:
        if on_chunk is not None:
            on_chunk(curves, done)

    catalogue = catalogue or unnamed_catalogue(comparisons)
    ratings = comparisons_to_ratings(comparisons, catalogue)
    model, curves = fit_individual(key, ratings, own, report)
    return TabularIndividual(model, comparisons.offsets), curves
