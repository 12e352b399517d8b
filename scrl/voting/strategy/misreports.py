"""Ballots that a search for misreports tries, as values: higher better, NaN where left out."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from scrl.types import frozen

#: Most candidates for which every order is tried; beyond, the search climbs.
MAX_EXHAUSTIVE = 6


@cache
def strict_orders(m: int) -> np.ndarray:
    """All strict orders as places ``[m!, m]``, in lexicographic order of the orders."""
    return frozen(np.argsort(list(permutations(range(m))), axis=1), np.int32)


@cache
def truncated_orders(m: int) -> np.ndarray:
    """All ballots that rank some candidates strictly and omit the others, as places
    ``[ballots, m]``, -1 where omitted."""
    cut = [np.where(strict_orders(m) < k, strict_orders(m), -1) for k in range(1, m)]
    return frozen(np.unique(np.concatenate(cut), axis=0), np.int32)


def values_from_places(place: np.ndarray) -> np.ndarray:
    """Ballots as values (same shape), higher better, NaN where the place is -1."""
    return np.where(place < 0, np.nan, -place.astype(float))


def places_from_values(values: np.ndarray) -> np.ndarray:
    """Places of one ballot ``[candidates]`` from its values: equal ones tied, -1 where NaN."""
    place = np.full(values.shape, -1)
    ranked = ~np.isnan(values)
    place[ranked] = np.unique(-values[ranked], return_inverse=True)[1].ravel()
    return place


def utility_misreports(utility: np.ndarray) -> np.ndarray:
    """Reports of utilities within the true range ``[reports, candidates]``, the truthful one first.

    Each report permutes the true utilities, or states only the largest and the smallest of them.
    Beyond ``MAX_EXHAUSTIVE`` candidates nothing is permuted, and the largest value goes to one
    candidate or to the best few.

    Args:
        utility: the true one ``[candidates]``.
    """
    m = len(utility)
    descending = np.sort(utility)[::-1]
    if m <= MAX_EXHAUSTIVE:
        permuted = descending[strict_orders(m)]
        approved = np.array(list(np.ndindex(*(2,) * m)))[1:-1]
    else:
        permuted = utility[None]
        best_few = np.tri(m - 1, m, dtype=int)[:, np.argsort(np.argsort(-utility))]
        approved = np.concatenate([np.eye(m, dtype=int), best_few])
    two_valued = np.where(approved, descending[0], descending[-1])
    return np.concatenate([utility[None], permuted, two_valued])


def report_distance(reports: np.ndarray, truthful: np.ndarray) -> np.ndarray:
    """Distance of reports from the truthful ballot ``[reports]``.

    Each pair in the other order counts, a pair tied or omitted on one side half, summed over
    ballots. Differences of the values break ties.

    Args:
        reports: values ``[reports, ballots, candidates]``.
        truthful: values ``[ballots, candidates]``.
    """

    def pair_signs(values: np.ndarray) -> np.ndarray:
        return np.nan_to_num(np.sign(values[..., :, None] - values[..., None, :]))

    pairs = np.abs(pair_signs(reports) - pair_signs(truthful)).sum((-1, -2, -3))
    return pairs + 1e-6 * np.nan_to_num(np.abs(reports - truthful)).sum((-1, -2))


def starting_orders(order: np.ndarray, rng: np.random.Generator, random: int = 4) -> np.ndarray:
    """Orders from which the search climbs ``[starts, candidates]``.

    The truthful order; each candidate first (compromise); each last (burial); each first with the
    others reversed; random ones.

    Args:
        order: the truthful one, best first ``[candidates]``.
        random: how many random orders.
    """
    m = len(order)
    starts = [order, np.r_[order[:1], order[:0:-1]]]
    for i in range(1, m):
        rest = np.delete(order, i)
        starts += [np.r_[order[i], rest], np.r_[rest, order[i]]]
        starts.append(np.r_[order[i], rest[::-1]])
    starts += [rng.permutation(m) for _ in range(random)]
    return np.unique(np.stack(starts), axis=0)


def neighbouring_orders(orders: np.ndarray) -> np.ndarray:
    """Each order ``[starts, m]`` and all that move one of its candidates
    ``[starts, 1 + moves, m]``."""
    m = orders.shape[1]
    moves = [np.arange(m)]
    for i in range(m):
        rest = np.delete(np.arange(m), i)
        moves += [np.insert(rest, j, i) for j in range(m) if j != i]
    return orders[:, np.unique(np.stack(moves), axis=0)]
