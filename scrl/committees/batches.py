"""Many approval profiles at once, and the committees that a rule elects in each.

A committee is a whole number: bit m − 1 − c stands for candidate c, so that committees of one size
stand in the order of their members (0, 1 before 0, 2) where the numbers fall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE, ApprovalProfile
from scrl.data.limits import MAX_TOTAL_WEIGHT
from scrl.types import InputError, frozen

#: Bit 63 − 9c is set for c = 0 … 7: times a number whose byte c is 0 or 1, bit 63 − c is byte c.
_GATHER_BITS = np.uint64(sum(1 << (63 - 9 * c) for c in range(8)))
#: Most candidates for which the weight of every set of candidates is tabulated.
MAX_TABLE = 16


@dataclass(frozen=True, eq=False)
class ApprovalBatch:
    """Approval ballots of many profiles with equal numbers of ballots and candidates.

    Attributes:
        approves: ``[profiles, ballots, candidates]``, or ``[1, ballots, candidates]`` where all
            profiles weigh the same ballots.
        weight: ``[profiles, ballots]``, not negative; a ballot of weight 0 is padding.
    """

    approves: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "approves", np.asarray(self.approves, bool))
        set_(self, "weight", np.asarray(self.weight, np.float64))
        shape = self.approves.shape[:2]
        if self.approves.ndim != 3 or self.weight.shape not in (
            shape,
            (len(self.weight), *shape[1:]),
        ):
            raise InputError(
                "Approvals are given as [profiles, ballots, candidates], weights as [profiles, "
                f"ballots]; these have the shapes {self.approves.shape} and {self.weight.shape}."
            )
        if shape[0] not in (1, len(self.weight)) or not self.approves.size:
            raise InputError("Approvals need a profile, a ballot and a candidate.")
        total = self.weight.sum(axis=1)
        if not self.weight.min() >= 0 or not self.weight.max() <= MAX_TOTAL_WEIGHT:
            raise InputError(
                f"The weight of a ballot is a number of 0 or more, at most {MAX_TOTAL_WEIGHT:g}."
            )
        if not total.min() > 0:
            raise InputError("A profile has no ballot of positive weight.")

    @classmethod
    def of(cls, profile: ApprovalProfile) -> ApprovalBatch:
        """A batch of this profile alone, equal ballots added up."""
        grouped = profile.grouped
        return cls(grouped.approves[None], grouped.weight[None])

    @property
    def candidates(self) -> int:
        """The number of candidates."""
        return self.approves.shape[2]

    @property
    def is_shared(self) -> bool:
        """Whether all profiles weigh the same ballots."""
        return len(self.approves) == 1

    @cached_property
    def compact(self) -> ApprovalBatch:
        """The batch with the distinct ballots of all profiles shared, where they are few."""
        _, ballots, m = self.approves.shape
        if self.is_shared or (1 << m) > 4 * ballots:
            return self
        sets, count = self.histogram
        return ApprovalBatch(members_of(sets, m)[None], count)

    def approvals_of(self, profile: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Which ballots approve a candidate each ``[states, ballots]``.

        Args:
            profile, chosen: the profile and the candidate ``[states]``.
        """
        if self.is_shared:
            return self.approves[0].T[chosen]
        return self.approves[profile, :, chosen]

    def support(self, value: np.ndarray, profile: np.ndarray | None = None) -> np.ndarray:
        """The sum of ``value [states, ballots]`` over the ballots that approve each candidate
        ``[states, candidates]``.

        Args:
            profile: of each state, ascending ``[states]``; None where the states are the profiles.
        """
        if self.is_shared:
            return value @ self.values[0]
        if profile is None:
            return np.matmul(value[:, None, :], self.values)[:, 0, :]
        found = np.empty((len(value), self.candidates))
        is_first = np.ones(len(profile), bool)
        is_first[1:] = profile[1:] != profile[:-1]
        first, later = np.flatnonzero(is_first), np.flatnonzero(~is_first)
        # Most profiles have one state: their approvals are read where they are.
        whole = len(first) == len(self.values)
        values = self.values if whole else self.values[profile[first]]
        found[first] = np.matmul(value[first, None, :], values)[:, 0, :]
        if len(later):
            values = self.values[profile[later]]
            found[later] = np.matmul(value[later, None, :], values)[:, 0, :]
        return found

    @cached_property
    def total(self) -> np.ndarray:
        """The weight of each profile ``[profiles]``."""
        return self.weight.sum(axis=1)

    @cached_property
    def tolerance(self) -> np.ndarray:
        """Scores in voters that are closer are tied ``[profiles]``."""
        return TIE_TOLERANCE * self.total

    @cached_property
    def values(self) -> np.ndarray:
        """``approves`` as numbers ``[profiles, ballots, candidates]``."""
        return self.approves.astype(np.float64)

    @cached_property
    def masks(self) -> np.ndarray:
        """The approved set of each ballot ``[profiles, ballots]``, as bytes where they suffice."""
        m = self.candidates
        if m > 8:
            return masks_of(self.approves)
        # A product moves the last bits of eight bytes into the first byte.
        return ((self._eights * _GATHER_BITS) >> np.uint64(64 - m)).astype(np.uint8)

    @cached_property
    def _eights(self) -> np.ndarray:
        """The approvals of each ballot of at most eight candidates as the bytes of one number
        ``[profiles, ballots]``."""
        rows, m = self.approves, self.candidates
        if m < 8:
            rows = np.zeros((*rows.shape[:2], 8), bool)
            rows[:, :, :m] = self.approves
        return np.ascontiguousarray(rows).view("<u8")[..., 0]

    @cached_property
    def approvals(self) -> np.ndarray:
        """The weight that approves each candidate ``[profiles, candidates]``."""
        ballots, m = self.weight.shape[1], self.candidates
        if not self.is_unweighted or m > 8 or ballots > 255:
            return self.support(self.weight)
        # No byte of the sum overflows.
        total = self._eights.sum(axis=1, dtype=np.uint64)
        return total.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :m].astype(float)

    @cached_property
    def is_unweighted(self) -> bool:
        """Whether every ballot has the weight 1, and the profiles have ballots of their own."""
        return not self.is_shared and bool((self.weight == 1).all())

    @cached_property
    def is_whole(self) -> bool:
        """Whether all weights are whole numbers, so that their sums are exact."""
        return self.is_unweighted or bool((self.weight == np.round(self.weight)).all())

    @cached_property
    def histogram(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct approved sets ``[sets]``, and the weight of each in each profile
        ``[profiles, sets]``."""
        if self.is_shared:
            return self.masks[0].astype(np.int64), self.weight
        profiles, ballots, m = self.approves.shape
        if m <= MAX_TABLE and (1 << m) <= 4 * ballots:
            keys, sets = self.masks, np.arange(1 << m)
        else:
            sets, at = np.unique(self.masks.astype(np.int64), return_inverse=True)
            keys = at.reshape(self.masks.shape)
        keys = len(sets) * np.arange(profiles)[:, None] + keys
        counts = np.bincount(keys.ravel(), self.weight.ravel(), profiles * len(sets))
        return sets, counts.reshape(profiles, len(sets))

    @cached_property
    def superset_weight(self) -> np.ndarray:
        """The weight of the ballots that approve all of each set of candidates
        ``[profiles, 2^candidates]``."""
        return _transformed(self._table(), self.candidates, _is_superset)

    def _table(self) -> np.ndarray:
        """The weight of the ballots that approve just each set ``[profiles, 2^candidates]``."""
        sets, weight = self.histogram
        if len(sets) == 1 << self.candidates and not self.is_shared:
            return weight
        table = np.zeros((len(weight), 1 << self.candidates))
        np.add.at(table.T, sets, weight.T)
        return table

    @cached_property
    def union_weight(self) -> np.ndarray:
        """The weight of the ballots that approve somebody in each set of candidates
        ``[profiles, 2^candidates]``.

        Raises:
            InputError: there are more candidates than ``MAX_TABLE``.
        """
        m = self.candidates
        if m > MAX_TABLE:
            raise InputError(
                f"This rule tabulates every set of candidates: at most {MAX_TABLE} candidates, "
                f"not {m}."
            )
        table = _transformed(self._table(), m, _is_subset)
        return self.total[:, None] - table[:, ::-1]


def _is_superset(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a & b) == b


def _is_subset(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a & b) == a


def _transformed(
    table: np.ndarray, m: int, related: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """The sums of ``table`` over all sets that are ``related`` to each set, four candidates at a
    time ``[profiles, 2^m]``."""
    profiles = len(table)
    for low in range(0, m, 4):
        width = 1 << min(4, m - low)
        sets = np.arange(width)
        # Row T, column S: whether T counts for S.
        counts = related(sets[:, None], sets[None, :]).astype(float)
        if low == 0:
            table = table.reshape(-1, width) @ counts
        else:
            table = np.matmul(counts.T, table.reshape(-1, width, 1 << low))
    return table.reshape(profiles, -1)


@dataclass(frozen=True, eq=False)
class ElectedCommittees:
    """The committees elected in each profile of a batch, ordered by profile and by members.

    Attributes:
        profile: the profile of each committee ``[committees]``.
        members: ``[committees, candidates]``.
        score: of each profile's committees by the rule, higher better ``[profiles]``; None where
            the rule has none.
        all_found: whether no committee that is tied with them is missing ``[profiles]``.
        bound: no committee has a higher score ``[profiles]``; None where ``score`` is the optimum
            or the rule maximises nothing.
    """

    profile: np.ndarray
    members: np.ndarray
    score: np.ndarray | None
    all_found: np.ndarray
    bound: np.ndarray | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "profile", frozen(self.profile, np.int64))
        set_(self, "members", frozen(self.members, bool))
        set_(self, "all_found", frozen(self.all_found, bool))

    def committees(self, profile: int = 0) -> list[tuple[int, ...]]:
        """The committees of one profile as candidate indices."""
        low, high = np.searchsorted(self.profile, [profile, profile + 1])
        return sorted(tuple(np.flatnonzero(row).tolist()) for row in self.members[low:high])


def masks_of(members: np.ndarray) -> np.ndarray:
    """Sets of candidates ``[..., candidates]`` as numbers ``[...]``."""
    m = members.shape[-1]
    if m <= 8:
        return (np.packbits(members, axis=-1)[..., 0] >> (8 - m)).astype(np.int64)
    return members @ (np.int64(1) << np.arange(m - 1, -1, -1, dtype=np.int64))


def members_of(masks: np.ndarray, m: int) -> np.ndarray:
    """The inverse of ``masks_of``."""
    return (masks[..., None] >> np.arange(m - 1, -1, -1)) & 1 == 1


@lru_cache(maxsize=64)
def all_committees(m: int, seats: int) -> np.ndarray:
    """The masks of all committees in the order of their members ``[committees]``."""
    if m <= MAX_TABLE:
        masks = np.arange((1 << m) - 1, -1, -1, dtype=np.int64)
        return masks[np.bitwise_count(masks) == seats]
    bits = (1 << (m - 1 - np.arange(m, dtype=np.int64))).tolist()
    return np.array([sum(chosen) for chosen in combinations(bits, seats)], np.int64)


def best_committees(
    score: np.ndarray, masks: np.ndarray, m: int, tolerance: np.ndarray, limit: int
) -> ElectedCommittees:
    """The committees with the highest score.

    Args:
        score: ``[profiles, committees]``.
        masks: of the committees in order ``[committees]``.
        tolerance: scores closer than this are tied ``[profiles]``.
        limit: most committees of a profile.
    """
    best = score.max(axis=1)
    profile, at = np.nonzero(score >= (best - tolerance)[:, None])
    kept, all_found = within_limit(profile, len(score), limit)
    return ElectedCommittees(profile[kept], members_of(masks[at[kept]], m), best, all_found)


def within_limit(
    profile: np.ndarray, profiles: int, limit: int
) -> tuple[np.ndarray | slice, np.ndarray]:
    """Which of the entries to keep so that no profile has more than ``limit``, and which profiles
    keep all.

    Args:
        profile: of each entry, ascending.
    """
    count = np.bincount(profile, minlength=profiles)
    if count.max() <= limit:
        return slice(None), np.ones(profiles, bool)
    rank = np.arange(len(profile)) - (np.cumsum(count) - count)[profile]
    return rank < limit, count <= limit
