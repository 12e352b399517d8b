"""The networks that the families share: a scorer of items and an encoder of pairs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from scrl.raters.network import Posterior


class Scorer(nnx.Module):
    """Features, and a latent where there is one, to a few numbers an item."""

    def __init__(self, features: int, latent: int, width: int, outputs: int, *, rngs: nnx.Rngs):
        self.enter = nnx.Linear(features, width, rngs=rngs)
        if latent:
            self.condition = nnx.Linear(latent, width, use_bias=False, rngs=rngs)
        self.middle = nnx.Linear(width, width, rngs=rngs)
        self.out = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(self, features: jax.Array, latent: jax.Array | None = None) -> jax.Array:
        """``[..., features]`` and ``[latent]`` to ``[..., outputs]``."""
        x = self.enter(features)
        if latent is not None:
            x = x + self.condition(latent)
        return self.out(nnx.gelu(self.middle(nnx.gelu(x))))


class Encoder(nnx.Module):
    """A rater's annotated pairs, as a set, to a Gaussian over the latent (DeepSets)."""

    def __init__(self, features: int, latent: int, width: int, *, rngs: nnx.Rngs):
        self.pair = nnx.Linear(2 * features, width, rngs=rngs)
        self.deepen = nnx.Linear(width, width, rngs=rngs)
        self.read = nnx.Linear(width + 1, width, rngs=rngs)
        self.mean = nnx.Linear(width, latent, rngs=rngs)
        self.log_variance = nnx.Linear(
            width, latent, kernel_init=nnx.initializers.zeros,
            bias_init=nnx.initializers.constant(-1.0), rngs=rngs,
        )  # fmt: skip

    def __call__(self, features: jax.Array, mask: jax.Array) -> Posterior[jax.Array]:
        """Pairs ``[pairs, 2, features]``, the preferred item first, and mask ``[pairs]``."""
        x = nnx.gelu(self.pair(features.reshape(len(features), -1)))
        x = nnx.gelu(self.deepen(x))
        count = jnp.sum(mask)
        # The mean gives the direction of preference, the count how much evidence there is.
        mean = jnp.sum(jnp.where(mask[:, None], x, 0.0), axis=0) / jnp.maximum(count, 1)
        x = nnx.gelu(self.read(jnp.concatenate([mean, jnp.log1p(count)[None]])))
        return Posterior(self.mean(x), self.log_variance(x))
