"""Prototypes, after PAL (Chen et al. 2024): a rater is a mixture of k learned rewards.

Fitted by a whole rater's exact marginal likelihood Σ_k π_k Π_pairs σ(r_k(winner) − r_k(loser)),
so there is no encoder: a new rater's weights are the posterior of the prototypes given the context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig
from scrl.reward_models import network
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import Latents, centred


class Network(nnx.Module):
    """The prototypes' rewards, and how common each is."""

    def __init__(self, features: int, config: ModelsConfig, *, rngs: nnx.Rngs):
        k = config.prototypes
        self.scorer = network.Scorer(features, 0, config.width, k, rngs=rngs)
        self.logit = nnx.Param(jnp.zeros(k))

    def nats(self, features, mask):
        """Log-likelihood of a rater's pairs ``[pairs, 2, features]`` under each ``[k]``, and the
        gaps ``[pairs, k]``."""
        reward = self.scorer(features)
        gap = reward[:, 0] - reward[:, 1]
        return jnp.sum(jnp.where(mask[:, None], jax.nn.log_sigmoid(gap), 0.0), axis=0), gap

    def common(self):
        return jax.nn.log_softmax(self.logit[...])


@lru_cache(maxsize=64)
def _make(features: int, config: ModelsConfig):
    return partial(Network, features, config)


@lru_cache(maxsize=64)
def _graph(features: int, config: ModelsConfig):
    return network.graph_of(_make(features, config))


@lru_cache(maxsize=64)
def _loss(features: int, config: ModelsConfig):
    graph = _graph(features, config)

    def loss(params, key, data: network.Data, phase):
        model = nnx.merge(graph, params)
        features, mask = network.some_raters(key, data, config.batch)

        def one(features, mask):
            nats, gap = model.nats(features, mask)
            prior = jax.vmap(lambda g: network.prior_on(g, mask, config), in_axes=1)(gap)
            return -jax.nn.logsumexp(model.common() + nats), jnp.mean(prior)

        nll, prior = jax.tree.map(jnp.mean, jax.vmap(one)(features, mask))
        return nll + prior, {"watched": nll}

    return loss


@partial(jax.jit, static_argnames=("config",))
def _weigh(params, table, pairs, mask, *, config):
    model = nnx.merge(_graph(table.shape[1], config), params)
    nats = jax.vmap(lambda p, m: model.nats(table[p], m)[0])(pairs, mask)
    return jax.nn.softmax(model.common() + nats)


@partial(jax.jit, static_argnames=("config",))
def _each(params, table, pairs, *, config):
    """The chance that the first is preferred, under each prototype ``[raters, pairs, k]``."""
    reward = nnx.merge(_graph(table.shape[1], config), params).scorer(table[pairs])
    return jax.nn.sigmoid(reward[..., 0, :] - reward[..., 1, :])


@partial(jax.jit, static_argnames=("config",))
def _rewards(params, table, *, config):
    return nnx.merge(_graph(table.shape[1], config), params).scorer(table)


@dataclass(frozen=True, eq=False)
class Prototypes(network.Fitted):
    """A fitted mixture. A latent is a rater's weights."""

    @property
    def share(self) -> np.ndarray:
        """How common each prototype is ``[k]``."""
        return np.asarray(jax.nn.softmax(self.params["logit"][...]), np.float64)

    def prototypes(self) -> np.ndarray:
        """Their rewards ``[k, items]``."""
        found = np.asarray(_rewards(self.params, self.features, config=self.config), np.float64)
        return centred(found.T, self.offsets)

    def posterior(self, context: Comparisons) -> Latents:
        call = partial(_weigh, self.params, context.features, config=self.config)
        (weight,) = network.in_parts(lambda p, m: (call(p, m),), context.pairs, context.mask)
        weight = np.maximum(np.asarray(weight, np.float64), 1e-12)
        return Latents(weight, None, weight * np.log(weight / self.share))

    def rewards(self, context):
        weight = self.share[None] if context is None else self.posterior(context).mean
        return weight @ self.prototypes()

    def maxmin(self) -> np.ndarray:
        """Each item's least reward among the prototypes that are more than 1 % of the raters: what
        a policy for the worst-off looks at ``[items]``."""
        return self.prototypes()[self.share > 0.01].min(axis=0)

    def chances(self, context, asked):
        return self.chances_at(self.posterior(context).mean, asked)

    def chances_at(self, mean, asked):
        call = partial(_each, self.params, asked.features, config=self.config)
        (each,) = network.in_parts(lambda p: (call(p),), asked.pairs)
        return np.einsum("rpk,rk->rp", each, mean)


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk=None
) -> tuple[Prototypes, dict]:
    """Train it; the curves hold ``watched``, nats a rater."""
    static, features = network.program(config), comparisons.features.shape[1]
    initial = partial(network.initial_of, make=_make(features, static))
    params, curves = network.fit_pairs(
        key, comparisons, config, initial, _loss(features, static), on_chunk
    )
    return Prototypes(params, static, comparisons.features, comparisons.offsets), curves
