"""The network of step 1: whole ballots to a Gaussian over a latent, a latent to rewards."""

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
    """What is believed of a rater's latent: ``mean`` and ``log_variance``, ``[..., latent]``."""

    mean: jax.Array
    log_variance: jax.Array

    def at(self, noise: jax.Array) -> jax.Array:
        """The draw that standard normal ``noise [..., latent]`` stands for."""
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One draw each, on the host: ``[..., latent]``."""
        noise = rng.standard_normal(np.shape(self.mean), np.float32)
        return self.mean + np.exp(0.5 * self.log_variance) * noise


class Directions(NamedTuple):
    """How rewards depend on a preference: ``pooled + appeal @ preference``.

    Attributes:
        meaning: of each item ``[items, width]``.
        pooled: ``[items]``; appeal: ``[items, preference]``.
        own_pooled, own_appeal: the part of each that prompts do not share, same shapes.
    """

    meaning: jax.Array
    pooled: jax.Array
    appeal: jax.Array
    own_pooled: jax.Array
    own_appeal: jax.Array


class IndividualReward(nnx.Module):
    """The network of step 1. Methods are written for one rater; ``vmap`` them."""

    def __init__(self, sizes: Sizes, config: IndividualConfig, *, rngs: nnx.Rngs):
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

    def directions(self, table: Table, kept=1.0) -> Directions:
        """What every rater's rewards are made of: utilities that prompts share, each times the
        prompt's coefficient, and a part of the item's own.

        Args:
            kept: which shared utilities count ``[shared]``.
        """
        meaning, completion = self.items(table)
        own_pooled, own_appeal = self.pooled(meaning)[:, 0], self.appeal(meaning)
        pooled, appeal = own_pooled, own_appeal
        if self.shared:
            weight = kept * self.coefficient[...][table.prompt]
            utility = self.utility(completion).reshape(len(completion), self.shared, -1)
            appeal = appeal + jnp.einsum("ik,ikp->ip", weight, utility)
            pooled = pooled + jnp.sum(weight * self.common(completion), axis=1)
        return Directions(meaning, pooled, appeal, own_pooled, own_appeal)

    def encode(self, toward: Directions, item, view: masking.View) -> Posterior:
        """What one rater's visible completions say of its latent.

        Args:
            item: ``[contests, slots]``.
        """
        visible = view.visible.reshape(-1)
        surprise = self._surprise(toward, item, view)[..., None]
        meaning = toward.meaning
        parts = [meaning[item], view.position, surprise]
        tokens = self.token(jnp.concatenate(parts, axis=-1))
        tokens = jnp.concatenate([self.nothing[...], tokens.reshape(len(visible), -1)])
        # A token that is always there keeps the attention of an unseen rater well defined.
        seen = jnp.concatenate([jnp.ones(1, bool), visible])
        read = self.query[...] + self.attention(self.query[...], tokens, mask=seen[None, None, :])
        # The way in which the preference would have to move to explain the ballots: the gradient
        # of their likelihood, in the reward block's own directions. Forty raters suffice to use
        # it, where the attention alone needs thousands to discover it.
        moves = jnp.sum(surprise * toward.appeal[item], axis=(0, 1))
        read = read + self.lean(moves / jnp.sqrt(1 + jnp.sum(visible)))
        read = self.after_feed(read + self.feed(self.before_feed(read)))[0]
        return Posterior(self.mean(read), self.log_variance(read))

    def _surprise(self, toward: Directions, item, view: masking.View):
        """How much higher each visible completion stands than the pooled reward would put it.

        The gradient of a ballot's Bradley–Terry log-likelihood in its rewards, per opponent:
        place minus mean of tanh(gap / 2) over the visible others. ``[contests, slots]``, 0 where
        hidden.
        """
        pooled = toward.pooled[item]
        slots = view.visible.shape[-1]
        others = view.visible[:, None, :] & ~jnp.eye(slots, dtype=bool)
        expected = jnp.tanh(0.5 * (pooled[:, :, None] - pooled[:, None, :]))
        opponents = jnp.maximum(jnp.sum(others, axis=-1), 1)
        expected = jnp.sum(jnp.where(others, expected, 0.0), axis=-1) / opponents
        return jnp.where(view.visible, view.position[..., 0] - expected, 0.0)

    def preference(self, latent) -> jax.Array:
        """``[latent] -> [preference]``."""
        preference = self.decoder(latent * (0.0 if self.constant else 1.0))
        return preference / jnp.sqrt(preference.shape[-1])

    def rewards(self, toward: Directions, latent) -> jax.Array:
        """``[latent] -> [items]``, log-odds."""
        return toward.pooled + toward.appeal @ self.preference(latent)

    def own(self, toward: Directions, latent) -> jax.Array:
        """The part of the rewards that prompts do not share, ``[latent] -> [items]``."""
        return toward.own_pooled + toward.own_appeal @ self.preference(latent)
