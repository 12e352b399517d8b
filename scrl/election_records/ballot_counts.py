"""How many ballots had which fault."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class BallotCounts:
    """How many ballots had which fault, by weight. A ballot may have several.

    Attributes:
        cast: all ballots of the contest.
        blank: without any mark (undervotes).
        overvotes: with several candidates at one rank.
        skipped: with a blank rank before a marked one.
        duplicates: with a candidate at several ranks.
        write_ins: with an undeclared write-in.
        ended_by_overvote, ended_by_skipped, ended_by_duplicate: of which later ranks do not count.
        empty: marked, and without any candidate who counts.
        counted: in the profile.
    """

    cast: float = 0.0
    blank: float = 0.0
    overvotes: float = 0.0
    skipped: float = 0.0
    duplicates: float = 0.0
    write_ins: float = 0.0
    ended_by_overvote: float = 0.0
    ended_by_skipped: float = 0.0
    ended_by_duplicate: float = 0.0
    empty: float = 0.0
    counted: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """The counts by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}
