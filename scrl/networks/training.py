"""Fit any model: ``lax.scan`` over chunks of steps, progress between them, early stop, cancel.

Nothing here knows a model. A loss draws its own batches from data that stay on the device, so a
chunk runs without the host; it is compiled once for a loss, a chunk's length and the data's shapes.
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


class Pace(NamedTuple):
    """A schedule as numbers that a compiled chunk is given, so that another compiles nothing.

    Attributes:
        rate, decay: as in ``Schedule``; least, most: of exploration, in steps; warmup, ramp, cool:
            the share of each that a step is.
    """

    rate: np.float32
    decay: np.float32
    least: np.int32
    most: np.int32
    warmup: np.float32
    ramp: np.float32
    cool: np.float32

    @classmethod
    def of(cls, schedule: Schedule) -> Pace:
        share = [1 / max(steps, 1) for steps in (schedule.warmup, schedule.ramp, schedule.cool)]
        return cls(
            np.float32(schedule.rate), np.float32(schedule.decay), *map(np.int32, schedule.explore),
            *map(np.float32, share),
        )  # fmt: skip


def _advance(state: State, watched, pace: Pace) -> State:
    """The schedule's next state, driven by the watched loss."""
    fast = jnp.where(state.step == 0, watched, 0.98 * state.fast + 0.02 * watched)
    slow = jnp.where(state.step == 0, watched, 0.995 * state.slow + 0.005 * watched)
    learnt = (state.step >= pace.least) & (fast > 0.995 * slow) | (state.step >= pace.most)
    started = (state.ramp > 0) | learnt
    ramp = jnp.where(started, state.ramp + pace.ramp, 0.0)
    cool = jnp.where(state.ramp > 0.9999, state.cool + pace.cool, 0.0)
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


@partial(jax.jit, static_argnames=("loss", "steps"))
def _chunk(state: State, key, data, pace: Pace, *, loss: Callable, steps: int):
    def step(state: State, key):
        phase = Phase(state.step, state.ramp)
        grads, watch = jax.grad(loss, has_aux=True)(state.params, key, data, phase)
        rate = pace.rate * jnp.minimum(1.0, (state.step + 1) * pace.warmup)
        rate = rate * 0.5 * (1 + jnp.cos(jnp.pi * state.cool))
        updates, optimiser = OPTIMISER.update(grads, state.optimiser)
        params = jax.tree.map(lambda p, u: p - rate * (u + pace.decay * p), state.params, updates)
        state = state._replace(params=params, optimiser=optimiser)
        return _advance(state, watch["watched"], pace), watch

    state, watch = jax.lax.scan(step, state, jax.random.split(key, steps))
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
    state, pace = _begin(params), Pace.of(schedule)
    rows: list[dict] = []
    for i in range(-(-schedule.most // schedule.chunk) + 1):
        state, watch = _chunk(
            state, jax.random.fold_in(key, i), data, pace, loss=loss, steps=schedule.chunk
        )
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
