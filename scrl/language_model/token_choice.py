"""Drawing a token from logits: temperature, and the nucleus of Holtzman et al. (2020)."""

from __future__ import annotations

import jax
import jax.numpy as jnp

#: Tokens are drawn in two stages, a block and a token in it: a cumulative sum over the whole
#: vocabulary costs more than the model's own layers.
BLOCK = 256
#: The threshold of the nucleus is found by bisection: sorting the vocabulary would take longer. It
#: is exact to 40 / 2^24 nats, and no token less likely than e^-40 of the likeliest is in it.
DEPTH, RANGE = 24, 40.0


def draw_tokens(
    keys: jax.Array, logits: jax.Array, temperature: jax.Array, top_p: jax.Array
) -> jax.Array:
    """One token for each row ``[rows]``.

    Args:
        keys: one for each row.
        logits: ``[rows, vocabulary]``.
        temperature: logits are divided by it; 0 takes the likeliest token.
        top_p: the draw is among the fewest tokens whose probability sums to this; 1 for all.
    """
    best = jnp.argmax(logits, axis=-1)
    scaled = logits / jnp.maximum(temperature, 1e-6)
    scaled = scaled - jnp.max(scaled, axis=-1, keepdims=True)
    kept = jax.lax.cond(top_p < 1, nucleus_weights, lambda s, _: jnp.exp(s), scaled, top_p)
    uniform = jax.vmap(jax.random.uniform)(keys)
    drawn = jax.vmap(_inverse_cdf)(kept, uniform)
    return jnp.where(temperature > 0, drawn, best).astype(jnp.int32)


def nucleus_weights(scaled: jax.Array, top_p: jax.Array) -> jax.Array:
    """Unnormalised probabilities ``[rows, vocabulary]``, 0 outside the nucleus.

    Args:
        scaled: log-probabilities up to a constant, at most 0.
    """
    weights = jnp.exp(scaled)
    wanted = top_p * weights.sum(-1)

    def halve(_: int, bounds: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        low, high = bounds
        middle = (low + high) / 2
        mass = jnp.sum(jnp.where(scaled >= middle[:, None], weights, 0.0), -1)
        enough = mass >= wanted
        return jnp.where(enough, middle, low), jnp.where(enough, high, middle)

    rows = scaled.shape[0]
    low, _ = jax.lax.fori_loop(0, DEPTH, halve, (jnp.full(rows, -RANGE), jnp.zeros(rows)))
    return jnp.where(scaled >= low[:, None], weights, 0.0)


def _inverse_cdf(weights: jax.Array, uniform: jax.Array) -> jax.Array:
    """The token at which the cumulative weight passes ``uniform`` times the total."""
    blocks = jnp.pad(weights, (0, -len(weights) % BLOCK)).reshape(-1, BLOCK)
    sums = jnp.cumsum(blocks.sum(-1))
    target = jnp.minimum(uniform * sums[-1], jnp.nextafter(sums[-1], 0.0))
    block = jnp.argmax(sums > target)
    inside = jnp.cumsum(blocks[block])
    rest = target - jnp.where(block > 0, sums[block - 1], 0.0)
    # Where rounding lets the rest pass the block's own sum, its last token of any weight is taken.
    passed = jnp.minimum(rest, jnp.nextafter(inside[-1], 0.0))
    return block * BLOCK + jnp.argmax(inside > passed)
