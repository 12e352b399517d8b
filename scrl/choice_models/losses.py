"""Bradley–Terry, Plackett–Luce and KL losses of one ballot or one rater, in JAX.

All take masks instead of ragged shapes. Gradients are finite under every mask, the empty one
included: unsafe values are replaced before the unsafe function, not only after it.
"""

from __future__ import annotations

from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Num

#: The result is on the device or on the host, as the arguments are.
ArrayT = TypeVar("ArrayT", jax.Array, np.ndarray)
#: Replaces minus infinity, whose gradient would be NaN.
MASKED_REWARD = -1e9


def list_loss(
    reward: Float[jax.Array, " slots"],
    rank: Num[jax.Array, " slots"],
    mask: Bool[jax.Array, " slots"],
    jitter: Float[jax.Array, " slots"],
) -> Float[jax.Array, ""]:
    """Minus the Plackett–Luce log-likelihood of one ballot (ListMLE, Xia et al. 2008).

    The order is chosen from the top: completion i is chosen for a place with probability
    exp(r_i) / Σ exp(r_j), the sum over completions not yet placed. Plackett–Luce is consistent
    under the removal of completions, so the loss of a masked ballot is the exact likelihood of the
    remaining order.

    Args:
        reward: ``[slots]``, log-odds.
        rank: ``[slots]``, 0 = best, equal = tied.
        mask: ``[slots]``, which completions count.
        jitter: ``[slots]``, distinct numbers that break ties. Drawn anew for each use of a ballot,
            they make the expected loss the mean over all ways to break the ties, in which a tied
            pair counts half each way.

    Returns:
        A scalar in nats, 0 where fewer than two completions count.
    """
    after = (rank[:, None] < rank[None, :]) | (
        (rank[:, None] == rank[None, :]) & (jitter[:, None] <= jitter[None, :])
    )
    remaining = jnp.where(after & mask[None, :], reward[None, :], MASKED_REWARD)
    log_total = jax.nn.logsumexp(remaining, axis=1)
    return jnp.sum(jnp.where(mask, log_total - reward, 0.0))


def pair_loss(
    reward: Float[jax.Array, " slots"],
    rank: Num[jax.Array, " slots"],
    mask: Bool[jax.Array, " slots"],
) -> Float[jax.Array, ""]:
    """Minus the Bradley–Terry log-likelihood of a ballot's pairs, Σ -log σ(r_w - r_l).

    Each pair has weight one; a tied pair counts half each way. Shapes as in ``list_loss``.
    """
    beats = (rank[:, None] < rank[None, :]) + 0.5 * (rank[:, None] == rank[None, :])
    both = mask[:, None] & mask[None, :] & ~jnp.eye(len(rank), dtype=bool)
    gap = jnp.where(both, reward[:, None] - reward[None, :], 0.0)
    return jnp.sum(jnp.where(both, beats * jax.nn.softplus(-gap), 0.0))


def kl_by_dimension(mean: ArrayT, log_variance: ArrayT) -> ArrayT:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² - log σ² - 1) of each dimension, in nats, any shape.

    NumPy arrays give a NumPy array of the same precision.
    """
    exp = jnp.exp if isinstance(log_variance, jax.Array) else np.exp
    return 0.5 * (mean**2 + exp(log_variance) - log_variance - 1.0)


def kl_loss(
    mean: Float[jax.Array, "*batch latent"], log_variance: Float[jax.Array, "*batch latent"]
) -> Float[jax.Array, "*batch"]:
    """KL(N(μ, diag σ²) ‖ N(0, 1)) in nats: ``kl_by_dimension`` summed over the last axis."""
    return jnp.sum(kl_by_dimension(mean, log_variance), axis=-1)
