"""What a trained model makes of a batch of raters: evidence and posteriors, without a gradient."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from scrl.streamed_raters.ballot_choices import ShownSlots, slot_arrays
from scrl.streamed_raters.parameters import Array, Parameters, item_table
from scrl.streamed_raters.posterior import draw_points, find_modes, joint_log_weights


class RaterPoints(NamedTuple):
    """Posteriors of a batch of raters as weighted points.

    Attributes:
        latent: ``[r, types, points, d]``.
        weight: of each point, adding up to 1 over a rater's types and points ``[r, types,
            points]``.
        log_evidence: of the rater's ballots ``[r]``.
    """

    latent: Array
    weight: Array
    log_evidence: Array


@partial(jax.jit, static_argnames=("newton_steps",))
def rater_points(
    parameters: Parameters,
    functions: jax.Array,
    shown: ShownSlots,
    normal: jax.Array,
    *,
    newton_steps: int,
) -> RaterPoints:
    """The posteriors of a batch of raters.

    Args:
        functions: of items' features ``[items, functions]``.
        normal: standard normal draws ``[points / 2, d]``, the same for all raters.
    """
    slots = slot_arrays(shown, parameters.own.dtype)
    types = parameters.own.shape[1]
    row = item_table(parameters, functions)[slots.item]
    mean, loading = row[..., :types], row[..., types:]
    modes = find_modes(slots, mean, loading, newton_steps)
    draws = jnp.broadcast_to(normal, (mean.shape[0], *normal.shape))
    points = draw_points(modes, draws)
    log_share = jax.nn.log_softmax(parameters.share)
    joint = joint_log_weights(slots, mean, loading, points, log_share)
    log_evidence = jax.nn.logsumexp(joint, axis=(1, 2))
    weight = jnp.exp(joint - log_evidence[:, None, None])
    return RaterPoints(points.latent, weight, log_evidence)
