"""The network of step 1: ballots to a Gaussian over a latent, a latent to rewards."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import IndividualConfig
from scrl.networks.layers import MLP, Items, Sizes, Table
from scrl.raters import masking


class Posterior(NamedTuple):
    """A diagonal Gaussian over a rater's latent.

    Attributes:
        mean, log_variance: ``[..., latent]``.
    """

    mean: jax.Array | np.ndarray
    log_variance: jax.Array | np.ndarray

    def reparameterise(self, noise: jax.Array) -> jax.Array:
        """The draw for standard normal ``noise [..., latent]``."""
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One draw from each posterior, on the host: ``[..., latent]``."""
        noise = rng.standard_normal(np.shape(self.mean), np.float32)
        return self.mean + np.exp(0.5 * self.log_variance) * noise


class Embedding(NamedTuple):
    """Raters as the encoder sees them.

    Attributes:
        raters: indices of the embedded raters, ascending ``[embedded]``.
        posterior: their posteriors ``[embedded, latent]``.
    """

    raters: np.ndarray
    posterior: Posterior


class RewardBasis(NamedTuple):
    """How rewards depend on a preference: ``pooled + loadings @ preference``.

    Attributes:
        item_embedding: ``[items, width]``.
        pooled: rewards of the zero preference ``[items]``.
        loadings: ``[items, preference]``.
        unshared_pooled, unshared_loadings: the part of each that prompts do not share, same shapes.
    """

    item_embedding: jax.Array
    pooled: jax.Array
    loadings: jax.Array
    unshared_pooled: jax.Array
    unshared_loadings: jax.Array


class IndividualReward(nnx.Module):
    """The network of step 1. Methods take one rater; ``vmap`` them.

    The names of its parameters are part of the format of saved runs.
    """

    def __init__(self, sizes: Sizes, config: IndividualConfig, *, rngs: nnx.Rngs) -> None:
        width, latent = config.width, config.latent
        self.shared = config.shared
        if self.shared:
            self.coefficient = nnx.Param(
                jax.random.normal(rngs.params(), (sizes.prompts, self.shared))
            )
            self.utility = nnx.Linear(width, self.shared * config.preference, rngs=rngs)
            self.common = nnx.Linear(width, self.shared, use_bias=False, rngs=rngs)
        self.constant = config.constant
        self.items = Items(sizes, width, rngs=rngs)
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

    def reward_basis(self, table: Table, kept: jax.Array | float = 1.0) -> RewardBasis:
        """The basis of every rater's rewards.

        A reward is the sum of utilities that prompts share, each times a coefficient of the
        prompt, and of a part specific to the item.

        Args:
            table: the catalogue.
            kept: 1 for each shared utility in use, else 0 ``[shared]``.
        """
        item_embedding, completion = self.items(table)
        unshared_pooled = self.pooled(item_embedding)[:, 0]
        unshared_loadings = self.appeal(item_embedding)
        pooled, loadings = unshared_pooled, unshared_loadings
        if self.shared:
            weight = kept * self.coefficient[...][table.prompt]
            utility = self.utility(completion).reshape(len(completion), self.shared, -1)
            loadings = loadings + jnp.einsum("ik,ikp->ip", weight, utility)
            pooled = pooled + jnp.sum(weight * self.common(completion), axis=1)
        return RewardBasis(item_embedding, pooled, loadings, unshared_pooled, unshared_loadings)

    def encode(self, basis: RewardBasis, item: jax.Array, view: masking.View) -> Posterior:
        """The posterior of one rater's latent given its visible completions.

        Args:
            basis: from ``reward_basis``.
            item: ``[contests, slots]``.
            view: which completions are visible, and their positions.
        """
        visible = view.visible.reshape(-1)
        surprise = self._surprise(basis, item, view)[..., None]
        parts = [basis.item_embedding[item], view.position, surprise]
        tokens = self.token(jnp.concatenate(parts, axis=-1))
        tokens = jnp.concatenate([self.nothing[...], tokens.reshape(len(visible), -1)])
        # One token is always visible, so that attention is defined for a rater without ballots.
        mask = jnp.concatenate([jnp.ones(1, bool), visible])[None, None, :]
        read = self.query[...] + self.attention(self.query[...], tokens, mask=mask)
        # The gradient of the ballots' likelihood in the preference, given to the encoder as input:
        # with it forty raters suffice, where attention alone needs thousands to discover it.
        gradient = jnp.sum(surprise * basis.loadings[item], axis=(0, 1))
        read = read + self.lean(gradient / jnp.sqrt(1 + jnp.sum(visible)))
        read = self.after_feed(read + self.feed(self.before_feed(read)))[0]
        return Posterior(self.mean(read), self.log_variance(read))

    def _surprise(self, basis: RewardBasis, item: jax.Array, view: masking.View) -> jax.Array:
        """How much higher each visible completion stands than the pooled reward predicts.

        This is the gradient of a ballot's Bradley–Terry log-likelihood in its rewards, per
        opponent: the position less the mean of tanh(gap / 2) over the other visible completions.
        ``[contests, slots]``, 0 where hidden.
        """
        pooled = basis.pooled[item]
        slots = view.visible.shape[-1]
        others = view.visible[:, None, :] & ~jnp.eye(slots, dtype=bool)
        expected = jnp.tanh(0.5 * (pooled[:, :, None] - pooled[:, None, :]))
        opponents = jnp.maximum(jnp.sum(others, axis=-1), 1)
        expected = jnp.sum(jnp.where(others, expected, 0.0), axis=-1) / opponents
        return jnp.where(view.visible, view.position[..., 0] - expected, 0.0)

    def preference(self, latent: jax.Array) -> jax.Array:
        """``[latent] -> [preference]``."""
        preference = self.decoder(latent * (0.0 if self.constant else 1.0))
        return preference / jnp.sqrt(preference.shape[-1])

    def rewards(self, basis: RewardBasis, latent: jax.Array) -> jax.Array:
        """``[latent] -> [items]``, log-odds."""
        return basis.pooled + basis.loadings @ self.preference(latent)

    def unshared_rewards(self, basis: RewardBasis, latent: jax.Array) -> jax.Array:
        """The part of the rewards that prompts do not share, ``[latent] -> [items]``."""
        return basis.unshared_pooled + basis.unshared_loadings @ self.preference(latent)
