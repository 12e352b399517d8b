"""The training loop of every network: ``lax.scan`` over chunks of Adam steps.

Nothing here depends on a model. A loss draws its own batches from data that stay on the device, so
a chunk runs without the host. A chunk is compiled once for each loss, length and data shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from scrl.config import Schedule

OPTIMISER = optax.scale_by_adam(b1=0.9, b2=0.99)
#: Weights of a new loss in the fast and the slow running mean, and the ratio fast / slow above
#: which the loss counts as no longer falling.
_FAST, _SLOW, _PLATEAU = 0.02, 0.005, 0.995
#: Ramp and cooling count as complete above this, since they are sums of rounded shares.
_COMPLETE = 0.9999


class Phase(NamedTuple):
    """The progress of a fit, passed to the loss.

    Attributes:
        step: index of the step.
        ramp: progress of the ramp, during which the loss widens its task, 0 to 1.
    """

    step: jax.Array
    ramp: jax.Array


#: ``(params, key, data, phase) -> (scalar, dict of scalars)``.
Loss = Callable[[Any, jax.Array, Any, Phase], tuple[jax.Array, dict[str, jax.Array]]]


class FitState(NamedTuple):
    """The state of a fit between two steps.

    Attributes:
        params: the model's parameters.
        optimiser: Adam's moments.
        step, ramp, cool: progress in the schedule; ``ramp`` and ``cool`` run from 0 to 1.
        fast, slow: running means of the watched loss; they meet where it has stopped falling.
    """

    params: Any
    optimiser: Any
    step: jax.Array
    ramp: jax.Array
    cool: jax.Array
    fast: jax.Array
    slow: jax.Array

    @property
    def done(self) -> bool:
        """Whether the learning rate has cooled to zero."""
        return float(self.cool) > _COMPLETE


class ScheduleArrays(NamedTuple):
    """A schedule as arguments of a compiled chunk, so that a new schedule compiles nothing.

    Attributes:
        rate, decay: as in ``Schedule``.
        min_explore, max_explore: bounds of the exploration, in steps.
        warmup, ramp, cool: progress of each made by one step.
    """

    rate: np.float32
    decay: np.float32
    min_explore: np.int32
    max_explore: np.int32
    warmup: np.float32
    ramp: np.float32
    cool: np.float32

    @classmethod
    def of(cls, schedule: Schedule) -> ScheduleArrays:
        """The arrays of a schedule."""
        min_explore, max_explore = schedule.explore
        return cls(
            rate=np.float32(schedule.rate),
            decay=np.float32(schedule.decay),
            min_explore=np.int32(min_explore),
            max_explore=np.int32(max_explore),
            warmup=np.float32(1 / max(schedule.warmup, 1)),
            ramp=np.float32(1 / max(schedule.ramp, 1)),
            cool=np.float32(1 / max(schedule.cool, 1)),
        )


def _advance(state: FitState, watched: jax.Array, schedule: ScheduleArrays) -> FitState:
    """Advance the schedule by one step. A plateau of the watched loss ends the exploration."""
    fast = jnp.where(state.step == 0, watched, (1 - _FAST) * state.fast + _FAST * watched)
    slow = jnp.where(state.step == 0, watched, (1 - _SLOW) * state.slow + _SLOW * watched)
    explored = (state.step >= schedule.min_explore) & (fast > _PLATEAU * slow)
    explored = explored | (state.step >= schedule.max_explore)
    ramp = jnp.where((state.ramp > 0) | explored, state.ramp + schedule.ramp, 0.0)
    cool = jnp.where(state.ramp > _COMPLETE, state.cool + schedule.cool, 0.0)
    return state._replace(
        step=state.step + 1,
        ramp=jnp.minimum(ramp, 1.0),
        cool=jnp.minimum(cool, 1.0),
        fast=fast,
        slow=slow,
    )


@jax.jit
def initial_state(params: Any) -> FitState:
    """A fit before its first step."""
    zero = jnp.zeros(())
    return FitState(
        params, OPTIMISER.init(params), jnp.zeros((), jnp.int32), zero, zero, zero, zero
    )


@partial(jax.jit, static_argnames=("loss", "steps"))
def run_chunk(
    state: FitState, key: jax.Array, data: Any, schedule: ScheduleArrays, *, loss: Loss,
    steps: int,
) -> tuple[FitState, dict[str, jax.Array]]:  # fmt: skip
    """Run ``steps`` steps of Adam.

    Returns:
        The state after them, and the mean of each scalar that the loss reports.
    """

    def step(state: FitState, key: jax.Array) -> tuple[FitState, dict[str, jax.Array]]:
        phase = Phase(state.step, state.ramp)
        grads, report = jax.grad(loss, has_aux=True)(state.params, key, data, phase)
        rate = schedule.rate * jnp.minimum(1.0, (state.step + 1) * schedule.warmup)
        rate = rate * 0.5 * (1 + jnp.cos(jnp.pi * state.cool))
        updates, optimiser = OPTIMISER.update(grads, state.optimiser)
        params = jax.tree.map(
            lambda p, u: p - rate * (u + schedule.decay * p), state.params, updates
        )
        state = state._replace(params=params, optimiser=optimiser)
        return _advance(state, report["watched"], schedule), report

    state, report = jax.lax.scan(step, state, jax.random.split(key, steps))
    return state, jax.tree.map(jnp.mean, report)


def fit(
    key: jax.Array,
    loss: Loss,
    params: Any,
    data: Any,
    schedule: Schedule,
    on_chunk: Callable[[FitState, dict[str, np.ndarray], float], None] | None = None,
) -> tuple[Any, dict[str, np.ndarray]]:
    """Minimise a loss by Adam.

    Args:
        key: consumed.
        loss: ``(params, key, data, phase) -> (scalar, dict of scalars)``; the dict holds
            ``watched``, the loss whose plateau ends the exploration. Pass the same function object
            for the same computation: the compiled program is kept under it.
        params, data: pytrees of arrays.
        schedule: the settings.
        on_chunk: called after each chunk with the state, the curves so far and the share of the
            steps done; an exception it raises ends the fit.

    Returns:
        The parameters, and the curves: name -> mean over each chunk, with ``step`` at its end.
    """
    state, arrays = initial_state(params), ScheduleArrays.of(schedule)
    rows: list[dict[str, float]] = []
    for i in range(-(-schedule.max_steps // schedule.chunk) + 1):
        key_chunk = jax.random.fold_in(key, i)
        state, report = run_chunk(state, key_chunk, data, arrays, loss=loss, steps=schedule.chunk)
        rows.append({name: float(x) for name, x in report.items()} | {"step": int(state.step)})
        if on_chunk is not None:
            on_chunk(state, _curves(rows), _share_done(state, schedule))
        if state.done:
            break
    return state.params, _curves(rows)


def _curves(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _share_done(state: FitState, schedule: Schedule) -> float:
    """The share of the steps done, assuming the longest exploration until it ends."""
    explored = min(float(state.step) / max(schedule.explore[1], 1), 1.0)
    if float(state.ramp) > 0:
        explored = 1.0
    done = (
        explored * schedule.explore[1]
        + float(state.ramp) * schedule.ramp
        + float(state.cool) * schedule.cool
    )
    return done / schedule.max_steps
