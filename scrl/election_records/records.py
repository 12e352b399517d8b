"""An election as it was published: its profile, and what was done to make it one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scrl.data.files import quoted
from scrl.election_records.ballot_counts import BallotCounts
from scrl.election_records.ballot_settings import BallotSettings
from scrl.election_records.cast_ballots import CastContest
from scrl.election_records.resolution import resolve
from scrl.types import Catalogue, Ratings

if TYPE_CHECKING:
    from scrl.voting import Profile


#: Most pairs of names that look alike of which notes tell.
_SHOWN = 3
#: Count -> what it is of one ballot, and of several.
_FOUND = {
    "blank": ("is blank", "are blank"),
    "overvotes": ("has overvotes", "have overvotes"),
    "skipped": ("skips a rank", "skip a rank"),
    "duplicates": ("names a candidate twice", "name a candidate twice"),
    "write_ins": ("has undeclared write-ins", "have undeclared write-ins"),
    "ended_by_overvote": ("was ended by an overvote", "were ended by an overvote"),
    "ended_by_skipped": ("was ended by skipped ranks", "were ended by skipped ranks"),
    "ended_by_duplicate": (
        "was ended by a repeated candidate", "were ended by a repeated candidate",
    ),
    "empty": ("ranks nobody who counts", "rank nobody who counts"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ElectionRecord:
    """A contest of a published election.

    Attributes:
        profile: its ballots, equal ones as one, the heaviest first.
        title: of the election; empty where the file states none.
        contest: its name.
        format: of the file.
        seats: how many are elected, where the file says it.
        settings: by which the ballots were read.
        counts: what was found on how many ballots.
        notes: sentences on what was read and left out.
        cast: the ballots as they were marked.
    """

    profile: Profile
    title: str
    contest: str
    format: str
    seats: int | None
    settings: BallotSettings
    counts: BallotCounts
    notes: tuple[str, ...]
    cast: CastContest = field(repr=False)

    def read_again(self, **settings: Any) -> ElectionRecord:
        """The same ballots by other settings, such as ``overvotes="skip"``.

        Raises:
            InputError: for an unknown setting or value.
        """
        return make_record(self.cast, self.format, self.settings.changed(**settings))

    def to_ratings(self) -> Ratings:
        """The ballots as ratings of one prompt, the contest; each different ballot is a rater of
        its weight."""
        return ratings_of_records([self])


def ratings_of_records(records: Sequence[ElectionRecord]) -> Ratings:
    """The ballots of contests as ratings, each contest a prompt; each different ballot is a rater
    of its weight. Notes of several contests begin with the contest."""
    names: dict[str, int] = {}
    members, items, ranks, sizes, weights, prompts = [], [], [], [], [], []
    offsets = [0]
    for number, record in enumerate(records):
        place = record.profile.place[(record.profile.place >= 0).any(axis=1)]
        ballot, candidate = np.nonzero(place >= 0)
        codes = np.array([names.setdefault(n, len(names)) for n in record.profile.names], int)
        members.append(codes)
        offsets.append(offsets[-1] + len(codes))
        items.append(codes[candidate])
        ranks.append(place[ballot, candidate])
        sizes.append((place >= 0).sum(axis=1))
        weights.append(record.profile.weight[(record.profile.place >= 0).any(axis=1)])
        prompts.append(np.full(len(place), number))
    notes = [
        f"{record.contest}: {note}" if len(records) > 1 else note
        for record in records
        for note in record.notes
    ]
    size = np.concatenate(sizes)
    catalogue = Catalogue(
        tuple(record.contest for record in records), tuple(names), np.concatenate(members),
        np.array(offsets),
    )  # fmt: skip
    return Ratings(
        catalogue, tuple(f"ballot {i + 1}" for i in range(len(size))), np.arange(len(size)),
        np.concatenate(prompts), np.concatenate(weights),
        np.concatenate([[0], np.cumsum(size)]), np.concatenate(items), np.concatenate(ranks),
        "last", notes=tuple(notes), name=records[0].title or records[0].contest,
        individuals=False,
    )  # fmt: skip


def make_record(cast: CastContest, format: str, settings: BallotSettings) -> ElectionRecord:
    """The record of a contest by the settings."""
    profile, counts = resolve(cast, settings)
    notes = (*cast.notes, *_notes(cast, settings, counts))
    return ElectionRecord(
        profile, cast.title, cast.name, format, cast.seats, settings, counts, notes, cast
    )


def _notes(cast: CastContest, settings: BallotSettings, counts: BallotCounts) -> list[str]:
    parts = [
        f"{number:,.10g} {one if number == 1 else many}"
        for name, (one, many) in _FOUND.items()
        if (number := getattr(counts, name))
    ]
    notes = [
        f"{counts.cast:,.10g} {'ballot' if counts.cast == 1 else 'ballots'}, "
        f"{counts.counted:,.10g} of them in the profile"
        + (f": {', '.join(parts)}." if parts else ".")
    ]
    without = ("overvotes",) * cast.ties + ("max_skipped",) * (not cast.gaps)
    said = settings.sentence(without)
    notes.append(f"Settings: {said}.")
    notes += [
        f"{quoted(one)} and {quoted(two)} look alike and are two candidates."
        for one, two in _look_alikes(cast.candidates)[:_SHOWN]
    ]
    if settings.overvotes == "exhaust_if_multiple_continuing" and counts.overvotes:
        notes.append(
            "In the profile the candidates of an overvote are tied; count_rounds decides overvotes "
            "in each round."
        )
    return notes


def _look_alikes(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ only in capitals, spaces and punctuation."""
    found: dict[str, str] = {}
    pairs = []
    for name in names:
        plain = "".join(ch for ch in name.casefold() if ch.isalnum())
        other = found.setdefault(plain, name)
        if plain and other != name:
            pairs.append((other, name))
    return pairs
