"""Criteria of one profile: a candidate who must win, must not win, or a set that must contain
every winner.

A tie for first counts against the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.comparisons import Comparisons, FindComparisons, make_comparisons

# -- the candidates that a criterion names --------------------------------------------------------


def one_electorate(
    find_candidates: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> FindComparisons:
    """The comparisons of a criterion of one electorate.

    Args:
        find_candidates: rows ``[rows, m]`` and weights ``[n, rows]`` -> mask ``[n, m]`` of the
            candidates concerned.
    """

    def comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
        return make_comparisons(rows, [weight], find_candidates(rows, weight))

    return comparisons


def majority_winner(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates whom more than half of the voters rank first, without a tie ``[n, m]``."""
    return _voter_share(weight, _ranked_first(rows)) > 0.5 + TIE_TOLERANCE


def majority_loser(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates whom more than half of the voters rank last, without a tie ``[n, m]``."""
    return _voter_share(weight, _ranked_last(rows)) > 0.5 + TIE_TOLERANCE


def unanimous_winner(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates whom every voter ranks first, without a tie ``[n, m]``."""
    return _voter_share(weight, _ranked_first(rows)) > 1 - TIE_TOLERANCE


def pareto_dominated(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates below whom every voter ranks the same other candidate ``[n, m]``."""
    above = np.stack([e.strictly_above(row) for row in rows])
    not_above = np.einsum("nr,rab->nab", weight, ~above)
    return (not_above <= TIE_TOLERANCE).any(1)


def condorcet_winner(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates who beat every other candidate head to head ``[n, m]``."""
    return np.asarray(_beats(rows, weight).all(2))


def condorcet_loser(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Candidates who lose to every other candidate head to head ``[n, m]``."""
    return np.asarray(_beats(rows, weight).all(1))


def smith_set(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The Smith set ``[n, m]``."""
    return e.smith_set(e.pairwise_shares(rows, weight))


def _voter_share(weight: np.ndarray, holds: np.ndarray) -> np.ndarray:
    """The share of the voters ``[n, m]`` on whose ballot ``holds [rows, m]`` is true."""
    return weight @ holds / weight.sum(-1, keepdims=True)


def _ranked_first(rows: np.ndarray) -> np.ndarray:
    """Whether a ballot ranks a candidate first without a tie ``[rows, m]``."""
    return (rows == 0) & ((rows == 0).sum(1, keepdims=True) == 1)


def _ranked_last(rows: np.ndarray) -> np.ndarray:
    """Whether a complete ballot ranks a candidate last without a tie ``[rows, m]``."""
    last = rows == rows.max(1, keepdims=True)
    return last & (last.sum(1, keepdims=True) == 1) & (rows >= 0).all(1, keepdims=True)


def _beats(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Whether a candidate beats another head to head ``[n, m, m]``; true on the diagonal."""
    wins = np.asarray(e.pairwise_shares(rows, weight) > 0.5 + TIE_TOLERANCE)
    return wins | np.eye(rows.shape[1], dtype=bool)


# -- violations -----------------------------------------------------------------------------------


def required_winner_fails(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the candidate concerned, if there is one, is not the sole winner ``[k]``."""
    candidates = comparisons.candidates
    return candidates.any(-1) & (e.winners(places[0]) != candidates).any(-1)


def excluded_candidate_wins(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether a candidate concerned is among the winners ``[k]``."""
    return (comparisons.candidates & e.winners(places[0])).any(-1)


def winner_outside_set(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether a winner is outside the set of the candidates concerned ``[k]``."""
    return (e.winners(places[0]) & ~comparisons.candidates).any(-1)
