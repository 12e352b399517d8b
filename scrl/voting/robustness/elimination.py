"""Margins of victory of instant runoff: exact, by branch and bound over the last rounds.

A node says who is eliminated together in each of the last rounds, and who wins; all others are out
before. Its bound is the fewest ballots whose change makes these rounds happen, by integer
programming over ballots that count alike in them (Magrino, Rivest, Shen & Wagner 2011). Nodes are
extended to earlier rounds, those with the least bound first (Blom, Teague, Stuckey & Tidhar 2016).
Candidates tied for fewest go out together, as in ``rules.elimination``.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, count

import numpy as np

from scrl.voting.robustness.electorate import (
    ADD,
    REMOVE,
    REPLACE,
    BallotChange,
    Electorate,
    order_with,
    whole,
)
from scrl.voting.robustness.programmes import Programme, Unsolved, fewest_changes

#: Most candidates of which any number may tie in a round.
MAX_TIED = 12
#: Most kinds of new ballots that one programme holds.
MAX_KINDS = 20_000

#: Candidates that go out together, in order of elimination; the last ones win.
Rounds = tuple[frozenset[int], ...]


@dataclass(order=True)
class _Node:
    bound: int
    number: int
    rounds: Rounds = field(compare=False)
    change: BallotChange | None = field(compare=False, default=None)
    relaxed: bool = field(compare=False, default=True)


class RunoffSearch:
    """The search for the smallest change of ballots that changes the winners.

    Attributes:
        voters: the ballots.
        kind: one of ``CHANGES``.
        deadline: when to stop, in seconds of ``time.monotonic``.
        least: no smaller change changes the winners.
    """

    def __init__(self, voters: Electorate, kind: str, deadline: float) -> None:
        self.voters, self.kind, self.deadline = voters, kind, deadline
        self.least = 1
        self._place = voters.place.astype(np.int16)
        everybody = list(range(voters.size))
        self._first = top_votes(self._place, everybody, with_ties_of_all=True)
        self._tallies: dict[frozenset[int], list[float]] = {}
        self._before = self._bounds_of_precedence()

    def run(self, known: BallotChange | None) -> BallotChange | None:
        """The smallest change that changes the winners, or the best known where time runs out."""
        try:
            return self._run(known)
        except Unsolved:
            return known

    def _run(self, known: BallotChange | None) -> BallotChange | None:
        numbers = count()
        heap: list[_Node] = []
        most = np.inf if known is None else known.size - 1
        if len(self.voters.winners) == 1:  # another candidate has to outlast all others
            others = [c for c in range(self.voters.size) if c not in self.voters.winners]
            self.least = max(1, int(self._before[:, others].max(0).min()))
        for winners, bound in self._groups(frozenset(), most):
            if winners != self.voters.winners:
                heapq.heappush(heap, _Node(bound, next(numbers), (winners,)))
        while heap:
            node = heapq.heappop(heap)
            self.least = max(self.least, node.bound)
            if node.bound > most:
                break
            if time.monotonic() > self.deadline:
                raise Unsolved
            if node.change is None:
                self._solve(heap, node, most)
                continue
            if self._changes_winners(node.change):
                self.least = node.change.size
                return node.change
            later = frozenset[int]().union(*node.rounds)
            for group, bound in self._groups(later, most):
                bound = max(bound, node.bound)
                heapq.heappush(heap, _Node(bound, next(numbers), (group, *node.rounds)))
        if known is not None:
            self.least = known.size
        return known

    def _changes_winners(self, change: BallotChange) -> bool:
        """Whether the winners change; counted here first, which is fast, and then by the rule."""
        place = np.argsort(np.array(change.orders, int).reshape(-1, self.voters.size), axis=1)
        every = np.concatenate([self._place, place]).astype(np.int16)
        count = np.concatenate([self.voters.count - change.removed, change.added])
        if runoff_winners(every[count > 0], count[count > 0]) == self.voters.winners:
            return False
        return self.voters.winners_after(change) != self.voters.winners

    # -- bounds -----------------------------------------------------------------------------------

    def _bounds_of_precedence(self) -> np.ndarray:
        """The fewest ballots that have to change so that candidate e goes out before f or with it
        ``[e, f]``: e has at least its first places then, and f at most the ballots that rank it
        above e (after Blom et al. 2016)."""
        m, voters = self.voters.size, self.voters
        first = np.array(self._tally(frozenset(range(m))))
        duel = (voters.ballots + voters.margin) / 2
        gap = (first[:, None] - duel.T) / (2 if self.kind == REPLACE else 1)
        bound = np.ceil(gap - 1e-7)
        np.fill_diagonal(bound, 0)
        return bound

    def _groups(self, later: frozenset[int], most: float) -> Iterator[tuple[frozenset[int], int]]:
        """The sets of candidates that may go out together just before ``later``, and a bound of
        the ballots that have to change."""
        rest = [c for c in range(self.voters.size) if c not in later]
        before = self._before[np.ix_(rest, rest)].max(0)
        possible = [(c, int(b)) for c, b in zip(rest, before, strict=True) if b <= most]
        if len(possible) > MAX_TIED:
            raise Unsolved
        for size in range(1, len(possible) + 1):
            for members in combinations(possible, size):
                group = frozenset(c for c, _ in members)
                bound = max(*(b for _, b in members), self._round_bound(group, later), 1)
                if bound <= most:
                    yield group, bound

    def _round_bound(self, out: frozenset[int], later: frozenset[int]) -> int:
        """The fewest ballots that have to change so that, with these candidates left, ``out`` are
        tied for fewest and ``later`` have more.

        For a number of votes L that ``out`` get, each ballot that changes takes away at most one
        vote and gives at most one.
        """
        tally = self._tally(out | later)
        low, high = [tally[c] for c in out], [tally[c] for c in later]

        def too_many(votes: float) -> float:
            return sum(t - votes for t in low if t > votes)

        def too_few(votes: float) -> float:
            short = sum(votes - t for t in low if t < votes)
            return short + sum(votes - t for t in high if t < votes)

        if self.kind == ADD:
            return whole(too_few(max(low)))
        if self.kind == REMOVE:
            return whole(too_many(min(low + high)))
        corners = sorted({*low, *high})
        if too_few(corners[0]) >= too_many(corners[0]):
            return whole(too_many(corners[0]))
        at = next(i for i, votes in enumerate(corners) if too_few(votes) >= too_many(votes))
        left, right = corners[at - 1], corners[at]
        gap_left = too_many(left) - too_few(left)
        gap_right = too_few(right) - too_many(right)
        part = gap_left / (gap_left + gap_right)
        return whole((1 - part) * too_many(left) + part * too_many(right))

    def _tally(self, remaining: frozenset[int]) -> list[float]:
        """The votes of each candidate when these remain ``[candidates]``."""
        if remaining not in self._tallies:
            votes = top_votes(self._place, sorted(remaining))
            self._tallies[remaining] = (self.voters.count @ votes).tolist()
        return self._tallies[remaining]

    # -- integer programme ------------------------------------------------------------------------

    def _solve(self, heap: list[_Node], node: _Node, most: float) -> None:
        """Put a node back with the smallest change after which the last rounds are as it says, or
        with a better bound; nothing where that takes more ballots than ``most``."""
        seconds = max(0.1, self.deadline - time.monotonic())
        found = fewest_changes(self._programme(node.rounds), most, node.relaxed, seconds)
        if found is not None:
            bound = max(node.bound, found.least)
            heapq.heappush(heap, _Node(bound, node.number, node.rounds, found.change, False))

    def _programme(self, rounds: Rounds) -> Programme:
        orders = _ballots_that_differ(rounds, self.voters.size)
        if len(orders) > MAX_KINDS:
            raise Unsolved
        new = np.argsort(np.array(orders), axis=1)
        lost, gained, lead = [], [], []
        for i, group in enumerate(rounds):
            remaining = sorted(frozenset().union(*rounds[i:]))
            votes, added = top_votes(self._place, remaining), top_votes(new, remaining)
            reference, *tied = sorted(group)
            pairs = [(reference, c, 0.0) for c in tied] + [(c, reference, 0.0) for c in tied]
            step = _least_difference(votes)
            pairs += [(c, reference, step) for c in remaining if c not in group]
            for first, second, least in pairs:
                lost.append(votes[:, first] - votes[:, second])
                gained.append(added[:, first] - added[:, second])
                lead.append(least)
        for e, f, votes, added in self._earlier(rounds, new):
            lost.append(votes[:, f] - self._first[:, e])
            gained.append(added[:, f])
            lead.append(0.0)
        terms = np.array(lost).reshape(-1, len(self.voters.count)).T
        slack = self.voters.count @ terms - lead
        new_terms = np.array(gained).reshape(-1, len(orders)).T
        return Programme(self.voters.count, terms, orders, new_terms, slack, self.kind)

    def _earlier(
        self, rounds: Rounds, new: np.ndarray
    ) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """The pairs of a candidate e that is out before ``rounds`` and one, f, that is not, with
        the votes when e and those of the rounds remain: e's first places are at most f's votes
        then.

        New ballots rank e behind all candidates of the rounds, which costs none of the votes that
        matter.
        """
        later = frozenset[int]().union(*rounds)
        for e in range(self.voters.size):
            if e not in later:
                remaining = sorted(later | {e})
                votes = top_votes(self._place, remaining, with_ties_of_all=True)
                added = top_votes(new, remaining)
                yield from ((e, f, votes, added) for f in sorted(later))


def runoff_winners(place: np.ndarray, count: np.ndarray) -> frozenset[int]:
    """The winners of instant runoff."""
    remaining = list(range(place.shape[1]))
    while len(remaining) > 1:
        tally = (count @ top_votes(place, remaining))[remaining]
        stay = tally > tally.min() + 1e-9 * count.sum()
        if not stay.any():
            break
        remaining = [c for c, stays in zip(remaining, stay, strict=True) if stays]
    return frozenset(remaining)


def top_votes(
    place: np.ndarray, remaining: list[int], with_ties_of_all: bool = False
) -> np.ndarray:
    """What each ballot gives each candidate when these remain ``[ballots, candidates]``.

    A vote is split among the best of a ballot. Where all that remain are tied it favours none, and
    is left out unless ``with_ties_of_all``.
    """
    among = place[:, remaining]
    best = among == among.min(1, keepdims=True)
    tied = best.sum(1, keepdims=True)
    counted = with_ties_of_all | (tied < len(remaining))
    votes = np.zeros(place.shape)
    votes[:, remaining] = np.where(counted, best / tied, 0.0)
    return votes


def _least_difference(votes: np.ndarray) -> float:
    """The least difference between two sums of whole numbers of such ballots."""
    parts = np.unique(votes[votes > 0])
    return 1.0 / math.lcm(*(round(1 / part) for part in parts.tolist()))


@lru_cache(5_000)
def _ballots_that_differ(rounds: Rounds, m: int) -> tuple[tuple[int, ...], ...]:
    """One order of all candidates for each way in which a ballot may count in the rounds."""
    found: list[tuple[int, ...]] = []

    def extend(chosen: tuple[int, ...], start: int) -> None:
        for c in sorted(frozenset().union(*rounds[start:])):
            left = next(i for i, group in enumerate(rounds) if c in group)
            if left == len(rounds) - 1:
                found.append(order_with(m, [*chosen, c]))
            elif len(found) <= MAX_KINDS:
                extend((*chosen, c), left + 1)

    extend((), 0)
    return tuple(found)
