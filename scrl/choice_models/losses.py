"""Bradley–Terry, Plackett–Luce and KL: pure, for one ballot or one rater, masked.

All take masks instead of ragged shapes and keep gradients finite under any mask, the empty one
included: unsafe values are replaced before the unsafe function, not only after it.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

FAR = -1e9  # stands for minus infinity where its gradient would be NaN


def list_loss(reward, rank, mask, jitter):
    """Minus the Plackett–Luce log-likelihood of one ballot (ListMLE, Xia et al. 2008).

    The order is chosen from the top: each place goes to completion i with probability
    exp(r_i) / Σ exp(r_j) over those not yet placed. Plackett–Luce is consistent under leaving
    completions out, so a masked ballot's loss is the exact likelihood of the order of the rest.

    Args:
        reward: ``[slots]`` log-odds.
        rank: ``[slots]``, 0 = best, equal = tied.
        mask: ``[slots]``, which completions count.
        jitter: ``[slots]`` distinct numbers that break ties. Drawn afresh each time a ballot is
            used, they make the expected loss the mean over all ways of breaking the ties, in which
            a tied pair counts half each way.

    Returns:
        A scalar in nats, 0 where fewer than two completions count.
    """
    after = (rank[:, None] < rank[None, :]) | (
        (rank[:, None] == rank[None, :]) & (jitter[:, None] <= jitter[None, :])
    )
    remaining = jnp.where(after & mask[None, :], reward[None, :], FAR)
    log_total = jax.nn.logsumexp(remaining, axis=1)
    return jnp.sum(jnp.where(mask, log_total - reward, 0.0))


def pair_loss(reward, rank, mask):
    """Minus the Bradley–Terry log-likelihood of a ballot's pairs, Σ -log σ(r_w - r_l).

    Weight one a pair, a tied pair half each way. Shapes as in ``list_loss``.
    """
    beats = (rank[:, None] < rank[None, :]) + 0.5 * (rank[:, None] == rank[None, :])
    both = mask[:, None] & mask[None, :] & ~jnp.eye(len(rank), dtype=bool)
    gap = jnp.where(both, reward[:, None] - reward[None, :], 0.0)
    return jnp.sum(jnp.where(both, beats * jax.nn.softplus(-gap), 0.0))


def kl_by_dimension(mean, log_variance):
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² - log σ² - 1) of each dimension, in nats, any shape.

    NumPy arrays give a NumPy array of their own precision.
    """
    exp = jnp.exp if isinstance(log_variance, jax.Array) else np.exp
    return 0.5 * (mean**2 + exp(log_variance) - log_variance - 1.0)


def kl_loss(mean, log_variance):
    """KL(N(μ, diag σ²) ‖ N(0, 1)) in nats: ``kl_by_dimension`` summed over ``[..., latent]``."""
    return jnp.sum(kl_by_dimension(mean, log_variance), axis=-1)
