"""Fit any model: ``lax.scan`` over chunks of steps, progress between them, early stop, cancel.

Nothing here knows a model. A loss draws its own batches from data that stay on the device, so a
chunk runs without the host; it is compiled once for a loss, a schedule and the data's shapes.
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


class Phase(NamedTuple):
    """What a loss is told of the fit's progress.

    Attributes:
        step: of this fit; ramp: how far the task has widened, 0 to 1.
    """

    step: jax.Array
    ramp: jax.Array


class State(NamedTuple):
    """A fit between two steps: parameters, Adam's moments, and where the schedule stands.

    ``fast`` and ``slow`` are running means of the watched loss; their meeting says that it has
    stopped falling.
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
        return float(self.cool) > 0.9999


def _advance(state: State, watched, schedule: Schedule) -> State:
    """The schedule's next state, driven by the watched loss."""
    fast = jnp.where(state.step == 0, watched, 0.98 * state.fast + 0.02 * watched)
    slow = jnp.where(state.step == 0, watched, 0.995 * state.slow + 0.005 * watched)
    least, most = schedule.explore
    learnt = (state.step >= least) & (fast > 0.995 * slow) | (state.step >= most)
    started = (state.ramp > 0) | learnt
    ramp = jnp.where(started, state.ramp + 1 / max(schedule.ramp, 1), 0.0)
    cool = jnp.where(state.ramp > 0.9999, state.cool + 1 / schedule.cool, 0.0)
    return state._replace(
        step=state.step + 1,
        ramp=jnp.minimum(ramp, 1.0),
        cool=jnp.minimum(cool, 1.0),
        fast=fast,
        slow=slow,
    )


@jax.jit
def _begin(params) -> State:
    zero = jnp.zeros(())
    return State(params, OPTIMISER.init(params), jnp.zeros((), jnp.int32), zero, zero, zero, zero)


@partial(jax.jit, static_argnames=("loss", "schedule"))
def _chunk(state: State, key, data, *, loss: Callable, schedule: Schedule):
    def step(state: State, key):
        phase = Phase(state.step, state.ramp)
        grads, watch = jax.grad(loss, has_aux=True)(state.params, key, data, phase)
        rate = schedule.rate * jnp.minimum(1.0, (state.step + 1) / schedule.warmup)
        rate = rate * 0.5 * (1 + jnp.cos(jnp.pi * state.cool))
        updates, optimiser = OPTIMISER.update(grads, state.optimiser)
        params = jax.tree.map(
            lambda p, u: p - rate * (u + schedule.decay * p), state.params, updates
        )
        state = state._replace(params=params, optimiser=optimiser)
        return _advance(state, watch["watched"], schedule), watch

    state, watch = jax.lax.scan(step, state, jax.random.split(key, schedule.chunk))
    return state, jax.tree.map(jnp.mean, watch)


def fit(
    key: jax.Array,
    loss: Callable,
    params,
    data,
    schedule: Schedule,
    on_chunk: Callable[[State, dict, float], None] | None = None,
) -> tuple[Any, dict[str, np.ndarray]]:
    """Minimise ``loss`` by Adam.

    Args:
        key: consumed.
        loss: ``(params, key, data, phase) -> (scalar, dict of scalars)``; the dict holds
            ``watched``, the loss whose fall delays the ramp. Pass the same function object for
            the same computation: the compiled program is kept under it.
        params, data: pytrees of arrays.
        on_chunk: called after each chunk with the state, the curves so far and the share of the
            steps done; what it raises ends the fit.

    Returns:
        The parameters, and the curves: name -> mean of each chunk, with ``step`` at its end.
    """
    state = _begin(params)
    rows: list[dict] = []
    for i in range(-(-schedule.most // schedule.chunk) + 1):
        state, watch = _chunk(state, jax.random.fold_in(key, i), data, loss=loss, schedule=schedule)
        rows.append({name: float(x) for name, x in watch.items()} | {"step": int(state.step)})
        if on_chunk is not None:
            curves = {name: np.array([row[name] for row in rows]) for name in rows[0]}
            on_chunk(state, curves, _share(state, schedule))
        if state.done:
            break
    return state.params, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _share(state: State, schedule: Schedule) -> float:
    """The share of the steps done, taking exploration at its longest until it ends."""
    explored = min(float(state.step) / max(schedule.explore[1], 1), 1.0)
    if float(state.ramp) > 0:
        explored = 1.0
    done = (
        explored * schedule.explore[1]
        + float(state.ramp) * schedule.ramp
        + float(state.cool) * schedule.cool
    )
    return done / schedule.most
