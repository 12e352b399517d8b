"""Definitions of rules of the majority relation, of margins and of changed ballots, word for word.

As in ``rules``, nothing is shared with the library, and everything is a walk over all sets, orders
or changes, in fractions.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations, product
from math import factorial, prod

from tests.reference.rules import (
    HALF,
    Contest,
    again,
    by_score,
    leads,
    reachable,
    split_cycle_winners,
    without,
)

#: Most orders of equal victories that are walked.
MOST_ORDERS = 800


def beats(contest: Contest) -> set:
    return set(leads(contest))


def sets_of(contest: Contest):
    for k in range(1, len(contest.candidates) + 1):
        yield from (set(some) for some in combinations(contest.candidates, k))


def smith_winners(contest: Contest) -> set:
    """The smallest set of which each member beats everybody outside."""
    edge = beats(contest)
    for some in sets_of(contest):
        if all((a, b) in edge for a in some for b in set(contest.candidates) - some):
            return some
    raise AssertionError


def schwartz_winners(contest: Contest) -> set:
    """The union of the minimal sets of which nobody outside beats a member."""
    edge, found = beats(contest), []
    for some in sets_of(contest):
        outside = set(contest.candidates) - some
        if not any((a, b) in edge for a in outside for b in some) and not any(
            smaller < some for smaller in found
        ):
            found.append(some)
    return set().union(*found)


def uncovered_winners(contest: Contest) -> set:
    """a covers b if a beats b, and whoever beats a beats b (Gillies)."""
    edge = beats(contest)

    def covers(a, b):
        return (a, b) in edge and all((c, b) in edge for c in contest.candidates if (c, a) in edge)

    return {b for b in contest.candidates if not any(covers(a, b) for a in contest.candidates)}


def smith_minimax(contest: Contest) -> dict:
    """Groups of the Smith set, one after the other; minimax by margins within each."""
    place = {}
    left = set(contest.candidates)
    while left:
        group = smith_winners(without(contest, contest.ballots, left))
        own = by_score(
            {a: -max((1 - 2 * contest.duel[a, b] for b in group if b != a), default=0)
             for a in group}
        )  # fmt: skip
        ahead = len(place)
        place |= {a: ahead + p for a, p in own.items()}
        left -= group
    return place


def slater_winners(contest: Contest) -> set:
    edge = beats(contest)
    reversed_wins = {
        order: sum((b, a) in edge for i, a in enumerate(order) for b in order[i + 1 :])
        for order in permutations(contest.candidates)
    }
    least = min(reversed_wins.values())
    return {order[0] for order, x in reversed_wins.items() if x == least}


def levels(contest: Contest) -> list[list]:
    lead = leads(contest)
    return [[p for p, x in lead.items() if x == width]
            for width in sorted(set(lead.values()), reverse=True)]  # fmt: skip


def orders_of_ties(contest: Contest) -> int:
    return prod(factorial(len(level)) for level in levels(contest))


def river_winners(contest: Contest) -> set:
    """By every order of equal victories: one accepted defeat each, and no cycle."""
    found = set()
    for order in product(*(permutations(level) for level in levels(contest))):
        accepted: set = set()
        for a, b in (pair for level in order for pair in level):
            if b not in {loser for _, loser in accepted} and a not in reachable(accepted, b):
                accepted.add((a, b))
        found |= set(contest.candidates) - {b for _, b in accepted}
    return found


def stable_winners(only_unbeaten: bool):
    known: dict = {}

    def winners(contest: Contest) -> set:
        key = tuple(sorted(contest.duel.items())), tuple(contest.candidates)
        if key not in known:
            known[key] = count(contest)
        return known[key]

    def count(contest: Contest) -> set:
        some = contest.candidates
        if len(some) == 1:
            return set(some)
        unbeaten = split_cycle_winners(contest) if only_unbeaten else set(some)
        margins = {}
        for a, b in contest.duel:
            rest = set(some) - {b}
            if a in unbeaten and a in winners(without(contest, contest.ballots, rest)):
                margins.setdefault(contest.duel[a, b], set()).add(a)
        return margins[max(margins)]

    return winners


def voters_of(contest: Contest) -> list[dict]:
    """Each voter of the smallest electorate with the ballots' proportions."""
    kinds: dict = {}
    for ballot, weight in contest.ballots:
        at = {c: sum(q < p for q in ballot.values()) for c, p in ballot.items()}
        key = tuple(sorted(at.items()))
        kinds[key] = kinds.get(key, 0) + weight
    smallest = next(
        k for k in range(max(kinds.values()), 0, -1) if all(n % k == 0 for n in kinds.values())
    )
    return [dict(key) for key, n in kinds.items() for _ in range(n // smallest)]


def lead_of(voters: list[dict], a, b) -> int:
    both = [v for v in voters if a in v and b in v]
    return sum((v[a] < v[b]) - (v[b] < v[a]) for v in both)


def young(contest: Contest) -> dict:
    """The most voters among whom the candidate loses to nobody."""
    voters, kept = voters_of(contest), dict.fromkeys(contest.candidates, 0)
    for mask in range(1 << len(voters)):
        some = [v for i, v in enumerate(voters) if mask >> i & 1]
        for a in contest.candidates:
            if len(some) > kept[a] and all(
                lead_of(some, a, b) >= 0 for b in contest.candidates if b != a
            ):
                kept[a] = len(some)
    return by_score({a: Fraction(n) for a, n in kept.items()})


def raised(ballot: dict, a) -> list[tuple[Fraction, dict]]:
    """The ballot with ``a`` moved up past whole groups, and what that costs."""
    found = [(Fraction(0), ballot)]
    if a not in ballot:
        return found
    for above in sorted({p for p in ballot.values() if p <= ballot[a]}, reverse=True):
        passed = [c for c, p in ballot.items() if above <= p <= ballot[a] and c != a]
        cost = sum((HALF if ballot[c] == ballot[a] else 1 for c in passed), Fraction(0))
        found.append((cost, {c: (2 * p if c != a else 2 * above - 1) for c, p in ballot.items()}))
    return found


def dodgson(contest: Contest) -> dict:
    """The least cost of raising the candidate until it beats everybody with whom it is ranked."""
    voters, cost = voters_of(contest), {}
    for a in contest.candidates:
        met = [b for b in contest.candidates if b != a and any(a in v and b in v for v in voters)]
        cost[a] = min(
            sum((c for c, _ in changed), Fraction(0))
            for changed in product(*(raised(v, a) for v in voters))
            if all(lead_of([v for _, v in changed], a, b) > 0 for b in met)
        )
    return by_score({a: -x for a, x in cost.items()})


RULES = {
    "smith-set": again(smith_winners),
    "schwartz-set": again(schwartz_winners),
    "uncovered-set": again(uncovered_winners),
    "smith-minimax": smith_minimax,
    "slater": again(slater_winners),
    "river": again(river_winners),
    "simple-stable-voting": again(stable_winners(only_unbeaten=False)),
    "stable-voting": again(stable_winners(only_unbeaten=True)),
    "dodgson": dodgson,
    "young": young,
}
