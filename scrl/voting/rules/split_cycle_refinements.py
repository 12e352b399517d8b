"""Rules whose winners are unbeaten in split cycle: river, stable voting and simple stable voting.

All read only the order of the margins, as ``margin_levels`` states it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrl.types import InputError
from scrl.voting.registry import rule
from scrl.voting.rules.margin_levels import count_by_levels, place_repeatedly
from scrl.voting.rules.pairwise import CONDORCET_CRITERIA

#: Most outcomes of equal margins, by every order in which they can be taken, that river compares.
MAX_UNIVERSES = 50_000
#: Most sets of candidates that stable voting looks at.
MAX_SETS = 20_000


@rule(
    "river",
    title="River",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Head-to-head wins are accepted from the largest to the smallest. A win is skipped if "
    "it would close a circle, or if its loser has lost an accepted win before.",
    reference="Heitzig 2004; Döring, Brill & Heitzig 2025, also for the criteria but reversal; who "
    "wins by some order of equal margins wins (parallel universes); the winners share a place, are "
    "removed, and the rule runs again",
    satisfies=CONDORCET_CRITERIA + " clones",
    cost="n·m² + m³; more where many margins are equal",
    max_candidates=200,
    guaranteed_candidates=8,
)
@count_by_levels()
def river(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``.

    Raises:
        InputError: where equal margins have more than ``MAX_UNIVERSES`` outcomes.
    """
    return place_repeatedly(levels, river_winners)


def river_winners(levels: np.ndarray) -> set[int]:
    """The candidates without an accepted defeat, by some order of equal margins.

    What happens later depends only on the root of each candidate's tree of accepted wins, so that
    all orders are followed together. Candidates who are left without a defeat tie with each other.
    """
    states = {tuple(range(len(levels)))}
    for level in range(levels.max(initial=0), 0, -1):
        victories = list(zip(*np.nonzero(levels == level), strict=True))
        pairs = [(int(a), int(b)) for a, b in victories]
        states = _all_outcomes(states, pairs)
    return {root for state in states for root in state}


def _all_outcomes(
    states: set[tuple[int, ...]], victories: list[tuple[int, int]]
) -> set[tuple[int, ...]]:
    """The roots of all candidates after equal victories, taken in any order."""
    done: set[tuple[int, ...]] = set()
    seen, front = set(states), list(states)
    while front:
        state = front.pop()
        accepted = {(state[a], b) for a, b in victories if state[b] == b != state[a]}
        if not accepted:
            done.add(state)
            continue
        for root, b in accepted:
            joined = tuple(root if r == b else r for r in state)
            if joined not in seen:
                seen.add(joined)
                front.append(joined)
        if len(seen) > MAX_UNIVERSES:
            raise InputError(
                f"River's equal margins can be taken in too many orders (more than "
                f"{MAX_UNIVERSES:,} outcomes); leave candidates out or choose another rule."
            )
    return done


@rule(
    "simple-stable-voting",
    title="Simple stable voting",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="The largest margin of A over B is sought such that A wins without B. This A wins; "
    "who wins without B is found in the same way.",
    reference="Holliday & Pacuit 2023, 'Stable Voting', section 2; all candidates with the largest "
    "such margin win, share a place, are removed, and the rule runs again",
    cost="n·m² + 2^m·m² at worst",
    max_candidates=20,
    guaranteed_candidates=14,
)
@count_by_levels()
def simple_stable_voting(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``.

    Raises:
        InputError: where more than ``MAX_SETS`` sets of candidates would be looked at.
    """
    return _StableVoting(levels, only_unbeaten=False).places()


@rule(
    "stable-voting",
    title="Stable voting",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Of the candidates unbeaten in split cycle: the largest margin of such an A over a B "
    "is sought for which A wins without B. This A wins.",
    reference="Holliday & Pacuit 2023, 'Stable Voting'; all candidates with the largest such "
    "margin win, share a place, are removed, and the rule runs again",
    cost="n·m² + 2^m·m³ at worst",
    max_candidates=20,
    guaranteed_candidates=14,
)
@count_by_levels()
def stable_voting(levels: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` from levels of margins ``[candidates, candidates]``.

    Raises:
        InputError: where more than ``MAX_SETS`` sets of candidates would be looked at.
    """
    return _StableVoting(levels, only_unbeaten=True).places()


class _StableVoting:
    """Winners of sets of candidates, as bits, each found once.

    Args:
        only_unbeaten: whether a winner must be unbeaten in split cycle among the set.
    """

    def __init__(self, levels: np.ndarray, only_unbeaten: bool) -> None:
        self.levels: list[list[int]] = levels.tolist()
        self.only_unbeaten = only_unbeaten
        m = len(levels)
        pairs = ((a, b) for a in range(m) for b in range(m) if a != b)
        self.matches = sorted(pairs, key=lambda pair: -self.levels[pair[0]][pair[1]])
        self.known: dict[int, int] = {}

    def places(self) -> np.ndarray:
        """Places ``[candidates]``."""
        m = len(self.levels)
        place, remaining = np.zeros(m, int), (1 << m) - 1
        while remaining:
            winners = self.winners(remaining)
            place[list(members(winners))] = m - remaining.bit_count()
            remaining &= ~winners
        return place

    def winners(self, among: int) -> int:
        """The winners of a set of candidates."""
        if among & (among - 1) == 0:
            return among
        if among in self.known:
            return self.known[among]
        if len(self.known) >= MAX_SETS:
            raise InputError(
                f"Stable voting would look at more than {MAX_SETS:,} sets of these candidates; "
                "leave candidates out or choose another rule."
            )
        found = self._condorcet_winner(among) or self._by_matches(among)
        self.known[among] = found
        return found

    def _condorcet_winner(self, among: int) -> int:
        """Who beats all others wins; 0 where nobody does. This only saves time."""
        for a in members(among):
            row = self.levels[a]
            if all(row[b] > 0 for b in members(among) if b != a):
                return 1 << a
        return 0

    def _by_matches(self, among: int) -> int:
        eligible = among if not self.only_unbeaten else self.unbeaten(among)
        if eligible & (eligible - 1) == 0:
            return eligible
        found, level = 0, None
        for a, b in self.matches:
            if not (eligible >> a & 1 and among >> b & 1) or found >> a & 1:
                continue
            if level is not None and self.levels[a][b] < level:
                break
            if self.winners(among & ~(1 << b)) >> a & 1:
                found, level = found | 1 << a, self.levels[a][b]
        return found

    def unbeaten(self, among: int) -> int:
        """The candidates of a set whom nobody beats by a victory that split cycle keeps."""
        return sum(1 << a for a in members(among) if not self._is_beaten(a, among))

    def _is_beaten(self, a: int, among: int) -> bool:
        """Whether somebody beats ``a`` and no chain of victories, each at least as large, leads
        from ``a`` back."""
        column = [(self.levels[b][a], b) for b in members(among) if self.levels[b][a] > 0]
        for level, b in sorted(column, reverse=True):
            reached, front = 1 << a, [a]
            while front and not reached >> b & 1:
                row = self.levels[front.pop()]
                for c in members(among & ~reached):
                    if row[c] >= level:
                        reached |= 1 << c
                        front.append(c)
            if not reached >> b & 1:
                return True
        return False


def members(bits: int) -> Iterator[int]:
    """The positions of the ones of a number."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
