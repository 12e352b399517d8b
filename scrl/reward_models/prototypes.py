"""Prototypes, after PAL (Chen et al. 2024): a rater's reward is a mixture of k learned rewards.

Fitted by the exact marginal likelihood of each rater, Σ_k π_k Π_pairs σ(r_k(winner) − r_k(loser)).
There is no encoder: a rater's weights are the posterior of the prototypes given the context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig
from scrl.networks.training import Phase
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.fitted import NetworkModel, map_in_batches
from scrl.reward_models.networks import Scorer
from scrl.reward_models.protocols import OnChunk, RaterPosterior
from scrl.reward_models.reward_scales import center_by_prompt
from scrl.reward_models.training import (
    NetworkFamily,
    PairData,
    fit_network,
    module_of,
    reward_gap_prior,
    sample_batch,
    static_config,
)

#: Prototypes with a smaller share are excluded from the worst case.
MIN_SHARE = 0.01


class Network(nnx.Module):
    """The rewards and the shares of the prototypes."""

    def __init__(self, features: int, config: ModelsConfig, *, rngs: nnx.Rngs) -> None:
        k = config.prototypes
        self.scorer = Scorer(features, 0, config.width, k, rngs=rngs)
        self.logit = nnx.Param(jnp.zeros(k))

    def log_likelihood(self, features: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Log-likelihood of a rater's pairs under each prototype ``[k]``, and the reward gaps
        ``[pairs, k]``.

        Args:
            features: ``[pairs, 2, features]``.
            mask: ``[pairs]``.
        """
        reward = self.scorer(features)
        gap = reward[:, 0] - reward[:, 1]
        return jnp.sum(jnp.where(mask[:, None], jax.nn.log_sigmoid(gap), 0.0), axis=0), gap

    def log_share(self) -> jax.Array:
        """Log shares of the prototypes ``[k]``."""
        return jax.nn.log_softmax(self.logit[...])


def _batch_loss(
    module: Network, key: jax.Array, data: PairData, phase: Phase, config: ModelsConfig
) -> tuple[jax.Array, dict]:
    features, mask = sample_batch(key, data, config.batch)

    def rater_loss(features: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
        log_likelihood, gap = module.log_likelihood(features, mask)
        prior = jax.vmap(lambda g: reward_gap_prior(g, mask, config), in_axes=1)(gap)
        return -jax.nn.logsumexp(module.log_share() + log_likelihood), jnp.mean(prior)

    nll, prior = jax.tree.map(jnp.mean, jax.vmap(rater_loss)(features, mask))
    return nll + prior, {"watched": nll}


FAMILY = NetworkFamily(Network, _batch_loss)


@partial(jax.jit, static_argnames=("config",))
def _weights(
    params: nnx.State,
    features: jax.Array,
    pairs: jax.Array,
    mask: jax.Array,
    *,
    config: ModelsConfig,
) -> jax.Array:
    """Posterior of the prototypes given each rater's pairs ``[raters, k]``."""
    module = module_of(FAMILY, params, features.shape[1], config)
    log_likelihood = jax.vmap(lambda p, m: module.log_likelihood(features[p], m)[0])(pairs, mask)
    return jax.nn.softmax(module.log_share() + log_likelihood)


@partial(jax.jit, static_argnames=("config",))
def _probabilities(
    params: nnx.State, features: jax.Array, pairs: jax.Array, *, config: ModelsConfig
) -> jax.Array:
    """P(first ≻ second) under each prototype ``[raters, pairs, k]``."""
    reward = module_of(FAMILY, params, features.shape[1], config).scorer(features[pairs])
    return jax.nn.sigmoid(reward[..., 0, :] - reward[..., 1, :])


@partial(jax.jit, static_argnames=("config",))
def _rewards(params: nnx.State, features: jax.Array, *, config: ModelsConfig) -> jax.Array:
    """Rewards of each prototype ``[items, k]``."""
    return module_of(FAMILY, params, features.shape[1], config).scorer(features)


@dataclass(frozen=True, eq=False)
class Prototypes(NetworkModel):
    """A fitted mixture. A rater's latent is the vector of prototype weights."""

    @property
    def share(self) -> np.ndarray:
        """Shares of the prototypes ``[k]``."""
        logit = jnp.asarray(self.params["logit"][...])
        return np.asarray(jax.nn.softmax(logit), np.float64)

    def prototype_rewards(self) -> np.ndarray:
        """Rewards of each prototype ``[k, items]``, centred within each prompt."""
        rewards = np.asarray(_rewards(self.params, self.features, config=self.config), np.float64)
        return center_by_prompt(rewards.T, self.offsets)

    def posterior(self, context: Comparisons) -> RaterPosterior:
        call = partial(_weights, self.params, context.features, config=self.config)
        (weight,) = map_in_batches(lambda p, m: (call(p, m),), context.pairs, context.mask)
        weight = np.maximum(np.asarray(weight, np.float64), 1e-12)
        return RaterPosterior(weight, None, weight * np.log(weight / self.share))

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        weight = self.share[None] if context is None else self.posterior(context).mean
        return weight @ self.prototype_rewards()

    def worst_case_rewards(self) -> np.ndarray:
        """Each item's least reward ``[items]`` over prototypes with a share above ``MIN_SHARE``.

        A MaxMin policy maximises it.
        """
        return self.prototype_rewards()[self.share > MIN_SHARE].min(axis=0)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return self.probabilities_at(self.posterior(context).mean, queries)

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        call = partial(_probabilities, self.params, queries.features, config=self.config)
        (each,) = map_in_batches(lambda p: (call(p),), queries.pairs)
        return np.einsum("rpk,rk->rp", each, latent)


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk: OnChunk = None
) -> tuple[Prototypes, dict[str, np.ndarray]]:
    """Train a mixture of prototypes; the curves hold ``watched``, in nats per rater."""
    params, curves = fit_network(FAMILY, key, comparisons, config, on_chunk)
    model = Prototypes(
        params, static_config(config), comparisons.features, comparisons.offsets
    )  # fmt: skip
    return model, curves
