"""VPL (Poddar et al. 2024, arXiv 2408.10075): a latent for each rater, inferred from a few pairs.

The objective is an ELBO: the sum of −log σ(r(winner, z) − r(loser, z)) over a rater's pairs, with z
drawn from the posterior given a random subset of these pairs, plus β times KL(posterior ‖ prior).
The published code takes the *mean* loss of n pairs; a KL weight of w there is a β of n·w here.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import ModelsConfig
from scrl.networks.training import Phase
from scrl.raters.network import Posterior
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.fitted import LatentFamily, LatentNetworkModel
from scrl.reward_models.networks import Encoder, Scorer
from scrl.reward_models.protocols import OnChunk
from scrl.reward_models.training import (
    PairData,
    fit_network,
    kl_weight,
    reward_gap_prior,
    sample_batch,
    static_config,
)


class Network(nnx.Module):
    """The encoder, the conditioned reward and, if it is learned, the prior."""

    def __init__(self, features: int, config: ModelsConfig, *, rngs: nnx.Rngs) -> None:
        self.encoder = Encoder(features, config.latent, config.width, rngs=rngs)
        self.scorer = Scorer(features, config.latent, config.width, 1, rngs=rngs)
        self.mixture = config.prior == "mixture"
        if self.mixture:
            shape = (config.components, config.latent)
            self.middle = nnx.Param(jax.random.normal(rngs.params(), shape))
            self.log_spread = nnx.Param(jnp.zeros(shape))
            self.logit = nnx.Param(jnp.zeros(config.components))

    def encode(self, features: jax.Array, mask: jax.Array) -> Posterior[jax.Array]:
        """The posterior given a rater's pairs ``[pairs, 2, features]`` and mask ``[pairs]``."""
        return self.encoder(features, mask)

    def rewards(self, features: jax.Array, latent: jax.Array) -> jax.Array:
        """Rewards ``[...]`` for features ``[..., features]`` and a latent ``[latent]``."""
        return self.scorer(features, latent)[..., 0]

    def kl(self, posterior: Posterior[jax.Array], latent: jax.Array) -> jax.Array:
        """KL from the prior; for a mixture, an unbiased estimate at the draw ``latent``."""
        if not self.mixture:
            return losses.kl_loss(*posterior)
        own = _log_normal(latent, posterior.mean, posterior.log_variance)
        component = _log_normal(latent, self.middle[...], self.log_spread[...])
        return own - jax.nn.logsumexp(jax.nn.log_softmax(self.logit[...]) + component)


def _log_normal(x: jax.Array, mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """Log density of a diagonal Gaussian, over the last axis."""
    gap = (x - mean) ** 2 * jnp.exp(-log_variance)
    return -0.5 * jnp.sum(gap + log_variance + jnp.log(2 * jnp.pi), axis=-1)


def _batch_loss(
    module: Network, key: jax.Array, data: PairData, phase: Phase, config: ModelsConfig
) -> tuple[jax.Array, dict]:
    key_raters, key_each = jax.random.split(key)
    features, mask = sample_batch(key_raters, data, config.batch)

    def rater_terms(
        key: jax.Array, features: jax.Array, mask: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        key_share, key_part, key_latent = jax.random.split(key, 3)
        # Contexts of every size occur in training, the empty one included.
        visible = jax.random.uniform(key_part, mask.shape) < jax.random.uniform(key_share)
        posterior = module.encode(features, mask & visible)
        latent = posterior.reparameterise(jax.random.normal(key_latent, (config.latent,)))
        reward = module.rewards(features, latent)
        gap = reward[:, 0] - reward[:, 1]
        nll = jnp.sum(jnp.where(mask, jax.nn.softplus(-gap), 0.0))
        return nll, module.kl(posterior, latent), reward_gap_prior(gap, mask, config)

    keys = jax.random.split(key_each, config.batch)
    nll, kl, prior = jax.tree.map(jnp.mean, jax.vmap(rater_terms)(keys, features, mask))
    objective = nll + kl_weight(phase.step, data) * kl + prior
    return objective, {"watched": nll, "KL": kl}


FAMILY = LatentFamily(
    Network, _batch_loss, encode=Network.encode, pair_rewards=Network.rewards,
    item_rewards=Network.rewards,
)  # fmt: skip


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk: OnChunk = None
) -> tuple[LatentNetworkModel, dict[str, np.ndarray]]:
    """Train a VPL model.

    Returns:
        The model, and its curves: ``watched`` in nats per rater and ``KL``, by ``step``.
    """
    params, curves = fit_network(FAMILY, key, comparisons, config, on_chunk)
    model = LatentNetworkModel(
        params, static_config(config), comparisons.features, comparisons.offsets, FAMILY
    )
    return model, curves
