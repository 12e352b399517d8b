"""Margins as whole numbers: rules that read only the order of margins count each order once.

Most such rules walk over candidates and victories one by one. Many contests have the same order of
margins, and ties within 1e-9 are resolved once, for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE

#: Different orders of margins whose outcomes are kept, for each rule.
KEPT = 50_000

#: Levels ``[candidates, candidates]`` of one contest -> places ``[candidates]``.
PlaceCount = Callable[[np.ndarray], np.ndarray]
#: Levels of one contest -> its winners, as positions.
WinnerCount = Callable[[np.ndarray], Iterable[int]]


def margin_levels(above: np.ndarray) -> np.ndarray:
    """The margins of contests as levels ``[contests, candidates, candidates]``: 0 for a tie, 1 for
    the smallest margin of a victory, 2 for the next, and minus that for the loser.

    Margins within 1e-9 of the weight are equal; such ties chain.

    Args:
        above: P(a ≻ b), same shape.
    """
    contests, m, _ = above.shape
    first, second = np.triu_indices(m, 1)
    margin = above[:, first, second] - 0.5
    size = np.concatenate([np.zeros((contests, 1)), np.abs(margin)], axis=1)
    order = np.argsort(size, axis=1, kind="stable")
    rises = np.diff(np.take_along_axis(size, order, 1), axis=1) > TIE_TOLERANCE
    ascending = np.pad(np.cumsum(rises, axis=1), ((0, 0), (1, 0)))
    level = np.empty(size.shape, np.int32)
    np.put_along_axis(level, order, ascending, axis=1)
    found = np.zeros(above.shape, np.int32)
    found[:, first, second] = np.sign(margin) * level[:, 1:]
    return found - found.transpose(0, 2, 1)


def count_by_levels(only_signs: bool = False) -> Callable[[PlaceCount], PlaceCount]:
    """Make a rule of pairwise shares ``[contests, m, m]`` from a function of the levels of one
    contest; each distinct matrix is counted once.

    Args:
        only_signs: whether the function reads only who beats whom.
    """

    def decorate(count: PlaceCount) -> PlaceCount:
        @lru_cache(KEPT)
        def places(data: bytes, m: int) -> np.ndarray:
            return count(np.frombuffer(data, np.int32).reshape(m, m))

        @wraps(count)
        def rule(above: np.ndarray) -> np.ndarray:
            levels = margin_levels(above)
            levels = np.sign(levels) if only_signs else levels
            m = above.shape[-1]
            return np.array([places(own.tobytes(), m) for own in levels]).reshape(-1, m)

        return rule

    return decorate


def place_repeatedly(levels: np.ndarray, winners: WinnerCount) -> np.ndarray:
    """Places ``[candidates]`` where the winners share first place, are removed, and the rule runs
    again among the others."""
    place, remaining = np.zeros(len(levels), int), np.arange(len(levels))
    while len(remaining):
        first = list(winners(levels[np.ix_(remaining, remaining)]))
        place[remaining[first]] = len(levels) - len(remaining)
        remaining = np.delete(remaining, first)
    return place
