"""Margins of victory of rules that read majorities only: exact, by branch and bound.

A node is a set of linear requirements on the margins between candidates, and its bound is the
fewest ballots whose change meets them, by integer programming over the orders of the candidates
concerned. Where the ballots of the optimum still elect the same winners, an *aim* names
alternatives: requirements of which at least one holds for every change that reaches the aim. The
first optimum that elects others is the smallest change.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

import numpy as np

from scrl.voting.robustness.electorate import BallotChange, Electorate, order_with
from scrl.voting.robustness.programmes import Programme, Unsolved, fewest_changes

#: Most orders of the candidates concerned that one programme holds.
MAX_ORIENTATIONS = 20_000


@dataclass(frozen=True)
class Requirement:
    """A linear requirement on margins: the sum of ``coefficient · margin[a, b]`` is at least
    ``least``.

    Attributes:
        terms: ``(a, b, coefficient)``.
        least: a whole number.
    """

    terms: tuple[tuple[int, int, int], ...]
    least: int = 0


#: Margins ``[candidates, candidates]`` -> alternatives of which one must hold, or None where the
#: aim is reached.
Aim = Callable[[np.ndarray], list[tuple[Requirement, ...]] | None]


def ahead(a: int, b: int, least: int = 0) -> Requirement:
    """The margin of a over b is at least a number."""
    return Requirement(((a, b, 1),), least)


def wider(a: int, b: int, c: int, d: int, by: int = 0) -> Requirement:
    """The margin of a over b exceeds that of c over d by at least a number."""
    return Requirement(((a, b, 1), (c, d, -1)), by)


@dataclass(order=True)
class _Node:
    bound: int
    number: int
    requirements: frozenset[Requirement] = field(compare=False)
    aim: Aim = field(compare=False)
    change: BallotChange | None = field(compare=False, default=None)
    relaxed: bool = field(compare=False, default=True)


class MarginSearch:
    """The search for the smallest change of ballots that reaches one of several aims.

    Attributes:
        voters: the ballots.
        kind: one of ``CHANGES``.
        deadline: when to stop, in seconds of ``time.monotonic``.
        least: no smaller change reaches an aim.
    """

    def __init__(self, voters: Electorate, kind: str, deadline: float) -> None:
        self.voters, self.kind, self.deadline = voters, kind, deadline
        self.least = 1
        self._numbers = count()
        self._seen: set[tuple[frozenset[Requirement], int]] = set()

    def run(
        self,
        starts: Sequence[tuple[tuple[Requirement, ...], Aim]],
        fallback: Aim | None,
        known: BallotChange | None,
    ) -> BallotChange | None:
        """The smallest change that changes the winners, or the best known where time runs out.

        Args:
            starts: requirements and aims of which one is reached by every change of the winners.
            fallback: an aim for changes that reach the first one and leave the winners as they
                are, as some do where margins are equal.
            known: a change that changes the winners.
        """
        heap: list[_Node] = []
        for requirements, aim in starts:
            self._push(heap, frozenset(requirements), aim, 1)
        while heap:
            node = heapq.heappop(heap)
            self.least = max(self.least, node.bound)
            if known is not None and node.bound >= known.size:
                break
            if time.monotonic() > self.deadline:
                return known
            if node.change is None:
                try:
                    self._solve(heap, node, np.inf if known is None else known.size - 1)
                except Unsolved:
                    return known
                continue
            margin = self.margin_after(node.change)
            alternatives = node.aim(margin)
            if alternatives is None or node.aim is fallback:
                if self.voters.winners_after(node.change) != self.voters.winners:
                    return node.change
                node.aim = fallback or node.aim
                alternatives = node.aim(margin)
            for more in alternatives or ():
                self._push(heap, node.requirements | frozenset(more), node.aim, node.bound)
        if known is not None:
            self.least = known.size
        return known

    def margin_after(self, change: BallotChange) -> np.ndarray:
        """The margins when the ballots have changed ``[candidates, candidates]``."""
        voters = self.voters
        margin = voters.margin - _margins(voters.place, change.removed)
        if len(change.added):
            margin = margin + _margins(np.argsort(np.array(change.orders), axis=1), change.added)
        return margin

    def _push(
        self, heap: list[_Node], requirements: frozenset[Requirement], aim: Aim, bound: int
    ) -> None:
        key = (requirements, id(aim))
        if key not in self._seen:
            self._seen.add(key)
            heapq.heappush(heap, _Node(bound, next(self._numbers), requirements, aim))

    def _solve(self, heap: list[_Node], node: _Node, most: float) -> None:
        """Put a node back with the smallest change that meets its requirements, or with a better
        bound; nothing where it takes more ballots than ``most``."""
        seconds = max(0.1, self.deadline - time.monotonic())
        programme = self._programme(node.requirements)
        found = fewest_changes(programme, most, node.relaxed, seconds)
        if found is not None:
            node.change, node.bound = found.change, max(node.bound, found.least)
            node.relaxed = False
            heapq.heappush(heap, node)

    def _programme(self, requirements: frozenset[Requirement]) -> Programme:
        voters, rows = self.voters, sorted(requirements, key=repr)
        pairs = sorted({(min(a, b), max(a, b)) for row in rows for a, b, _ in row.terms})
        number = {pair: i for i, pair in enumerate(pairs)}
        weights = np.zeros((len(pairs), len(rows)))
        for j, row in enumerate(rows):
            for a, b, coefficient in row.terms:
                weights[number[min(a, b), max(a, b)], j] += coefficient if a < b else -coefficient
        first, second = np.array(pairs, int).reshape(-1, 2).T
        signs, orders = orientations(tuple(pairs), voters.size)
        cast = np.sign(voters.place[:, second] - voters.place[:, first])
        slack = voters.margin[first, second] @ weights - [row.least for row in rows]
        return Programme(voters.count, cast @ weights, orders, signs @ weights, slack, self.kind)


def _margins(place: np.ndarray, times: np.ndarray) -> np.ndarray:
    above = np.stack([times @ (place[:, [a]] < place) for a in range(place.shape[1])])
    return above - above.T


def orientations(
    pairs: tuple[tuple[int, int], ...], size: int
) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """All ways in which a strict order may rank pairs of candidates.

    Returns:
        1 where the first of a pair is ahead, else -1 ``[ways, pairs]``, and an order for each.

    Raises:
        Unsolved: for more than ``MAX_ORIENTATIONS``.
    """
    ways: list[tuple[list[int], list[int]]] = [([], [0] * size)]  # signs, candidates below as bits
    for a, b in pairs:
        longer = []
        for signs, below in ways:
            for sign, (x, y) in ((1, (a, b)), (-1, (b, a))):
                if not below[y] >> x & 1:
                    longer.append(([*signs, sign], _with_pair(below, x, y)))
        if len(longer) > MAX_ORIENTATIONS:
            raise Unsolved
        ways = longer
    orders = []
    for _, below in ways:
        concerned = sorted({c for pair in pairs for c in pair}, key=lambda c: -below[c].bit_count())
        orders.append(order_with(size, concerned))
    return np.array([signs for signs, _ in ways]), orders


def _with_pair(below: list[int], x: int, y: int) -> list[int]:
    """The candidates below each candidate, as bits, when x is also above y."""
    reached = below[y] | 1 << y
    return [b | reached if c == x or b >> x & 1 else b for c, b in enumerate(below)]


def changed_order_of_margins(margin: np.ndarray) -> list[tuple[Requirement, ...]]:
    """Alternatives of which one holds if the order of the margins changes, ties included: the aim
    of any rule that reads no more than this order."""
    m = len(margin)
    victories = [(a, b) if margin[a, b] >= 0 else (b, a) for a in range(m) for b in range(a + 1, m)]
    victories.sort(key=lambda pair: -margin[pair])
    found: list[tuple[Requirement, ...]] = []
    positive = [pair for pair in victories if margin[pair] > 0]
    for x, y in pairwise(positive):
        if margin[x] > margin[y]:
            found.append((wider(*y, *x),))
        else:
            found += [(wider(*y, *x, 1),), (wider(*x, *y, 1),)]
    if positive:
        a, b = positive[-1]
        found.append((ahead(b, a),))
    for a, b in victories[len(positive) :]:
        found += [(ahead(a, b, 1),), (ahead(b, a, 1),)]
    return found


def changed_victories(margin: np.ndarray) -> list[tuple[Requirement, ...]]:
    """Alternatives of which one holds if a victory or a tie changes: the aim of any rule that reads
    no more than who beats whom."""
    found: list[tuple[Requirement, ...]] = []
    for a in range(len(margin)):
        for b in range(len(margin)):
            if margin[a, b] > 0:
                found.append((ahead(b, a),))
            elif a != b and margin[a, b] == 0:
                found.append((ahead(a, b, 1),))
    return found


def strengths(margin: np.ndarray) -> np.ndarray:
    """The strength of the strongest path of victories from a to b ``[candidates, candidates]``."""
    path = np.maximum(margin, 0)
    for c in range(len(margin)):
        path = np.maximum(path, np.minimum(path[:, [c]], path[[c]]))
    return path


def reached(margin: np.ndarray, start: int, least: int) -> dict[int, int]:
    """The candidates reached from one along margins of at least a number: each, and the candidate
    before it on a shortest path."""
    before = {start: start}
    queue = [start]
    for a in queue:
        for b in np.flatnonzero(margin[a] >= least).tolist():
            if b not in before:
                before[b] = a
                queue.append(b)
    return before


def path_edges(before: dict[int, int], end: int) -> Iterator[tuple[int, int]]:
    """The edges of the path found by ``reached``, from its end."""
    while before[end] != end:
        yield before[end], end
        end = before[end]
