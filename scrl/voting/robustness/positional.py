"""Margins of victory of rules that give points for places, and of Bucklin: exact.

If the winners change, a candidate that did not win draws level with one that did, or of two that
tied one falls behind. So the margin is the least number of ballots over pairs of candidates. For
points for places, the ballots that give most to the winner and least to the other are changed
first, into ballots with the other first and the winner last (Xia 2012, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from scrl.voting.robustness.electorate import BallotChange, Electorate, order_with
from scrl.voting.robustness.programmes import Programme, fewest_changes

#: Rule -> points for the places of m candidates. On ballots that rank all candidates, the scores of
#: Bradley–Terry have the order of Borda's.
POINTS: dict[str, Callable[[int], np.ndarray]] = {
    "plurality": lambda m: np.arange(m) < 1,
    "anti-plurality": lambda m: -1.0 * (np.arange(m) == m - 1),
    "2-approval": lambda m: np.arange(m) < 2,
    "3-approval": lambda m: np.arange(m) < 3,
    "borda": lambda m: np.arange(m)[::-1],
    "dowdall": lambda m: 1.0 / np.arange(1, m + 1),
    "bradley-terry": lambda m: np.arange(m)[::-1],
}
#: A strict inequality between sums of points holds by at least this.
LEAST_LEAD = 1e-4


def closest_pairs(winners: frozenset[int], size: int) -> Iterator[tuple[int, int, float]]:
    """The pairs of which one must come true if the winners change: the first candidate draws
    level with the second, or leads by the number given."""
    for b in range(size):
        for a in sorted(winners - {b}):
            yield b, a, LEAST_LEAD if b in winners else 0.0


def positional_change(voters: Electorate, kind: str) -> BallotChange | None:
    """The smallest change of ballots that changes the winners by points for places, or None."""
    points = ballot_points(voters.place, POINTS[voters.rule](voters.size).astype(float))
    best: BallotChange | None = None
    for b, a, lead in closest_pairs(voters.winners, voters.size):
        order = order_with(voters.size, [b], [a])
        new = ballot_points(np.argsort(order)[None], POINTS[voters.rule](voters.size).astype(float))
        gap = points[:, b] - points[:, a]
        slack = np.array([voters.count @ gap - lead])
        gained = new[:, [b]] - new[:, [a]]
        programme = Programme(voters.count, gap[:, None], [order], gained, slack, kind)
        best = _smaller(best, programme)
    return best


def bucklin_change(voters: Electorate, kind: str) -> BallotChange | None:
    """The smallest change of ballots that changes the winners by Bucklin, or None.

    The first candidate draws level with the second at a level where it has a majority, and below
    which the second has none.
    """
    m = voters.size
    votes = cumulative_votes(voters.place)
    best: BallotChange | None = None
    for b, a, lead in closest_pairs(voters.winners, m):
        orders = _orders_by_places(m, b, a)
        new = cumulative_votes(np.argsort(np.array(orders), axis=1))
        for level in range(m):
            terms = [_bucklin_terms(v, b, a, level) for v in (votes, new)]
            slack = voters.count @ terms[0] - [LEAST_LEAD, 0.0, lead]
            programme = Programme(voters.count, terms[0], orders, terms[1], slack, kind)
            best = _smaller(best, programme)
    return best


def _bucklin_terms(votes: np.ndarray, b: int, a: int, level: int) -> np.ndarray:
    """What each ballot adds to b's majority at a level, to a's lack of one below it, and to b's
    lead ``[ballots, 3]``."""
    below = votes[:, a, level - 1] if level else np.zeros(len(votes))
    return np.stack(
        [votes[:, b, level] - 0.5, 0.5 - below, votes[:, b, level] - votes[:, a, level]], axis=1
    )


def _orders_by_places(m: int, b: int, a: int) -> list[tuple[int, ...]]:
    """One order for each pair of places of two candidates."""
    others = [c for c in range(m) if c not in (a, b)]
    orders = []
    for i in range(m):
        for j in range(m):
            if i != j:
                rest = iter(others)
                orders.append(tuple(b if p == i else a if p == j else next(rest) for p in range(m)))
    return orders


def ballot_points(place: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The points that each ballot gives ``[ballots, candidates]``; tied candidates share those of
    the places they fill."""
    total = np.concatenate([[0.0], np.cumsum(points)])
    ahead = (place[:, None, :] < place[:, :, None]).sum(2)
    tied = (place[:, None, :] == place[:, :, None]).sum(2)
    return (total[ahead + tied] - total[ahead]) / tied


def cumulative_votes(place: np.ndarray) -> np.ndarray:
    """Whether each ballot has a candidate among its first places ``[ballots, candidates, level]``;
    a fraction for ties that reach beyond the level."""
    m = place.shape[1]
    return np.stack([ballot_points(place, 1.0 * (np.arange(m) <= i)) for i in range(m)], axis=2)


def _smaller(best: BallotChange | None, programme: Programme) -> BallotChange | None:
    """The smallest change that meets a programme, if it is smaller than the best."""
    found = fewest_changes(programme, np.inf if best is None else best.size - 1)
    return found.change if found else best
