"""The network that reads ballots: an encoder to a latent Gaussian, a decoder of rewards."""

from __future__ import annotations

from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import IndividualConfig
from scrl.networks.layers import MLP, ArrayT, ItemEmbedding, Sizes, Table
from scrl.raters import masking


class Posterior(NamedTuple, Generic[ArrayT]):
    """A diagonal Gaussian over a rater's latent, on the device or on the host.

    Attributes:
        mean, log_variance: ``[..., latent]``.
    """

    mean: ArrayT
    log_variance: ArrayT

    def reparameterise(self, noise: jax.Array) -> jax.Array:
        """The draw that standard normal ``noise [..., latent]`` determines, on the device."""
        return jnp.add(self.mean, jnp.exp(0.5 * self.log_variance) * noise)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One draw from each posterior ``[..., latent]``, on the host."""
        noise = rng.standard_normal(np.shape(self.mean), np.float32)
        return np.asarray(self.mean) + np.exp(0.5 * np.asarray(self.log_variance)) * noise


class Embedding(NamedTuple):
    """The posteriors of raters given their ballots.

    Attributes:
        raters: indices of the embedded raters, ascending ``[embedded]``.
        posterior: of these raters ``[embedded, latent]``.
    """

    raters: np.ndarray
    posterior: Posterior[np.ndarray]


class RewardBasis(NamedTuple):
    """Items' rewards as a linear function of a preference: ``pooled + loadings @ preference``.

    Attributes:
        item_embedding: ``[items, width]``.
        pooled: rewards of the zero preference ``[items]``.
        loadings: ``[items, preference]``.
    """

    item_embedding: jax.Array
    pooled: jax.Array
    loadings: jax.Array


class IndividualReward(nnx.Module):
    """The network that reads ballots. Methods take one rater; batch them with ``vmap``."""

    def __init__(self, sizes: Sizes, config: IndividualConfig, *, rngs: nnx.Rngs) -> None:
        width, latent = config.width, config.latent
        self.constant = config.constant
        self.items = ItemEmbedding(sizes, width, rngs=rngs)
        self.token = MLP(width + masking.POSITION_FEATURES + 1, 2 * width, width, rngs=rngs)
        self.lean = nnx.Linear(config.preference, width, rngs=rngs)
        self.query = nnx.Param(0.5 * jax.random.normal(rngs.params(), (1, width)))
        self.nothing = nnx.Param(0.5 * jax.random.normal(rngs.params(), (1, width)))
        self.attention = nnx.MultiHeadAttention(config.heads, width, decode=False, rngs=rngs)
        self.before_feed = nnx.LayerNorm(width, rngs=rngs)
        self.feed = MLP(width, 2 * width, width, rngs=rngs)
        self.after_feed = nnx.LayerNorm(width, rngs=rngs)
        self.mean = nnx.Linear(width, latent, rngs=rngs)
        self.log_variance = nnx.Linear(
            width,
            latent,
            kernel_init=nnx.initializers.zeros,
            bias_init=nnx.initializers.constant(-2.0),
            rngs=rngs,
        )
        self.decoder = MLP(latent, 2 * width, config.preference, rngs=rngs)
        self.appeal = nnx.Linear(width, config.preference, rngs=rngs)
        self.pooled = nnx.Linear(width, 1, use_bias=False, rngs=rngs)

    def reward_basis(self, table: Table) -> RewardBasis:
        """The basis of all raters' rewards of a catalogue."""
        item_embedding, _ = self.items(table)
        return RewardBasis(
            item_embedding, self.pooled(item_embedding)[:, 0], self.appeal(item_embedding)
        )

    def encode(
        self, basis: RewardBasis, item: jax.Array, view: masking.View
    ) -> Posterior[jax.Array]:
        """The posterior of one rater's latent given its visible completions.

        Args:
            basis: from ``reward_basis``.
            item: ``[contests, slots]``.
            view: which completions are visible, and their positions.
        """
        visible = view.visible.reshape(-1)
        residual = self._position_residual(basis, item, view)[..., None]
        parts = [basis.item_embedding[item], view.position, residual]
        tokens = self.token(jnp.concatenate(parts, axis=-1))
        tokens = jnp.concatenate([self.nothing[...], tokens.reshape(len(visible), -1)])
        # One token is always visible, so that attention is defined for a rater without ballots.
        mask = jnp.concatenate([jnp.ones(1, bool), visible])[None, None, :]
        summary = self.query[...] + self.attention(self.query[...], tokens, mask=mask)
        # The gradient of the ballots' log-likelihood with respect to the preference is an input of
        # the encoder. With it forty raters suffice; attention alone needs thousands to learn it.
        gradient = jnp.sum(residual * basis.loadings[item], axis=(0, 1))
        summary = summary + self.lean(gradient / jnp.sqrt(1 + jnp.sum(visible)))
        summary = self.after_feed(summary + self.feed(self.before_feed(summary)))[0]
        return Posterior(self.mean(summary), self.log_variance(summary))

    def _position_residual(
        self, basis: RewardBasis, item: jax.Array, view: masking.View
    ) -> jax.Array:
        """Observed less expected position of each visible completion under the pooled reward.

        This is the gradient of a ballot's Bradley–Terry log-likelihood with respect to the rewards,
        per opponent: the position less the mean of tanh(gap / 2) over the other visible
        completions. ``[contests, slots]``, 0 where hidden.
        """
        pooled = basis.pooled[item]
        slots = view.visible.shape[-1]
        others = view.visible[:, None, :] & ~jnp.eye(slots, dtype=bool)
        expected = jnp.tanh(0.5 * (pooled[:, :, None] - pooled[:, None, :]))
        opponents = jnp.maximum(jnp.sum(others, axis=-1), 1)
        expected = jnp.sum(jnp.where(others, expected, 0.0), axis=-1) / opponents
        return jnp.where(view.visible, view.position[..., 0] - expected, 0.0)

    def preference(self, latent: jax.Array) -> jax.Array:
        """The preference ``[preference]`` decoded from a latent ``[latent]``."""
        preference = self.decoder(latent * (0.0 if self.constant else 1.0))
        return preference / jnp.sqrt(preference.shape[-1])

    def rewards(self, basis: RewardBasis, latent: jax.Array) -> jax.Array:
        """Rewards ``[items]`` in log-odds for a latent ``[latent]``."""
        return basis.pooled + basis.loadings @ self.preference(latent)
