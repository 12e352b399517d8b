"""Cultures with a structure: single-peaked and group-separable ballots.

Every function draws many profiles at once, as in ``cultures``: places ``[profiles, voters,
candidates]``, 0 = first, without ties.
"""

from __future__ import annotations

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError

#: How a group of candidates is split, for ``group_separable``.
TREES = ("balanced", "caterpillar", "random")


def single_peaked_walsh(
    rng: int | np.random.Generator, profiles: int, voters: int, candidates: int, _: float = 0.0
) -> np.ndarray:
    """Every ballot that is single-peaked on the axis 0, 1, 2 … is equally likely (Walsh 2015).

    From the last place upwards, the next candidate is the left or the right end of those that
    remain, with probability ½ each.
    """
    is_left = np.random.default_rng(rng).random((profiles, voters, candidates)) < 0.5
    place = np.empty(is_left.shape, np.int16)
    left = np.zeros(is_left.shape[:2], np.int64)
    right = np.full(is_left.shape[:2], candidates - 1)
    for rank in range(candidates - 1, -1, -1):
        taken = np.where(is_left[..., rank], left, right)
        np.put_along_axis(place, taken[..., None], np.int16(rank), axis=-1)
        left, right = left + is_left[..., rank], right - ~is_left[..., rank]
    return place


def single_peaked_conitzer(
    rng: int | np.random.Generator, profiles: int, voters: int, candidates: int, _: float = 0.0
) -> np.ndarray:
    """Ballots single-peaked on the axis 0, 1, 2 …: the first place is uniform, and each next one is
    the left or the right neighbour of those placed, with probability ½ while there are both
    (Conitzer 2009)."""
    rng = np.random.default_rng(rng)
    left = rng.integers(0, candidates, (profiles, voters))
    is_left = rng.random((profiles, voters, candidates)) < 0.5
    right = left.copy()
    place = np.empty(is_left.shape, np.int16)
    np.put_along_axis(place, left[..., None], np.int16(0), axis=-1)
    for rank in range(1, candidates):
        goes_left = (left > 0) & (is_left[..., rank] | (right == candidates - 1))
        left, right = left - goes_left, right + ~goes_left
        taken = np.where(goes_left, left, right)
        np.put_along_axis(place, taken[..., None], np.int16(rank), axis=-1)
    return place


def group_separable(
    rng: int | np.random.Generator,
    profiles: int,
    voters: int,
    candidates: int,
    _: float = 0.0,
    tree: str = "random",
) -> np.ndarray:
    """Candidates form a binary tree of groups, and every voter ranks one half of each group above
    the other, with probability ½ each (Inada 1964; Faliszewski, Karpov & Obraztsova 2022).

    Args:
        tree: ``"balanced"`` halves each group; ``"caterpillar"`` splits off one candidate;
            ``"random"`` splits at a uniformly drawn place, anew in each profile. Candidates are
            shuffled over the leaves in each profile.
    """
    if tree not in TREES:
        raise InputError(f"There is no tree {quoted(tree)}; choose from {', '.join(TREES)}.")
    rng = np.random.default_rng(rng)
    place = np.empty((profiles, voters, candidates), np.int16)
    for profile in place:
        leaves = rng.permutation(candidates)
        # The first place that each voter gives to a group; a voter who prefers the second half
        # moves the first half down by its size.
        groups = [(0, candidates, np.zeros(voters, np.int16))]
        while groups:
            start, stop, first = groups.pop()
            size = stop - start
            if size == 1:
                profile[:, leaves[start]] = first
                continue
            head = {"balanced": size // 2, "caterpillar": 1}.get(tree) or int(rng.integers(1, size))
            swapped = rng.random(voters) < 0.5
            groups.append((start, start + head, np.where(swapped, first + size - head, first)))
            groups.append((start + head, stop, np.where(swapped, first, first + head)))
    return place
