"""Networks shared by the families: a scorer of items and an encoder of pairs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from scrl.raters.network import Posterior


class Scorer(nnx.Module):
    """Outputs for each item, given its features and optionally a latent."""

    def __init__(
        self, features: int, latent: int, width: int, outputs: int, *, rngs: nnx.Rngs
    ) -> None:
        self.enter = nnx.Linear(features, width, rngs=rngs)
        if latent:
            self.condition = nnx.Linear(latent, width, use_bias=False, rngs=rngs)
        self.middle = nnx.Linear(width, width, rngs=rngs)
        self.out = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(self, features: jax.Array, latent: jax.Array | None = None) -> jax.Array:
        """Outputs ``[..., outputs]`` for features ``[..., features]`` and a latent ``[latent]``."""
        x = self.enter(features)
        if latent is not None:
            x = x + self.condition(latent)
        return self.out(nnx.gelu(self.middle(nnx.gelu(x))))


class Encoder(nnx.Module):
    """A Gaussian over the latent given the set of a rater's annotated pairs (DeepSets)."""

    def __init__(self, features: int, latent: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.pair = nnx.Linear(2 * features, width, rngs=rngs)
        self.deepen = nnx.Linear(width, width, rngs=rngs)
        self.read = nnx.Linear(width + 1, width, rngs=rngs)
        self.mean = nnx.Linear(width, latent, rngs=rngs)
        self.log_variance = nnx.Linear(
            width, latent, kernel_init=nnx.initializers.zeros,
            bias_init=nnx.initializers.constant(-1.0), rngs=rngs,
        )  # fmt: skip

    def __call__(self, features: jax.Array, mask: jax.Array) -> Posterior[jax.Array]:
        """The posterior given pairs ``[pairs, 2, features]`` and mask ``[pairs]``.

        The preferred item of each pair comes first.
        """
        x = nnx.gelu(self.pair(features.reshape(len(features), -1)))
        x = nnx.gelu(self.deepen(x))
        count = jnp.sum(mask)
        # The mean carries the direction of preference, the count the amount of evidence.
        mean = jnp.sum(jnp.where(mask[:, None], x, 0.0), axis=0) / jnp.maximum(count, 1)
        x = nnx.gelu(self.read(jnp.concatenate([mean, jnp.log1p(count)[None]])))
        return Posterior(self.mean(x), self.log_variance(x))
