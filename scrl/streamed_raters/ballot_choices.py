"""Plackett–Luce log-likelihoods of padded ballots in JAX, with gradients and curvature by slot.

A ballot is a sequence of choices, each from the completions not yet chosen; a completion tied with
the chosen one counts half among those, so that a tied pair counts half each way. These are the
likelihoods of ``utility_models.likelihood``. Shapes: r raters, c contests, s slots, and trailing
columns, one for each utility at which the ballots are evaluated.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

#: A completion whose utility lies further below the best of its ballot counts as that far below,
#: so that exp does not underflow; a choice at these odds was never seen.
MAX_GAP = 60.0


class SlotArrays(NamedTuple):
    """Ballots of a batch of raters, on the device.

    Attributes:
        item: of each slot ``[r, c, s]``; mask: whether it holds a completion.
        stage: the share with which slot j stands among those that slot i was chosen from
            ``[r, c, i, j]``: 1, ½ where tied with another, or 0.
        weight: of each ballot ``[r, c]``.
        rater_weight: ``[r]``, 0 in padding.
    """

    item: jax.Array
    mask: jax.Array
    stage: jax.Array
    weight: jax.Array
    rater_weight: jax.Array


class ShownSlots(NamedTuple):
    """A batch as it comes from the host: the columns of ``data.batches.Bucket``."""

    item: jax.Array
    rank: jax.Array
    mask: jax.Array
    weight: jax.Array
    rater_weight: jax.Array


def slot_arrays(shown: ShownSlots, dtype: jax.typing.DTypeLike) -> SlotArrays:
    """The ballots with the shares of their stages."""
    rank, mask = shown.rank, shown.mask
    first, second = rank[..., :, None], rank[..., None, :]
    own = jnp.eye(rank.shape[-1], dtype=bool)
    stage = (first < second) + 0.5 * ((first == second) & ~own) + own
    stage = jnp.where(mask[..., :, None] & mask[..., None, :], stage, 0.0).astype(dtype)
    weight, rater_weight = shown.weight.astype(dtype), shown.rater_weight.astype(dtype)
    return SlotArrays(shown.item, mask, stage, weight, rater_weight)


def _strengths(slots: SlotArrays, utility: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Utilities relative to the best of their ballot, and exp of them, 0 in padding."""
    mask = slots.mask[..., None]
    best = jnp.max(jnp.where(mask, utility, -jnp.inf), axis=2, keepdims=True)
    best = jax.lax.stop_gradient(jnp.where(jnp.isfinite(best), best, 0.0))
    gap = jnp.where(mask, jnp.maximum(utility - best, -MAX_GAP), 0.0)
    return gap, jnp.where(mask, jnp.exp(gap), 0.0)


def log_likelihood(slots: SlotArrays, utility: jax.Array) -> jax.Array:
    """Weighted log-likelihood of each rater's ballots, in nats.

    Args:
        utility: of each slot ``[r, c, s, columns]``; padding is not read.

    Returns:
        ``[r, columns]``; 0 where fewer than two completions count.
    """
    gap, strength = _strengths(slots, utility)
    total = jnp.einsum("rcij,rcjk->rcik", slots.stage, strength)
    total = jnp.where(slots.mask[..., None], total, 1.0)
    return jnp.einsum("rc,rcsk->rk", slots.weight, gap - jnp.log(total))


class Curvature(NamedTuple):
    """Derivatives of the log-likelihood, of ballots weighted.

    Attributes:
        value: ``[r, types]``.
        gradient: by slot ``[r, c, s, types]``.
        latent_hessian: minus the second derivative by the latent ``[r, types, d, d]``.
        diagonal: minus the second derivative by each slot's utility ``[r, c, s, types]``.
    """

    value: jax.Array
    gradient: jax.Array
    latent_hessian: jax.Array
    diagonal: jax.Array


def curvature(slots: SlotArrays, utility: jax.Array, loading: jax.Array) -> Curvature:
    """Derivatives at utilities that are linear in a latent.

    Args:
        utility: ``[r, c, s, types]``.
        loading: derivative of each slot's utility by the latent ``[r, c, s, d]``.
    """
    gap, strength = _strengths(slots, utility)
    mask, weight = slots.mask[..., None], slots.weight[:, :, None, None]
    total = jnp.einsum("rcij,rcjk->rcik", slots.stage, strength)
    total = jnp.where(mask, total, 1.0)
    value = jnp.einsum("rc,rcsk->rk", slots.weight, gap - jnp.log(total))
    inverse = jnp.where(mask, 1.0 / total, 0.0)
    expected = strength * jnp.einsum("rcij,rcik->rcjk", slots.stage, inverse)
    squares = strength**2 * jnp.einsum("rcij,rcik->rcjk", slots.stage**2, inverse**2)
    scaled = strength[..., None] * loading[..., None, :]
    mean = inverse[..., None] * jnp.einsum("rcij,rcjkd->rcikd", slots.stage, scaled)
    weighted = weight * expected
    first = jnp.einsum("rcsk,rcsd,rcse->rkde", weighted, loading, loading)
    second = jnp.einsum("rc,rcskd,rcske->rkde", slots.weight, mean, mean)
    gradient = weight * (jnp.where(mask, 1.0, 0.0) - expected)
    return Curvature(value, gradient, first - second, weight * (expected - squares))
