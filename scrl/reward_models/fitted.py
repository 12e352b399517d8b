"""Fitted networks as implementations of the reward model protocols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig
from scrl.raters.network import Posterior
from scrl.reward_models.comparisons import Comparisons, empty_context
from scrl.reward_models.protocols import RaterPosterior
from scrl.reward_models.reward_scales import center_by_prompt
from scrl.reward_models.training import NetworkFamily, module_of

#: Number of posterior draws over which a probability is averaged.
DRAWS = 16


@dataclass(frozen=True, eq=False)
class NetworkModel:
    """A reward model that is a network of items' features.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        params: the network's parameters.
        config: the settings that determine its shapes.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    params: nnx.State
    config: ModelsConfig
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        return count_parameters(self.params)

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Self:
        """The same network applied to other items."""
        return replace(self, features=features, offsets=offsets)


@dataclass(frozen=True)
class LatentFamily(NetworkFamily):
    """A family of networks with a Gaussian latent for each rater.

    Attributes:
        encode: ``(module, [pairs, 2, features], mask [pairs]) -> posterior`` of one rater.
        pair_rewards: ``(module, [pairs, 2, features], [latent]) -> [pairs, 2]``.
        item_rewards: ``(module, [items, features], [latent]) -> [items]``.
    """

    encode: Callable[..., Posterior[jax.Array]]
    pair_rewards: Callable[..., jax.Array]
    item_rewards: Callable[..., jax.Array]


@partial(jax.jit, static_argnames=("family", "config"))
def _encode(
    params: nnx.State,
    features: jax.Array,
    pairs: jax.Array,
    mask: jax.Array,
    *,
    family: LatentFamily,
    config: ModelsConfig,
) -> Posterior[jax.Array]:
    """Posteriors ``[raters, latent]`` given pairs ``[raters, pairs, 2]``."""
    module = module_of(family, params, features.shape[1], config)
    return jax.vmap(lambda f, m: family.encode(module, f, m))(features[pairs], mask)


@partial(jax.jit, static_argnames=("family", "config"))
def _probabilities(
    params: nnx.State,
    features: jax.Array,
    pairs: jax.Array,
    latent: jax.Array,
    *,
    family: LatentFamily,
    config: ModelsConfig,
) -> jax.Array:
    """P(first ≻ second) of pairs ``[raters, pairs, 2]``, a mean over latents
    ``[raters, draws, latent]``."""
    module = module_of(family, params, features.shape[1], config)

    def mean_probability(features: jax.Array, latents: jax.Array) -> jax.Array:
        reward = jax.vmap(lambda z: family.pair_rewards(module, features, z))(latents)
        return jnp.mean(jax.nn.sigmoid(reward[..., 0] - reward[..., 1]), axis=0)

    return jax.vmap(mean_probability)(features[pairs], latent)


@partial(jax.jit, static_argnames=("family", "config"))
def _rewards(
    params: nnx.State,
    features: jax.Array,
    latent: jax.Array,
    *,
    family: LatentFamily,
    config: ModelsConfig,
) -> jax.Array:
    """Rewards ``[raters, items]`` for latents ``[raters, latent]``."""
    module = module_of(family, params, features.shape[1], config)
    return jax.vmap(lambda z: family.item_rewards(module, features, z))(latent)


@dataclass(frozen=True, eq=False)
class LatentNetworkModel(NetworkModel):
    """A fitted network with a Gaussian latent for each rater.

    Attributes:
        family: the functions that encode pairs and score items.
    """

    family: LatentFamily

    def posterior(self, context: Comparisons) -> RaterPosterior:
        encode = self._program(_encode, context.features)
        return RaterPosterior.gaussian(*map_in_batches(encode, context.pairs, context.mask))

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards at the posterior mean."""
        if context is None:
            context = empty_context(self.features, self.offsets)
        score = self._program(_rewards, self.features)
        (rewards,) = map_in_batches(lambda z: (score(z),), self.posterior(context).mean)
        return center_by_prompt(np.asarray(rewards, np.float64), self.offsets)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """Means over posterior draws, with the same noise for all raters and calls."""
        mean, sd = self.posterior(context).gaussian_moments()
        noise = np.random.default_rng(0).standard_normal((DRAWS, mean.shape[1]), np.float32)
        return self._probabilities(mean[:, None] + sd[:, None] * noise, queries)

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        return self._probabilities(latent[:, None], queries)

    def _probabilities(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        """Mean probabilities over latents ``[raters, draws, latent]``."""
        probability = self._program(_probabilities, queries.features)
        return map_in_batches(lambda p, z: (probability(p, z),), queries.pairs, latent)[0]

    def _program(self, program: Callable, features: np.ndarray) -> Callable:
        """A compiled program applied to this model and the features of the queried items."""
        return partial(program, self.params, features, family=self.family, config=self.config)


def count_parameters(params: nnx.State) -> int:
    """The number of scalars in the parameters."""
    return int(sum(np.size(x) for x in jax.tree.leaves(params)))


def map_in_batches(call: Callable, *arrays: np.ndarray, rows: int = 512) -> list[np.ndarray]:
    """Apply ``call`` to batches of rows of the arrays and concatenate the results.

    The last batch is padded, so that one compiled program serves any number of raters.

    Args:
        call: takes arrays ``[rows, ...]`` and returns a sequence of arrays ``[rows, ...]``.
        arrays: ``[n, ...]``.
        rows: of a batch.
    """
    n, parts = len(arrays[0]), []
    for start in range(0, max(n, 1), rows):
        batch = [a[start : start + rows] for a in arrays]
        size = len(batch[0])
        batch = [np.pad(a, [(0, rows - size)] + [(0, 0)] * (a.ndim - 1)) for a in batch]
        parts.append([np.asarray(x)[:size] for x in call(*batch)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
