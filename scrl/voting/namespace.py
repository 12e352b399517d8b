"""Array functions that a rule can use on NumPy arrays and inside a compiled JAX program alike.

A rule is written once, against ``contest.xp``: ``numpy`` where a small contest is counted at once,
``jax.numpy`` where a program for many contests is compiled. The two differ where a loop depends on
values, which Python cannot run inside a compiled program. The functions below are these loops. JAX
is imported only where a program is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

#: An array of the namespace: ``numpy.ndarray`` or ``jax.Array``.
Array = Any
#: The state of a loop: an array, or a tuple of arrays whose shapes and types stay the same.
State = TypeVar("State")


def namespace_of(array: Array) -> ModuleType:
    """``numpy`` or ``jax.numpy``, by the type of the array."""
    if isinstance(array, np.ndarray | np.generic):
        return np
    import jax.numpy as jnp

    return jnp


def while_loop(
    xp: ModuleType,
    unfinished: Callable[[State], Array],
    step: Callable[[State], State],
    start: State,
) -> State:
    """The state after as many steps as ``unfinished(state)`` is true."""
    if xp is not np:
        from jax import lax

        return lax.while_loop(unfinished, step, start)
    state = start
    while unfinished(state):
        state = step(state)
    return state


def repeat(xp: ModuleType, times: int, step: Callable[[Any, State], State], start: State) -> State:
    """The state after ``step(i, state)`` for i = 0 … times - 1."""
    if xp is not np:
        from jax import lax

        return lax.fori_loop(0, times, step, start)
    state = start
    for i in range(times):
        state = step(i, state)
    return state


def map_rows(xp: ModuleType, function: Callable[..., Array], *arrays: Array) -> Array:
    """``function`` of the rows of the arrays, one row at a time, stacked ``[rows, ...]``."""
    if xp is not np:
        from jax import lax

        return lax.map(lambda rows: function(*rows), arrays)
    return np.stack([function(*rows) for rows in zip(*arrays, strict=True)])


def sigmoid(xp: ModuleType, x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    if xp is not np:
        from jax import nn

        return nn.sigmoid(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)
