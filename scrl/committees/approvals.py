"""Approval ballots: whom each voter approves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.files import quoted
from scrl.data.limits import MAX_TOTAL_WEIGHT, MIN_SHARE
from scrl.types import InputError, frozen
from scrl.voting.profiles.profile import Profile

#: Most candidates of an election of committees: a committee is a set of bits.
MAX_CANDIDATES = 62
#: Committee scores, loads and budgets closer than this share of the weight are tied.
TIE_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class ApprovalProfile:
    """Distinct approval ballots, and how many voters cast each.

    Attributes:
        names: of the candidates.
        approves: whether the ballot approves the candidate ``[ballots, candidates]``.
        weight: number (or share) of voters who cast the ballot ``[ballots]``, positive.
        labels: name of the voters who cast the ballot ``[ballots]``; "" for none.
        threshold: how the approvals follow from orders or utilities, in words; "" where the voters
            approved themselves.
    """

    names: tuple[str, ...]
    approves: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...] = ()
    threshold: str = ""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "names", tuple(self.names))
        set_(self, "approves", frozen(self.approves, bool))
        set_(self, "weight", frozen(self.weight, np.float64))
        set_(self, "labels", tuple(self.labels) or ("",) * len(self.approves))
        _check(self)

    @classmethod
    def from_sets(
        cls,
        names: Sequence[str],
        sets: Iterable[Iterable[int | str]],
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
    ) -> ApprovalProfile:
        """From the set of candidates that each ballot approves, by name or by index.

        >>> ApprovalProfile.from_sets("abc", [{"a", "b"}, {2}], [3, 1]).to_text()
        '3: a, b\\n1: c'

        Raises:
            InputError: a ballot approves somebody who is no candidate.
        """
        names = tuple(names)
        index = {name: i for i, name in enumerate(names)}
        sets = [list(approved) for approved in sets]
        approves = np.zeros((len(sets), len(names)), bool)
        for row, approved in enumerate(sets):
            for item in approved:
                at = index.get(item, -1) if isinstance(item, str) else int(item)
                if not 0 <= at < len(names):
                    raise InputError(
                        f"Ballot {row + 1} approves {quoted(item)}, which is no candidate."
                    )
                approves[row, at] = True
        weight = np.ones(len(sets)) if weight is None else np.asarray(weight)
        return cls(names, approves, weight, tuple(labels))

    @classmethod
    def from_profile(cls, profile: Profile, approve: int | str) -> ApprovalProfile:
        """The approvals that follow from orders or utilities by a threshold.

        A candidate that the ballot leaves out is never approved, except by utilities.

        Args:
            approve: a number k: the candidates with fewer than k candidates above them, so that a
                tie at place k approves all who are tied; ``"ranked"``: everybody whom the ballot
                ranks; ``"mean"``: everybody whose utility is above the ballot's mean utility.

        Raises:
            InputError: for another threshold, or ``"mean"`` where utilities are unknown.
        """
        place = profile.place
        if approve == "ranked":
            approves, said = place >= 0, "everybody whom the ballot ranks"
        elif approve == "mean":
            if profile.utility is None:
                raise InputError(
                    "approve='mean' reads utilities, and this profile has orders only; give the "
                    "number of candidates that a ballot approves, such as approve=2."
                )
            utility = profile.utility
            mean = utility.mean(axis=1, keepdims=True)
            spread = np.ptp(utility, axis=1, keepdims=True)
            approves = utility > mean + TIE_TOLERANCE * spread
            said = "everybody above the ballot’s mean utility"
        elif isinstance(approve, int | np.integer) and not isinstance(approve, bool):
            if approve < 1:
                raise InputError("approve is the number of candidates: 1 or more.")
            above = (place[:, None, :] >= 0) & (place[:, None, :] < place[:, :, None])
            approves = (place >= 0) & (above.sum(axis=2) < approve)
            said = f"the first {approve} of the ballot"
        else:
            raise InputError(
                f"approve is a number of candidates, 'ranked' or 'mean', not {quoted(approve)}."
            )
        return cls(profile.names, approves, profile.weight, profile.labels, said)

    @property
    def total(self) -> float:
        """The weight of all ballots."""
        return float(self.weight.sum())

    @cached_property
    def grouped(self) -> ApprovalProfile:
        """The profile with equal ballots added up, and without labels."""
        distinct, group = np.unique(self.approves, axis=0, return_inverse=True)
        if len(distinct) == len(self.approves):
            return self
        weight = np.bincount(group.ravel(), self.weight, len(distinct))
        return ApprovalProfile(self.names, distinct, weight, threshold=self.threshold)

    def sets(self) -> list[list[str]]:
        """The names that each ballot approves."""
        names = np.array(self.names, object)
        return [list(names[row]) for row in self.approves]

    def __repr__(self) -> str:
        title = (
            f"Approval profile of {self.total:,.10g} voters, {len(self.approves)} ballots, "
            f"{len(self.names)} candidates"
        )
        lines = self.to_text().splitlines()
        more = [f"… and {len(lines) - 10} more"] * (len(lines) > 10)
        return "\n".join([title, *(_cut(line) for line in lines[:10]), *more])

    def to_text(self) -> str:
        """One ballot a line, such as ``3: A, B``."""
        return "\n".join(
            f"{weight:.10g}: {', '.join(approved)}"
            for weight, approved in zip(self.weight, self.sets(), strict=True)
        )


def _cut(line: str, letters: int = 100) -> str:
    return line if len(line) <= letters else line[: letters - 1] + "…"


def _check(profile: ApprovalProfile) -> None:
    """Raise ``InputError`` where the arrays are no approval profile."""
    ballots, m = len(profile.weight), len(profile.names)
    if profile.approves.shape != (ballots, m) or len(profile.labels) != ballots:
        raise InputError(
            f"An approval profile of {m} candidates and {ballots} weights needs approvals of shape "
            f"({ballots}, {m}); these have {profile.approves.shape}."
        )
    if not ballots or not m:
        raise InputError("An approval profile needs a ballot and a candidate.")
    if m > MAX_CANDIDATES:
        raise InputError(f"A committee is elected of at most {MAX_CANDIDATES} candidates, not {m}.")
    if len(set(profile.names)) < m:
        raise InputError("Two candidates have the same name.")
    low, high = profile.weight.min(), profile.weight.max()
    if not (low >= MIN_SHARE and high <= MAX_TOTAL_WEIGHT):
        raise InputError(
            f"The weight of a ballot is {high if low >= MIN_SHARE else low:g}; give a number from "
            f"{MIN_SHARE:g} to {MAX_TOTAL_WEIGHT:g}."
        )


def ranking_ballots(profile: Profile) -> Profile:
    """The profile without blank ballots, which count nothing for a rule of orders.

    Raises:
        InputError: no ballot ranks a candidate.
    """
    ranks = np.asarray((profile.place >= 0).any(axis=1))
    if not ranks.any():
        raise InputError("No ballot ranks a candidate; give one that does.")
    return profile if ranks.all() else profile.select(ranks)


def check_seats(seats: int, candidates: int) -> int:
    """The number of seats as an ``int``.

    Raises:
        InputError: it is no whole number between one and the number of candidates.
    """
    if isinstance(seats, bool) or not isinstance(seats, int | np.integer):
        raise InputError(f"The number of seats is a whole number, not {quoted(seats)}.")
    if not 1 <= seats <= candidates:
        raise InputError(
            f"Of {candidates} candidates, 1 to {candidates} can be elected, not {seats}."
        )
    return int(seats)


def committee_count(candidates: int, seats: int) -> int:
    """The number of committees."""
    return math.comb(candidates, seats)
