"""An independent proof of a violation, by plain loops over the ballots.

The proof shares no logic with the search. It checks that the profiles differ by a change of which
the criterion speaks, and that the rule, counted again, violates the criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, combinations
from typing import TypeAlias

from scrl.voting.counting import aggregate
from scrl.voting.criteria.violations import Violation
from scrl.voting.profiles.profile import Profile

_TOLERANCE = 1e-9

#: The names tied at each place, best first.
Ballot: TypeAlias = tuple[frozenset[str], ...]
#: Ballot -> number of voters.
BallotCounts: TypeAlias = dict[Ballot, float]
Order: TypeAlias = list[list[str]]
#: Whether profiles and the rule's orders of them violate a criterion.
Check: TypeAlias = Callable[[Sequence[Profile], Sequence[Order]], bool]


def verify_violation(violation: Violation) -> bool:
    """Whether the rule violates the criterion on these profiles and gives the stated orders."""
    orders = [
        aggregate(profile, violation.rule, None).order(list(profile.names))
        for profile in violation.profiles
    ]
    return is_proved(violation, orders)


def is_proved(violation: Violation, orders: Sequence[Order]) -> bool:
    """As ``verify_violation``, given the rule's orders of the profiles."""
    if list(orders) != list(violation.orders):
        return False
    return _CHECKS[violation.criterion](violation.profiles, orders)


# -- ballots --------------------------------------------------------------------------------------


def _ballots(profile: Profile) -> BallotCounts:
    """The number of voters who cast each ballot."""
    counts: BallotCounts = {}
    for order, weight in zip(profile.orders(), profile.weight, strict=True):
        ballot = tuple(frozenset(group) for group in order)
        counts[ballot] = counts.get(ballot, 0.0) + float(weight)
    return counts


def _place(ballot: Ballot, name: str) -> int:
    """The place of a candidate; after the last place where the ballot does not rank it."""
    return next((i for i, group in enumerate(ballot) if name in group), len(ballot))


def _ranked(ballot: Ballot) -> set[str]:
    """The candidates whom a ballot ranks."""
    return set(chain.from_iterable(ballot))


def _without(ballot: Ballot, name: str) -> Ballot:
    """The ballot after a candidate withdraws."""
    return tuple(others for group in ballot if (others := group - {name}))


def _equal(first: BallotCounts, second: BallotCounts) -> bool:
    """Whether the counts of all ballots agree within the tolerance."""
    ballots = first.keys() | second.keys()
    return all(abs(first.get(b, 0.0) - second.get(b, 0.0)) < _TOLERANCE for b in ballots)


def _excess(first: BallotCounts, second: BallotCounts) -> BallotCounts:
    """By how many voters more a ballot is cast in the first profile, where it is."""
    differences = {b: count - second.get(b, 0.0) for b, count in first.items()}
    return {b: count for b, count in differences.items() if count > _TOLERANCE}


def _removed_and_added(before: Profile, after: Profile) -> tuple[BallotCounts, BallotCounts]:
    """The ballots that are cast less often after the change, and those cast more often."""
    old, new = _ballots(before), _ballots(after)
    return _excess(old, new), _excess(new, old)


def _replaced_ballot(before: Profile, after: Profile) -> tuple[Ballot, Ballot] | None:
    """The one ballot that is replaced, and its replacement; None for any other change."""
    removed, added = _removed_and_added(before, after)
    if len(removed) != 1 or len(added) != 1:
        return None
    ((old, old_count),), ((new, new_count),) = removed.items(), added.items()
    return (old, new) if abs(old_count - new_count) < _TOLERANCE else None


def _withdrawn(before: Profile, after: Profile) -> str | None:
    """The one candidate who withdraws; None where more candidates or the ballots change."""
    missing = set(before.names) - set(after.names)
    if len(missing) != 1 or set(after.names) - set(before.names):
        return None
    (name,) = missing
    expected: BallotCounts = {}
    for ballot, count in _ballots(before).items():
        rest = _without(ballot, name)
        expected[rest] = expected.get(rest, 0.0) + count
    return name if _equal(expected, _ballots(after)) else None


def _margin(profile: Profile, a: str, b: str) -> float:
    """Voters who rank a above b minus voters who rank b above a, of those who rank both."""
    total = 0.0
    for ballot, count in _ballots(profile).items():
        if {a, b} <= _ranked(ballot):
            above, below = _place(ballot, a), _place(ballot, b)
            total += count * ((above < below) - (below < above))
    return total


def _voter_share(profile: Profile, holds: Callable[[Ballot], bool]) -> float:
    """The share of the voters whose ballot has a property."""
    ballots = _ballots(profile)
    return sum(count for b, count in ballots.items() if holds(b)) / sum(ballots.values())


def _winners(order: Order) -> set[str]:
    """The candidates in first place."""
    return set(order[0])


# -- criteria of one profile ----------------------------------------------------------------------


def _is_first(name: str, ballot: Ballot) -> bool:
    """Whether a ballot ranks a candidate first without a tie."""
    return ballot[0] == {name}


def _is_last(m: int, name: str, ballot: Ballot) -> bool:
    """Whether a ballot ranks all m candidates and this one last without a tie."""
    return ballot[-1] == {name} and len(_ranked(ballot)) == m


def _elects_top(min_share: float) -> Check:
    """The check of whether somebody ranked first by more than this share is not the sole winner."""

    def check(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
        (profile,) = profiles
        return any(
            _voter_share(profile, partial(_is_first, a)) > min_share and _winners(orders[0]) != {a}
            for a in profile.names
        )

    return check


def _majority_loser(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    (profile,) = profiles
    is_last = partial(_is_last, len(profile.names))
    return any(
        _voter_share(profile, partial(is_last, a)) > 0.5 + _TOLERANCE for a in _winners(orders[0])
    )


def _condorcet(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    (profile,) = profiles
    return any(
        all(_margin(profile, a, b) > _TOLERANCE for b in profile.names if b != a)
        and _winners(orders[0]) != {a}
        for a in profile.names
    )


def _condorcet_loser(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    (profile,) = profiles
    return any(
        all(_margin(profile, b, a) > _TOLERANCE for b in profile.names if b != a)
        for a in _winners(orders[0])
    )


def _smith(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    (profile,) = profiles
    for size in range(1, len(profile.names) + 1):
        for members in combinations(profile.names, size):
            others = set(profile.names) - set(members)
            if all(_margin(profile, a, b) > _TOLERANCE for a in members for b in others):
                return not _winners(orders[0]) <= set(members)
    return False


def _pareto(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    (profile,) = profiles

    def dominates(a: str, b: str) -> bool:
        return all(
            _place(ballot, a) < _place(ballot, b) and b in _ranked(ballot)
            for ballot in _ballots(profile)
        )

    return any(dominates(a, b) for b in _winners(orders[0]) for a in profile.names if a != b)


# -- criteria of one changed ballot ---------------------------------------------------------------


def _former_winners(orders: Sequence[Order]) -> set[str]:
    """The candidates who stop winning, or stop being the sole winner."""
    before, after = map(_winners, orders)
    return before - after if len(before) > 1 or len(after) == 1 else before


def _monotonicity(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    replaced = _replaced_ballot(*profiles)
    if replaced is None:
        return False
    old, new = replaced

    def is_raised(a: str) -> bool:
        """Whether a is ranked no worse against anybody and the others are ranked as before."""
        others = [name for name in profiles[0].names if name != a]
        return _without(old, a) == _without(new, a) and all(
            (_place(new, a) < _place(new, b), _place(new, a) <= _place(new, b))
            >= (_place(old, a) < _place(old, b), _place(old, a) <= _place(old, b))
            for b in others
        )

    return any(is_raised(a) for a in _former_winners(orders))


def _participation(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    removed, added = _removed_and_added(*profiles)
    if removed or len(added) != 1:
        return False
    (ballot,) = added
    before, after = _winners(orders[0]), _winners(orders[1])
    worst_before = max(_place(ballot, a) for a in before)
    best_after = min(_place(ballot, a) for a in after)
    return before != after and worst_before <= best_after


def _later_no_harm(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    replaced = _replaced_ballot(*profiles)
    if replaced is None:
        return False
    old, new = replaced
    *head, last = old
    refined = frozenset(chain.from_iterable(new[len(head) :]))
    if tuple(head) != new[: len(head)] or refined != last or len(new) <= len(old):
        return False
    return bool(set(chain.from_iterable(head)) & _former_winners(orders))


# -- other criteria -------------------------------------------------------------------------------


def _reversal(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    before, after = map(_ballots, profiles)
    if not _equal(after, {ballot[::-1]: count for ballot, count in before.items()}):
        return False
    return len(orders[0][0]) == 1 and _winners(orders[0]) <= _winners(orders[1])


def _clones(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    without_clone, with_clone = profiles
    entering = _withdrawn(with_clone, without_clone)
    if entering is None:
        return False
    before, after = _winners(orders[0]), _winners(orders[1])
    for size in range(2, len(with_clone.names)):
        for members in combinations(with_clone.names, size):
            clones = set(members)
            if entering not in clones or not all(
                _are_adjacent(ballot, clones) for ballot in _ballots(with_clone)
            ):
                continue
            others = set(without_clone.names) - clones
            if before & others != after & others or bool(before & clones) != bool(after & clones):
                return True
    return False


def _are_adjacent(ballot: Ballot, clones: set[str]) -> bool:
    """Whether a ballot ranks all clones and no other candidate among them."""
    if not clones <= _ranked(ballot):
        return False
    places = [i for i, group in enumerate(ballot) if group & clones]
    return all(ballot[i] <= clones for i in range(min(places), max(places) + 1))


def _reverses_a_pair(orders: Sequence[Order]) -> bool:
    """Whether the strict order of two candidates of both orders is reversed."""
    before, after = (
        {name: i for i, group in enumerate(order) for name in group} for order in orders
    )
    return any(before[a] < before[b] and after[a] > after[b] for a in after for b in after)


def _iia(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    return _withdrawn(*profiles) is not None and _reverses_a_pair(orders)


def _local_iia(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    withdrawn = _withdrawn(*profiles)
    ends = (orders[0][0], orders[0][-1])
    return withdrawn is not None and [withdrawn] in ends and _reverses_a_pair(orders)


def _reinforcement(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    first, second, union = map(_ballots, profiles)
    common = _winners(orders[0]) & _winners(orders[1])
    total = {b: first.get(b, 0.0) + second.get(b, 0.0) for b in first.keys() | second.keys()}
    return _equal(total, union) and bool(common) and common != _winners(orders[2])


def _anonymity(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    before, after = map(_ballots, profiles)
    return _equal(before, after) and orders[0] != orders[1]


def _neutrality(profiles: Sequence[Profile], orders: Sequence[Order]) -> bool:
    before, after = profiles
    for a, b in combinations(before.names, 2):
        exchange = {a: b, b: a}
        ballots = {_renamed(ballot, exchange): count for ballot, count in _ballots(before).items()}
        same_ballots = _equal(ballots, _ballots(after))
        if same_ballots and _renamed(orders[0], exchange) != _renamed(orders[1], {}):
            return True
    return False


def _renamed(groups: Iterable[Iterable[str]], new_names: Mapping[str, str]) -> Ballot:
    """A ballot or an order with some candidates renamed."""
    return tuple(frozenset(new_names.get(name, name) for name in group) for group in groups)


_CHECKS: dict[str, Check] = {
    "majority": _elects_top(0.5 + _TOLERANCE),
    "majority-loser": _majority_loser,
    "condorcet": _condorcet,
    "condorcet-loser": _condorcet_loser,
    "smith": _smith,
    "pareto": _pareto,
    "unanimity": _elects_top(1 - _TOLERANCE),
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
