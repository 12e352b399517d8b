"""One step of the training: the objective on a batch, its gradient, Adam, and running statistics.

The objective is the log-evidence of all raters' ballots plus the log prior of the parameters. Of a
batch it is estimated at weighted points of the posteriors (``posterior``); the points do not move
with the parameters, so its gradient is that of the expected joint log-likelihood under the
posterior (a generalised EM step).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from scrl.streamed_raters.ballot_choices import (
    ShownSlots,
    SlotArrays,
    slot_arrays,
)
from scrl.streamed_raters.parameters import (
    Array,
    Parameters,
    Scales,
    item_table,
    negative_log_prior,
)
from scrl.streamed_raters.posterior import (
    Modes,
    draw_points,
    find_modes,
    joint_log_weights,
)

ADAM = optax.scale_by_adam(b1=0.9, b2=0.99, eps=1e-6)


class Statistics(NamedTuple):
    """Running means of what an epoch would give.

    Attributes:
        item: information on each item's mean utilities ``[items, types]``; loading: on its
            loadings ``[items, d]``.
        log_evidence: of all raters' ballots, in nats.
        weight: of the past in these means, which start from 0.
    """

    item: jax.Array
    loading: jax.Array
    log_evidence: jax.Array
    weight: jax.Array


class TrainingState(NamedTuple):
    """All that a step changes.

    Attributes:
        parameters, optimiser, statistics: see there.
        step: the number of steps done in this stage.
    """

    parameters: Parameters
    optimiser: optax.OptState
    statistics: Statistics
    step: jax.Array


class StepInputs(NamedTuple):
    """What a step reads besides the state and the batch.

    Attributes:
        functions: of items' features ``[items, functions]``; group: of each ``[functions]``.
        scales: prior standard deviations.
        rate: Adam's learning rate in this step.
        batches: of an epoch.
        key: raw data of the key of the step's points.
    """

    functions: Array
    group: Array
    scales: Scales
    rate: Array
    batches: Array
    key: Array


def first_state(parameters: Parameters) -> TrainingState:
    """The state before the first step."""
    items, types = parameters.own.shape
    d, dtype = parameters.loading.shape[1], parameters.own.dtype
    zero = jnp.zeros((), dtype)
    information = jnp.zeros((items, types), dtype), jnp.zeros((items, d), dtype)
    statistics = Statistics(*information, zero, zero)
    return TrainingState(parameters, ADAM.init(parameters), statistics, jnp.zeros((), jnp.int32))


def _batch_objective(
    parameters: Parameters, inputs: StepInputs, slots: SlotArrays, newton_steps: int, points: int
) -> tuple[jax.Array, tuple[jax.Array, Modes, jax.Array]]:
    """Minus the objective, and of the batch: log-evidence, modes, probabilities of types."""
    table = item_table(parameters, inputs.functions)
    types = parameters.types
    row = table[slots.item]
    mean, loading = row[..., :types], row[..., types:]
    fixed_mean, fixed_loading = jax.lax.stop_gradient((mean, loading))
    modes = find_modes(slots, fixed_mean, fixed_loading, newton_steps)
    shape = (mean.shape[0], points // 2, loading.shape[-1])
    normal = jax.random.normal(jax.random.wrap_key_data(inputs.key), shape, mean.dtype)
    drawn = jax.lax.stop_gradient(draw_points(modes, normal))
    log_share = jax.nn.log_softmax(parameters.share)
    joint = joint_log_weights(slots, mean, loading, drawn, log_share)
    by_type = jax.nn.logsumexp(joint, axis=2)
    evidence = jnp.sum(slots.rater_weight * jax.nn.logsumexp(by_type, axis=1))
    prior = negative_log_prior(parameters, inputs.scales, inputs.group)
    probability = jax.nn.softmax(jax.lax.stop_gradient(by_type), axis=1)
    return prior - inputs.batches * evidence, (evidence, modes, probability)


def _information(
    slots: SlotArrays, modes: Modes, probability: jax.Array, items: int
) -> tuple[jax.Array, jax.Array]:
    """Information of a batch on mean utilities ``[items, types]`` and loadings ``[items, d]``."""
    weight = (slots.rater_weight[:, None] * probability)[:, None, None]
    by_slot = jnp.where(slots.mask[..., None], weight * modes.diagonal, 0.0)
    loading = jnp.einsum("rcsk,rkd->rcsd", by_slot, modes.mode**2)
    both = jnp.concatenate([by_slot, loading], axis=-1)
    total = jnp.zeros((items, both.shape[-1]), both.dtype).at[slots.item].add(both)
    return total[:, : probability.shape[1]], total[:, probability.shape[1] :]


@partial(jax.jit, static_argnames=("newton_steps", "points"))
def training_step(
    state: TrainingState,
    shown: ShownSlots,
    inputs: StepInputs,
    *,
    newton_steps: int,
    points: int,
) -> TrainingState:
    """The state after one step; compiled once for each shape of a batch."""
    parameters = state.parameters
    slots = slot_arrays(shown, parameters.own.dtype)
    objective = jax.value_and_grad(_batch_objective, has_aux=True)
    (_, (evidence, modes, probability)), gradient = objective(
        parameters, inputs, slots, newton_steps, points
    )
    information = _information(slots, modes, probability, len(parameters.common))
    update, optimiser = ADAM.update(gradient, state.optimiser)
    parameters = jax.tree.map(lambda p, u: p - inputs.rate * u, parameters, update)
    past, share = state.statistics, 1.0 / jnp.maximum(inputs.batches, 10.0)
    latest = Statistics(*information, evidence, 1.0 / inputs.batches)
    mean = jax.tree.map(
        lambda old, value: (1 - share) * old + share * inputs.batches * value, past, latest
    )
    return TrainingState(parameters, optimiser, Statistics(*mean), state.step + 1)
