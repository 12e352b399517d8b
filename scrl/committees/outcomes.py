"""What a rule of committees returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.committees.rounds import ElectionRound


@dataclass(frozen=True, eq=False)
class CommitteeOutcome:
    """The committees that a rule elects.

    Attributes:
        rule: its name in ``COMMITTEE_RULES``.
        names: of the candidates.
        seats: the size of a committee.
        committees: all committees that are tied, as candidate indices, in their order.
        all_found: whether no other committee is tied with them; False where the limit cut the
            list, or where the rule broke ties by the order of the candidates.
        score: of the committees, higher better; None where the rule has none.
        bound: no committee has a higher score; None where ``committees`` are proved to be best, or
            where the rule maximises nothing.
        rounds: of a sequential rule, where ties are broken by the order of the candidates.
        reading: how the rule read the ballots, in words.
    """

    rule: str
    names: tuple[str, ...]
    seats: int
    committees: tuple[tuple[int, ...], ...]
    all_found: bool = True
    score: float | None = None
    bound: float | None = None
    rounds: tuple[ElectionRound, ...] = ()
    reading: str = ""

    @property
    def committee(self) -> tuple[int, ...]:
        """The first committee, ties broken by the order of the candidates."""
        return self.committees[0]

    @property
    def is_tied(self) -> bool:
        """Whether several committees are elected."""
        return len(self.committees) > 1

    def named(self) -> list[list[str]]:
        """The names of the members of each committee."""
        return [[self.names[c] for c in committee] for committee in self.committees]

    def shares(self) -> np.ndarray:
        """The share of the tied committees that hold each candidate ``[candidates]``."""
        held = np.zeros(len(self.names))
        for committee in self.committees:
            held[list(committee)] += 1
        return held / len(self.committees)

    def __str__(self) -> str:
        listed = " or ".join(", ".join(committee) for committee in self.named()[:6])
        more = len(self.committees) - 6
        return f"{self.rule}, {self.seats} seats: {listed}" + (f" or {more} more" * (more > 0))


#: A committee: its members by index or by name, or the outcome of a rule, whose first one it is.
Members = Sequence[int] | Sequence[str] | CommitteeOutcome
