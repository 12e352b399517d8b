"""A violation proved anew: plain loops over the ballots, apart from the code that found it.

Everything but the names of rule and criterion is read from the violation's profiles: that the
change is one of which the criterion speaks, and that the rule, counted again, fails.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations

from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate

_CLOSE = 1e-9


def verify_violation(violation) -> bool:
    """Whether the rule fails the criterion on these profiles, with the orders stated."""
    orders = [
        aggregate(profile.ballots(), violation.rule).order(list(profile.names))
        for profile in violation.profiles
    ]
    return is_proved(violation, orders)


def is_proved(violation, orders: list[list[list[str]]]) -> bool:
    """As ``verify``, given the rule's orders of the profiles."""
    if orders != list(violation.orders):
        return False
    return _CHECKS[violation.criterion](list(violation.profiles), orders)


# -- ballots --------------------------------------------------------------------------------------


def _ballots(profile: AnonymousProfile) -> Counter:
    """How many cast each ballot, a tuple of the sets tied at each place."""
    found: Counter = Counter()
    for order, weight in zip(profile.orders(), profile.weight, strict=True):
        found[tuple(frozenset(tied) for tied in order)] += float(weight)
    return found


def _place(ballot, name) -> int:
    """The place of a candidate, behind all where the ballot does not rank it."""
    return next((i for i, tied in enumerate(ballot) if name in tied), len(ballot))


def _without(ballot, name):
    return tuple(left for tied in ballot if (left := tied - {name}))


def _same(one: Counter, other: Counter) -> bool:
    return all(abs(one[b] - other[b]) < _CLOSE for b in one.keys() | other.keys())


def _change(before: AnonymousProfile, after: AnonymousProfile) -> tuple[dict, dict]:
    """The ballots withdrawn and the ballots cast instead, with how many."""
    one, other = _ballots(before), _ballots(after)
    less = {b: one[b] - other[b] for b in one if one[b] - other[b] > _CLOSE}
    more = {b: other[b] - one[b] for b in other if other[b] - one[b] > _CLOSE}
    return less, more


def _one_ballot(before, after):
    """The ballot that some turned into another; None where the change is not of that kind."""
    less, more = _change(before, after)
    if len(less) != 1 or len(more) != 1:
        return None
    ((old, gone),), ((new, come),) = less.items(), more.items()
    return (old, new) if abs(gone - come) < _CLOSE else None


def _winners(order) -> set[str]:
    return set(order[0])


def _lead(profile, a, b) -> float:
    """Voters with a above b less those with b above a, of those who rank both."""
    total = 0.0
    for ballot, weight in _ballots(profile).items():
        ranked = set(chain.from_iterable(ballot))
        if {a, b} <= ranked:
            total += weight * ((_place(ballot, a) < _place(ballot, b))
                               - (_place(ballot, b) < _place(ballot, a)))  # fmt: skip
    return total


def _share(profile, holds) -> float:
    ballots = _ballots(profile)
    return sum(w for b, w in ballots.items() if holds(b)) / sum(ballots.values())


# -- criteria -------------------------------------------------------------------------------------


def _top(share):
    def broken(profiles, orders):
        (p,) = profiles
        return any(
            _share(p, lambda b, a=a: b[0] == {a}) > share and _winners(orders[0]) != {a}
            for a in p.names
        )

    return broken


def _majority_loser(profiles, orders):
    (p,) = profiles
    full = len(p.names)
    return any(
        _share(p, lambda b, a=a: b[-1] == {a} and sum(map(len, b)) == full) > 0.5 + _CLOSE
        for a in _winners(orders[0])
    )


def _condorcet(profiles, orders):
    (p,) = profiles
    return any(
        all(_lead(p, a, b) > _CLOSE for b in p.names if b != a) and _winners(orders[0]) != {a}
        for a in p.names
    )


def _condorcet_loser(profiles, orders):
    (p,) = profiles
    return any(all(_lead(p, b, a) > _CLOSE for b in p.names if b != a) for a in _winners(orders[0]))


def _smith(profiles, orders):
    (p,) = profiles
    for size in range(1, len(p.names) + 1):
        for inside in combinations(p.names, size):
            rest = set(p.names) - set(inside)
            if all(_lead(p, a, b) > _CLOSE for a in inside for b in rest):
                return not _winners(orders[0]) <= set(inside)
    return False


def _pareto(profiles, orders):
    (p,) = profiles

    def above(a, b):
        return all(
            _place(ballot, a) < _place(ballot, b) and b in set(chain.from_iterable(ballot))
            for ballot in _ballots(p)
        )

    return any(above(a, b) for b in _winners(orders[0]) for a in p.names if a != b)


def _stopped(orders) -> set[str]:
    """Who wins no more, or no more alone."""
    before, after = map(_winners, orders)
    return before - after if len(before) > 1 or len(after) == 1 else before


def _monotonicity(profiles, orders):
    moved = _one_ballot(*profiles)
    if moved is None:
        return False
    old, new = moved
    for a in _stopped(orders):
        rest = [name for name in profiles[0].names if name != a]
        risen = all(
            (_place(new, a) < _place(new, b), _place(new, a) <= _place(new, b))
            >= (_place(old, a) < _place(old, b), _place(old, a) <= _place(old, b))
            for b in rest
        )
        if risen and _without(old, a) == _without(new, a):
            return True
    return False


def _participation(profiles, orders):
    less, more = _change(*profiles)
    if less or len(more) != 1:
        return False
    (ballot,) = more
    before, after = _winners(orders[0]), _winners(orders[1])
    worst = max(_place(ballot, a) for a in before)
    return before != after and worst <= min(_place(ballot, a) for a in after)


def _later_no_harm(profiles, orders):
    moved = _one_ballot(*profiles)
    if moved is None:
        return False
    old, new = moved
    *head, last = old
    refined = frozenset(chain.from_iterable(new[len(head) :]))
    if tuple(head) != new[: len(head)] or refined != last or len(new) <= len(old):
        return False
    said = set(chain.from_iterable(head))
    return bool(said & _stopped(orders))


def _reversal(profiles, orders):
    before, after = map(_ballots, profiles)
    if not _same(after, Counter({ballot[::-1]: w for ballot, w in before.items()})):
        return False
    return len(orders[0][0]) == 1 and _winners(orders[0]) <= _winners(orders[1])


def _withdrawn(full, left) -> str | None:
    """Who alone is missing, the ballots being the same otherwise."""
    gone = set(full.names) - set(left.names)
    if len(gone) != 1 or set(left.names) - set(full.names):
        return None
    (name,) = gone
    rest: Counter = Counter()
    for ballot, weight in _ballots(full).items():
        rest[_without(ballot, name)] += weight
    return name if _same(rest, _ballots(left)) else None


def _clones(profiles, orders):
    left, full = profiles
    gone = _withdrawn(full, left)
    if gone is None:
        return False
    without, with_ = _winners(orders[0]), _winners(orders[1])
    for size in range(2, len(full.names)):
        for some in combinations(full.names, size):
            if gone not in some or not all(_adjacent(b, set(some)) for b in _ballots(full)):
                continue
            others = set(left.names) - set(some)
            one, two = without & set(some), with_ & set(some)
            if without & others != with_ & others or bool(one) != bool(two):
                return True
    return False


def _adjacent(ballot, some: set[str]) -> bool:
    at = [i for i, tied in enumerate(ballot) if tied & some]
    if not some <= set(chain.from_iterable(ballot)):
        return False
    return all(ballot[i] <= some for i in range(min(at), max(at) + 1))


def _turned(orders, gone) -> bool:
    at = [{name: i for i, tied in enumerate(order) for name in tied} for order in orders]
    return any(
        at[0][a] < at[0][b] and at[1][a] > at[1][b]
        for a in at[1]
        for b in at[1]
    )  # fmt: skip


def _iia(profiles, orders):
    gone = _withdrawn(*profiles)
    return gone is not None and _turned(orders, gone)


def _local_iia(profiles, orders):
    gone = _withdrawn(*profiles)
    return gone is not None and [gone] in (orders[0][0], orders[0][-1]) and _turned(orders, gone)


def _reinforcement(profiles, orders):
    first, second, whole = map(_ballots, profiles)
    both = _winners(orders[0]) & _winners(orders[1])
    total: Counter = Counter()
    for part in (first, second):
        for ballot, weight in part.items():
            total[ballot] += weight
    return _same(total, whole) and bool(both) and both != _winners(orders[2])


def _anonymity(profiles, orders):
    return _same(*map(_ballots, profiles)) and orders[0] != orders[1]


def _neutrality(profiles, orders):
    before, after = profiles
    for a, b in combinations(before.names, 2):
        to = {a: b, b: a}

        def renamed(tied, to=to):
            return frozenset(to.get(name, name) for name in tied)

        swapped = Counter({tuple(map(renamed, x)): w for x, w in _ballots(before).items()})
        if _same(swapped, _ballots(after)) and [renamed(t) for t in orders[0]] != [
            frozenset(t) for t in orders[1]
        ]:
            return True
    return False


_CHECKS = {
    "majority": _top(0.5 + _CLOSE),
    "majority-loser": _majority_loser,
    "condorcet": _condorcet,
    "condorcet-loser": _condorcet_loser,
    "smith": _smith,
    "pareto": _pareto,
    "unanimity": _top(1 - _CLOSE),
    "monotonicity": _monotonicity,
    "participation": _participation,
    "reversal": _reversal,
    "clones": _clones,
    "iia": _iia,
    "local-iia": _local_iia,
    "later-no-harm": _later_no_harm,
    "reinforcement": _reinforcement,
    "anonymity": _anonymity,
    "neutrality": _neutrality,
}
