"""VPL (Poddar et al. 2024, arXiv 2408.10075): a latent for each rater, inferred from a few pairs.

The objective is an ELBO: a rater's summed −log σ(r(winner, z) − r(loser, z)), z drawn from the
posterior that a random part of the rater's own pairs gives, plus β times KL(posterior ‖ prior),
summed over dimensions, once per rater. (Against the *mean* loss of n pairs, as public code has it,
a weight of w is a β of n·w here.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import ModelsConfig
from scrl.raters.network import Posterior
from scrl.reward_models import network
from scrl.reward_models.comparisons import Comparisons


class Network(nnx.Module):
    """Encoder, conditioned reward and, where it is learned, the prior."""

    def __init__(self, features: int, config: ModelsConfig, *, rngs: nnx.Rngs):
        self.encoder = network.Encoder(features, config.latent, config.width, rngs=rngs)
        self.scorer = network.Scorer(features, config.latent, config.width, 1, rngs=rngs)
        self.mixture = config.prior == "mixture"
        if self.mixture:
            shape = (config.components, config.latent)
            self.middle = nnx.Param(jax.random.normal(rngs.params(), shape))
            self.log_spread = nnx.Param(jnp.zeros(shape))
            self.logit = nnx.Param(jnp.zeros(config.components))

    def kl(self, posterior: Posterior, latent):
        """To the prior; for a mixture estimated from the draw ``latent``, unbiased."""
        if not self.mixture:
            return losses.kl_loss(*posterior)
        own = _log_normal(latent, posterior.mean, posterior.log_variance)
        each = _log_normal(latent, self.middle[...], self.log_spread[...])
        return own - jax.nn.logsumexp(jax.nn.log_softmax(self.logit[...]) + each)


def _log_normal(x, mean, log_variance):
    gap = (x - mean) ** 2 * jnp.exp(-log_variance)
    return -0.5 * jnp.sum(gap + log_variance + jnp.log(2 * jnp.pi), axis=-1)


@lru_cache(maxsize=64)
def _make(features: int, config: ModelsConfig):
    return partial(Network, features, config)


@lru_cache(maxsize=64)
def _graph(features: int, config: ModelsConfig):
    return network.graph_of(_make(features, config))


@lru_cache(maxsize=64)
def loss_of(features: int, config: ModelsConfig):
    """The objective, as ``training.fit`` takes it."""
    graph = _graph(features, config)

    def loss(params, key, data: network.Data, phase):
        model = nnx.merge(graph, params)
        key_raters, key_each = jax.random.split(key)
        features, mask = network.some_raters(key_raters, data, config.batch)

        def one(key, features, mask):
            key_share, key_part, key_latent = jax.random.split(key, 3)
            # Every number of pairs occurs, none included, so that short contexts are learnt.
            seen = jax.random.uniform(key_part, mask.shape) < jax.random.uniform(key_share)
            posterior = model.encoder(features, mask & seen)
            latent = posterior.at(jax.random.normal(key_latent, (config.latent,)))
            reward = model.scorer(features, latent)[..., 0]
            gap = reward[:, 0] - reward[:, 1]
            nll = jnp.sum(jnp.where(mask, jax.nn.softplus(-gap), 0.0))
            return nll, model.kl(posterior, latent), network.prior_on(gap, mask, config)

        keys = jax.random.split(key_each, config.batch)
        nll, kl, prior = jax.tree.map(jnp.mean, jax.vmap(one)(keys, features, mask))
        objective = nll + network.weight_at(phase.step, data) * kl + prior
        return objective, {"watched": nll, "KL": kl}

    return loss


@partial(jax.jit, static_argnames=("config",))
def _encode(params, table, pairs, mask, *, config):
    model = nnx.merge(_graph(table.shape[1], config), params)
    return jax.vmap(model.encoder)(table[pairs], mask)


@partial(jax.jit, static_argnames=("config",))
def _chances(params, table, pairs, latent, *, config):
    """Of pairs ``[raters, pairs, 2]`` and draws ``[raters, draws, latent]``."""
    model = nnx.merge(_graph(table.shape[1], config), params)

    def one(features, latents):
        reward = jax.vmap(lambda z: model.scorer(features, z)[..., 0])(latents)
        return jnp.mean(jax.nn.sigmoid(reward[..., 0] - reward[..., 1]), axis=0)

    return jax.vmap(one)(table[pairs], latent)


@partial(jax.jit, static_argnames=("config",))
def _rewards(params, table, latent, *, config):
    model = nnx.merge(_graph(table.shape[1], config), params)
    return jax.vmap(lambda z: model.scorer(table, z)[..., 0])(latent)


@dataclass(frozen=True, eq=False)
class Vpl(network.Latent):
    """A fitted VPL."""

    read = staticmethod(_encode)
    ask = staticmethod(_chances)
    score = staticmethod(_rewards)


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk=None
) -> tuple[Vpl, dict[str, np.ndarray]]:
    """Train it.

    Returns:
        The model, and its curves: ``watched`` (nats a rater) and ``KL`` by ``step``.
    """
    features, static = comparisons.features.shape[1], network.program(config)
    initial = partial(network.initial_of, make=_make(features, static))
    params, curves = network.fit_pairs(
        key, comparisons, config, initial, loss_of(features, static), on_chunk
    )
    return Vpl(params, static, comparisons.features, comparisons.offsets), curves
