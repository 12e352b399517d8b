"""The ballots that a search for lies tries: values, higher better, NaN where left out."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from scrl.types import frozen

#: All orders are tried for so many candidates; beyond, the search climbs.
MAX_EXHAUSTIVE = 6


@cache
def strict_orders(m: int) -> np.ndarray:
    """All strict orders as places ``[m!, m]``, in lexicographic order of the orders."""
    return frozen(np.argsort(list(permutations(range(m))), axis=1), np.int32)


@cache
def truncated_orders(m: int) -> np.ndarray:
    """All ballots that rank some of the candidates strictly and leave the others out."""
    kept = [np.where(strict_orders(m) < k, strict_orders(m), -1) for k in range(1, m)]
    return frozen(np.unique(np.concatenate(kept), axis=0), np.int32)


def values_from_places(place: np.ndarray) -> np.ndarray:
    """Ballots as values, higher better, NaN where left out."""
    return np.where(place < 0, np.nan, -place.astype(float))


def places_from_values(values: np.ndarray) -> np.ndarray:
    """Places of one ballot from its values, equal ones tied, -1 where left out."""
    out = np.full(values.shape, -1)
    ranked = ~np.isnan(values)
    out[ranked] = np.unique(-values[ranked], return_inverse=True)[1].ravel()
    return out


def exaggerations(u: np.ndarray) -> np.ndarray:
    """Reports within the true values: they in another order, or the largest and the least alone."""
    m = len(u)
    fallen = np.sort(u)[::-1]
    if m <= MAX_EXHAUSTIVE:
        moved = fallen[strict_orders(m)]
        named = np.array(list(np.ndindex(*(2,) * m)))[1:-1]
    else:
        moved = u[None]
        named = np.concatenate(
            [np.eye(m, dtype=int), np.tri(m - 1, m, dtype=int)[:, np.argsort(np.argsort(-u))]]
        )
    return np.concatenate([u[None], moved, np.where(named, fallen[0], fallen[-1])])


def report_distance(lies: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How far ballots ``[lies, ballots, candidates]`` are from the true one: pairs put otherwise
    (a pair tied or left out in one of them half), summed over ballots; then the values."""

    def signs(v):
        return np.nan_to_num(np.sign(v[..., :, None] - v[..., None, :]))

    pairs = np.abs(signs(lies) - signs(true)).sum((-1, -2, -3))
    return pairs + 1e-6 * np.nan_to_num(np.abs(lies - true)).sum((-1, -2))


def climb_starts(order: np.ndarray, rng: np.random.Generator, random: int = 4) -> np.ndarray:
    """Orders to climb from ``[starts, candidates]``: the true one; each candidate first
    (compromise); each last; each last with the favourite's rivals turned round; random ones."""
    m = len(order)
    found = [order, np.r_[order[:1], order[:0:-1]]]
    for i in range(1, m):
        rest = np.delete(order, i)
        found += [np.r_[order[i], rest], np.r_[rest, order[i]]]
        found.append(np.r_[order[i], rest[::-1]])
    found += [rng.permutation(m) for _ in range(random)]
    return np.unique(np.stack(found), axis=0)


def neighbouring_orders(orders: np.ndarray) -> np.ndarray:
    """Each order ``[starts, m]`` and all that differ in the place of one candidate
    ``[starts, 1 + moves, m]``."""
    m = orders.shape[1]
    at = [np.arange(m)]
    for i in range(m):
        rest = np.delete(np.arange(m), i)
        at += [np.insert(rest, j, i) for j in range(m) if j != i]
    return orders[:, np.unique(np.stack(at), axis=0)]
