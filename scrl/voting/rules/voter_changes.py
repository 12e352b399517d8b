"""Dodgson and Young: the fewest changes to the ballots that make a candidate a Condorcet winner.

Both are exact, by integer programming. Only proportions of weights count, as for every rule: the
electorate is the smallest one of whole voters with these proportions. Where there is none of up to
a million voters, ballots are divisible, which is the limit of large electorates (the homogeneous
variants of Rothe, Spakowski & Vogel 2003).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from scrl.types import InputError
from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.registry import rule
from scrl.voting.rules.order_search import common_unit

#: Outcomes and programmes that are kept, since checks of criteria count many alike electorates, and
#: most candidates × ballots of a contest whose outcome is kept.
KEPT, MAX_KEPT_CELLS = 20_000, 2_000
#: Most different ballots × candidates of Dodgson's rule, which looks at each ballot's order.
MAX_CELLS = 100_000
#: Most voters × options of small programmes, which are solved voter by voter.
SMALL = 60
#: Seconds after which an outcome, of all candidates together, is given up.
SEARCH_SECONDS = 10.0

#: What one voter can do: each option's cost, and the margins that it gains over the opponents.
Options = tuple[tuple[float, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Deadline:
    """When a search is given up, by ``time.monotonic``. All deadlines are equal, so that programmes
    that are kept are found whatever the deadline."""

    at: float = field(compare=False)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, at least a hundredth."""
        return max(self.at - time.monotonic(), 0.01)


class Electorate(NamedTuple):
    """Distinct ballots and their voters.

    Attributes:
        place: dense places ``[ballots, candidates]``, -1 where not ranked.
        voters: of each ballot ``[ballots]``, whole numbers where ``are_whole``.
        are_whole: whether the voters are whole numbers; otherwise ballots are divisible.
    """

    place: np.ndarray
    voters: np.ndarray
    are_whole: bool

    @property
    def total(self) -> float:
        """The number of voters."""
        return float(self.voters.sum())

    def signs(self, a: int) -> np.ndarray:
        """1 where the ballot ranks ``a`` above the other, -1 below, 0 tied or not both ranked
        ``[ballots, candidates]``."""
        both = (self.place >= 0) & (self.place[:, [a]] >= 0)
        return np.where(both, np.sign(self.place - self.place[:, [a]]), 0)


#: The changes that a candidate needs.
Needed = Callable[[Electorate, int, Deadline], float]


def smallest_electorate(place: np.ndarray, weight: np.ndarray) -> Electorate:
    """The smallest electorate of whole voters with the ballots' proportions.

    Args:
        place: places ``[ballots, candidates]``, lower better, -1 where not ranked; the same for
            ballots that agree.
        weight: ``[ballots]``, positive.
    """
    distinct, index = np.unique(place, axis=0, return_inverse=True)
    share = np.bincount(index.ravel(), weight) / weight.sum()
    unit = common_unit(share)
    return Electorate(distinct, np.round(share / unit) if unit else share, unit > 0)


def _electorate(contest: Contest) -> Electorate:
    """The electorate of a contest's ballots."""
    utility, ranked = contest.utility, contest.ranked
    place = np.stack(
        [(((utility > row) & ranked).sum(0)) for row in utility], axis=1
    )  # how many are strictly ahead: the same number for the same order
    return smallest_electorate(np.where(ranked.T, place, -1), contest.weight)


@rule(
    "dodgson",
    title="Dodgson",
    family="pairwise",
    returns="scores",
    on_host=True,
    summary="Each candidate is raised on ballots, one candidate passed at a time, until it beats "
    "every other head to head. The candidate that needs the fewest steps wins.",
    reference="Dodgson 1876; exact, by integer programming (Bartholdi, Tovey & Trick 1989); score: "
    "minus the candidates passed for each voter, out of a tie half; the smallest whole electorate "
    "with the weights' proportions; a pair that no ballot ranks needs nothing",
    cost="integer programming; NP-hard in m",
    max_candidates=12,
)
def dodgson(contest: Contest) -> np.ndarray:
    """Minus the least steps for each voter ``[candidates]``."""
    return _scores(contest, dodgson_steps)


@rule(
    "young",
    title="Young",
    family="pairwise",
    returns="scores",
    on_host=True,
    summary="Voters stay at home until a candidate loses to nobody head to head. The candidate for "
    "whom the fewest must stay at home wins.",
    reference="Young 1977; exact, by integer programming; score: minus the share of voters that "
    "stay at home; ties head to head are enough; the smallest whole electorate with the weights' "
    "proportions",
    cost="integer programming; NP-hard in m",
    max_candidates=12,
)
def young(contest: Contest) -> np.ndarray:
    """Minus the least share of voters who stay at home ``[candidates]``."""
    return _scores(contest, young_removals)


def _scores(contest: Contest, needed: Needed) -> np.ndarray:
    """Minus what each candidate needs for each voter ``[candidates]``."""
    if contest.utility.size > MAX_KEPT_CELLS:
        return _count(_electorate(contest), needed)
    ballots = _Ballots(
        contest.utility.tobytes(), contest.utility.dtype.str, contest.ranked.tobytes(),
        contest.weight.tobytes(), len(contest.utility),
    )  # fmt: skip
    return _kept_scores(ballots, needed)


class _Ballots(NamedTuple):
    """The arrays of a small contest as bytes, so that its outcome can be kept."""

    utility: bytes
    dtype: str
    ranked: bytes
    weight: bytes
    candidates: int


@lru_cache(KEPT)
def _kept_scores(ballots: _Ballots, needed: Needed) -> np.ndarray:
    m = ballots.candidates
    utility = np.frombuffer(ballots.utility, ballots.dtype).reshape(m, -1)
    ranked = np.frombuffer(ballots.ranked, bool).reshape(m, -1)
    weight = np.frombuffer(ballots.weight)
    return _count(_electorate(Contest(utility, ranked, weight, np.ones(m, bool))), needed)


def _count(electorate: Electorate, needed: Needed) -> np.ndarray:
    m = electorate.place.shape[1]
    deadline = Deadline(time.monotonic() + SEARCH_SECONDS)
    return np.array([-needed(electorate, a, deadline) for a in range(m)]) / electorate.total


def dodgson_steps(electorate: Electorate, a: int, deadline: Deadline) -> float:
    """The least candidates that ``a`` must pass on the ballots to beat every other one head to
    head; ½ for one tied with it. A pair that no ballot ranks needs nothing.

    Divisible ballots: to lose to nobody, since passing any more is enough to win.
    """
    place = electorate.place
    if place.size > MAX_CELLS:
        raise InputError(
            f"Dodgson's rule counts at most {MAX_CELLS // place.shape[1]:,} different ballots of "
            f"{place.shape[1]} candidates, and there are {len(place):,}; choose another rule."
        )
    signs, ranked = electorate.signs(a), place >= 0
    met = (ranked & ranked[:, [a]]).any(0)
    need = electorate.are_whole - electorate.voters @ signs
    need = np.where(met, need, 0.0)
    need[a] = 0.0
    opponents = np.flatnonzero(need > TIE_TOLERANCE)
    opponents = opponents[np.argsort(need[opponents], kind="stable")]
    kinds: Counter[Options] = Counter()
    if len(opponents):
        for row, voters in zip(place.tolist(), electorate.voters.tolist(), strict=True):
            if row[a] >= 0:
                kinds[_raises(row, a, opponents.tolist())] += voters
    return _least(kinds, need[opponents], electorate.are_whole, deadline)


def _raises(row: list[int], a: int, opponents: list[int]) -> Options:
    """The options to raise ``a`` on a ballot: past those tied with it, then past whole groups."""
    cost, gain = 0.0, [0] * len(opponents)
    options: list[tuple[float, tuple[int, ...]]] = []
    for level in sorted({p for p in row if 0 <= p <= row[a]}, reverse=True):
        group = [c for c, p in enumerate(row) if p == level and c != a]
        tied = level == row[a]
        cost += len(group) * (0.5 if tied else 1.0)
        for c in group:
            if c in opponents:
                gain[opponents.index(c)] = 1 if tied else 2
        if any(gain) and (not options or options[-1][1] != tuple(gain)):
            options.append((cost, tuple(gain)))
    return tuple(options)


def young_removals(electorate: Electorate, a: int, deadline: Deadline) -> float:
    """The fewest voters whose absence lets ``a`` lose to nobody head to head."""
    signs = electorate.signs(a)
    need = -(electorate.voters @ signs)
    opponents = np.flatnonzero(need > TIE_TOLERANCE)
    if not len(opponents):
        return 0.0
    # Others may come to beat the candidate when voters stay at home.
    others = np.flatnonzero((signs > 0).any(0) & (need <= TIE_TOLERANCE))
    order = np.concatenate([opponents[np.argsort(need[opponents], kind="stable")], others])
    rows, index = np.unique(-signs[:, order], axis=0, return_inverse=True)
    voters = np.bincount(index.ravel(), electorate.voters).tolist()
    kinds: Counter[Options] = Counter()
    for row, count in zip(rows.tolist(), voters, strict=True):
        if max(row) > 0:
            kinds[((1.0, tuple(row)),)] += count
    return _least(kinds, need[order], electorate.are_whole, deadline)


def _least(kinds: Counter[Options], need: np.ndarray, are_whole: bool, deadline: Deadline) -> float:
    """The least cost of options whose gains add up to the needs."""
    kinds.pop((), None)
    if not (need > TIE_TOLERANCE).any():
        return 0.0
    known = tuple(sorted(kinds.items()))
    return _solve(known, tuple(need.tolist()), are_whole, deadline)


@lru_cache(KEPT)
def _solve(
    kinds: tuple[tuple[Options, float], ...], need: tuple[float, ...], are_whole: bool,
    deadline: Deadline,
) -> float:  # fmt: skip
    """The integer programme of ``_least``, or the linear one for divisible ballots.

    Few voters are searched by dynamic programming, which takes a tenth of the time.

    Raises:
        InputError: where the optimum is not proved before the deadline.
    """
    if are_whole and sum(voters * len(options) for options, voters in kinds) <= SMALL:
        return _solve_small(kinds, need)
    flat = [(k, cost, gain) for k, (options, _) in enumerate(kinds) for cost, gain in options]
    kind = np.array([k for k, _, _ in flat])
    cost = np.array([c for _, c, _ in flat])
    gains = csr_array(np.array([g for _, _, g in flat], float).T)
    voters = np.array([v for _, v in kinds])
    share = csr_array((np.ones(len(flat)), (kind, np.arange(len(flat)))))
    found = milp(
        cost, integrality=np.full(len(flat), int(are_whole)), bounds=Bounds(0, voters[kind]),
        constraints=[LinearConstraint(gains, np.array(need)), LinearConstraint(share, 0, voters)],
        options={"time_limit": deadline.seconds_left, "mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.status != 0 or found.fun is None:
        raise InputError(
            f"The fewest changes to the ballots are not found within {SEARCH_SECONDS:g} seconds; "
            "leave candidates out or choose another rule."
        )
    return round(2 * found.fun) / 2 if are_whole else float(found.fun)


def _solve_small(kinds: tuple[tuple[Options, float], ...], need: tuple[float, ...]) -> float:
    """``_solve`` by dynamic programming over voters: the least cost of each vector of needs that is
    left, 0 where a need is met and no option of the others lowers that margin again."""
    can_fall = [any(g[i] < 0 for options, _ in kinds for _, g in options) for i in range(len(need))]
    floor = [-np.inf if fall else 0.0 for fall in can_fall]
    costs = {need: 0.0}
    for options, voters in kinds:
        front = costs
        for _ in range(int(voters)):
            reached: dict[tuple[float, ...], float] = {}
            for left, cost in front.items():
                for price, gain in options:
                    state = tuple(
                        max(x - g, low) for x, g, low in zip(left, gain, floor, strict=True)
                    )
                    if cost + price < min(costs.get(state, np.inf), reached.get(state, np.inf)):
                        reached[state] = cost + price
            if not reached:
                break
            costs = costs | reached
            front = reached
    return min(cost for left, cost in costs.items() if max(left) <= 0)
