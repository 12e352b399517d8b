"""The voters of an election as whole numbers of equal ballots, and changes of their ballots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scrl.types import InputError
from scrl.voting.all_rules import count_all_rules
from scrl.voting.profiles.profile import Profile
from scrl.voting.truncated_ballots import LAST, complete_ballots

#: What may happen to ballots: some are replaced by others, some are added, some are taken away.
REPLACE, ADD, REMOVE = CHANGES = ("replace", "add", "remove")
#: Weights are whole multiples of one part in so many.
FINEST_UNIT = 10**6
#: Most ballots, in units of weight, for which whole numbers are exact in double precision.
MAX_BALLOTS = 10**9


@dataclass(frozen=True, eq=False)
class BallotChange:
    """Ballots that change.

    Attributes:
        removed: how many ballots of each type are taken away ``[types]``.
        orders: strict orders of all candidates, best first.
        added: how many ballots with each of these orders are added ``[orders]``.
    """

    removed: np.ndarray
    orders: tuple[tuple[int, ...], ...]
    added: np.ndarray

    @property
    def size(self) -> int:
        """The number of ballots that change."""
        return int(max(self.removed.sum(), self.added.sum()))


@dataclass(frozen=True, eq=False)
class Electorate:
    """The ballots of an election, counted in whole units of weight.

    Attributes:
        cast: the ballots as they were cast.
        place: the place of each candidate, candidates left out tied last ``[types, candidates]``.
        count: the number of ballots of each type, in units ``[types]``.
        unit: the weight of one ballot: 1 where all weights are whole numbers.
        rule: the rule that elects.
        winners: the candidates in first place.
    """

    cast: Profile
    place: np.ndarray
    count: np.ndarray
    unit: float
    rule: str
    winners: frozenset[int]

    @property
    def size(self) -> int:
        """The number of candidates."""
        return self.place.shape[1]

    @property
    def ballots(self) -> int:
        """The number of ballots, in units of weight."""
        return int(self.count.sum())

    @cached_property
    def margin(self) -> np.ndarray:
        """Ballots with a above b less those with b above a ``[candidates, candidates]``."""
        above = np.stack([self.count @ (self.place[:, [a]] < self.place) for a in range(self.size)])
        return above - above.T

    def winners_after(self, change: BallotChange) -> frozenset[int]:
        """The candidates in first place when the ballots have changed, counted by the rule."""
        return _winners(self.after(change), self.rule)

    def after(self, change: BallotChange) -> Profile:
        """The profile when the ballots have changed."""
        kept, added = self.count - change.removed, change.added > 0
        places = np.argsort(np.array(change.orders, int).reshape(-1, self.size), axis=1)[added]
        return Profile(
            self.cast.names,
            np.concatenate([self.cast.place[kept > 0], places]),
            np.concatenate([kept[kept > 0], change.added[added]]) * self.unit,
        )

    def removed_ballots(self, change: BallotChange) -> Profile:
        """The ballots that are taken away, as they were cast."""
        gone = change.removed > 0
        return Profile(self.cast.names, self.cast.place[gone], change.removed[gone] * self.unit)

    def added_ballots(self, change: BallotChange) -> Profile:
        """The ballots that are added."""
        orders = [order for order, n in zip(change.orders, change.added, strict=True) if n]
        profile = Profile.from_orders(self.cast.names, orders, change.added[change.added > 0])
        return replace(profile, weight=profile.weight * self.unit)


def electorate(profile: Profile, rule: str) -> Electorate:
    """The voters of a profile in whole units of weight.

    Raises:
        InputError: for an empty profile, a single candidate, weights that are no whole multiples
            of a millionth, or a rule that cannot count the profile.
    """
    if len(profile.names) < 2 or not len(profile.weight):
        raise InputError("A margin of victory needs two candidates and a ballot.")
    ranks = (profile.place >= 0).any(axis=1)  # blank ballots count nothing
    if not ranks.any():
        raise InputError("No ballot ranks a candidate; give one that does.")
    cast = Profile(profile.names, profile.place[ranks], profile.weight[ranks])
    parts = whole_parts(cast.weight)
    count = np.rint(cast.weight * parts).astype(np.int64)
    if count.sum() > MAX_BALLOTS:
        raise InputError(
            f"The ballots weigh {cast.weight.sum():,.0f}; a margin of victory is computed for "
            f"at most {MAX_BALLOTS:,}."
        )
    return Electorate(
        cast, complete_ballots(cast).place, count, 1 / parts, rule, _winners(cast, rule)
    )


def whole_parts(weight: np.ndarray) -> int:
    """The least power of ten by which all weights become whole numbers.

    Raises:
        InputError: where a million does not suffice.
    """
    parts = 1
    while not np.allclose(weight * parts, np.rint(weight * parts), 0, 1e-6 * min(parts, 1e3)):
        parts *= 10
        if parts > FINEST_UNIT:
            raise InputError(
                "A margin of victory counts whole ballots, and these weights are no whole "
                "multiples of a millionth; give whole numbers of voters."
            )
    if (np.rint(weight * parts) < 1).any():
        raise InputError("A ballot weighs nothing; give it a weight or leave it out.")
    return parts


def _winners(profile: Profile, rule: str) -> frozenset[int]:
    outcomes, errors = count_all_rules(profile, [rule], LAST)
    if rule not in outcomes:
        raise InputError(errors.get(rule, "This rule reads utilities, and ballots are orders."))
    return frozenset(np.flatnonzero(outcomes[rule].place == 0).tolist())


def order_with(size: int, first: Sequence[int], last: Iterable[int] = ()) -> tuple[int, ...]:
    """A strict order of all candidates that begins with ``first`` and ends with ``last``."""
    tail = [a for a in last if a not in first]
    return (*first, *(a for a in range(size) if a not in first and a not in tail), *tail)


def whole(value: float) -> int:
    """The least whole number that is not below ``value``, but for rounding."""
    return math.ceil(value - 1e-7)
