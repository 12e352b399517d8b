"""Marks on ballots to orders of candidates, by stated settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_PLACES
from scrl.election_records.ballot_counts import BallotCounts
from scrl.election_records.ballot_settings import BallotSettings
from scrl.election_records.cast_ballots import OVERVOTE, WRITE_IN, CastContest, Marks
from scrl.types import InputError

if TYPE_CHECKING:
    from scrl.voting import Profile

#: What the undeclared write-ins are called where they are one candidate.
WRITE_INS = "Undeclared write-ins"


class Rank(NamedTuple):
    """A rank that counts: the marks there, and whether they are an overvote."""

    marks: tuple[int, ...]
    is_overvote: bool


@dataclass(frozen=True)
class ReadBallot:
    """A ballot after its settings.

    Attributes:
        ranks: that count, the best first; overvotes are among them where a round decides.
        ended: why later ranks do not count: ``overvote``, ``skipped``, ``duplicate`` or "".
        faults: what was found on it, whether or not it changed the ballot.
    """

    ranks: tuple[Rank, ...]
    ended: str
    faults: frozenset[str]


def read_ballot(marks: Marks, settings: BallotSettings, ties: bool, gaps: bool) -> ReadBallot:
    """What a ballot says by the settings; the order of the checks is that of RCTab.

    Args:
        ties: whether equal ranks are no fault.
        gaps: whether blank ranks mean something.
    """
    ranks: list[Rank] = []
    faults: set[str] = set()
    seen: set[int] = set()
    ended, last = "", 0
    limit = settings.max_ranks or len(marks)
    for rank, here in enumerate(marks[:limit], start=1):
        if not here:
            continue
        if gaps and rank - last > 1:
            faults.add("skipped")
            if settings.max_skipped is not None and rank - last > settings.max_skipped + 1:
                ended = "skipped"
                break
        last = rank
        if seen & set(here) - {WRITE_IN, OVERVOTE}:
            faults.add("duplicate")
            if settings.duplicates == "exhaust":
                ended = "duplicate"
                break
        if WRITE_IN in here:
            faults.add("write_in")
        is_overvote = not ties and (len(here) > 1 or OVERVOTE in here)
        if is_overvote:
            faults.add("overvote")
            if settings.overvotes == "exhaust":
                ended = "overvote"
                break
            if settings.overvotes == "skip" or here == (OVERVOTE,):
                seen |= set(here)
                continue
        ranks.append(Rank(here, is_overvote))
        seen |= set(here)
    return ReadBallot(tuple(ranks), ended, frozenset(faults))


def resolve(cast: CastContest, settings: BallotSettings) -> tuple[Profile, BallotCounts]:
    """The profile of a contest, equal ballots as one, and what was done to how many ballots."""
    from scrl.voting import Profile  # loads JAX, which reading and refusing files does not need

    ties = cast.ties
    keeps_write_ins = settings.write_ins == "candidate" and any(
        WRITE_IN in here for marks in cast.ballots for here in marks
    )
    standing = [i for i in range(len(cast.candidates)) if i not in cast.withdrawn]
    names = [cast.candidates[i] for i in standing] + [WRITE_INS] * keeps_write_ins
    column = {candidate: place for place, candidate in enumerate(standing)}
    if keeps_write_ins:
        column[WRITE_IN] = len(standing)
    orders: dict[tuple[tuple[int, ...], ...], float] = {}
    totals = dict.fromkeys(BallotCounts.__dataclass_fields__, 0.0)
    for marks, weight in cast.ballots.items():
        ballot = read_ballot(marks, settings, ties, cast.gaps)
        order = tuple(_order(ballot, column))
        for name in _counted(marks, ballot, order):
            totals[name] += weight
        if order or (not any(marks) and settings.blank == "keep"):
            orders[order] = orders.get(order, 0.0) + weight
            totals["counted"] += weight
    if len(orders) * len(names) > MAX_PLACES:
        raise InputError(
            f"The contest {quoted(cast.name)} has {len(orders):,} different ballots of "
            f"{len(names):,} candidates, and at most {MAX_PLACES:,} places are held; leave out "
            "candidates that few voters name."
        )
    place = np.full((len(orders), len(names)), -1, np.int32)
    for row, order in enumerate(orders):
        for rank, here in enumerate(order):
            place[row, list(here)] = rank
    weights = np.array(list(orders.values()), float)
    heaviest = np.argsort(-weights, kind="stable")
    profile = Profile(tuple(names), place[heaviest], weights[heaviest])
    return profile, BallotCounts(**totals)


def _order(ballot: ReadBallot, column: dict[int, int]) -> Iterator[tuple[int, ...]]:
    """The candidates at each rank that has any, each at the first rank only."""
    placed: set[int] = set()
    for rank in ballot.ranks:
        here = tuple(column[m] for m in rank.marks if m in column and column[m] not in placed)
        if here:
            placed |= set(here)
            yield here


def _counted(marks: Marks, ballot: ReadBallot, order: tuple[tuple[int, ...], ...]) -> Iterator[str]:
    """The counts that a ballot adds to."""
    yield "cast"
    if not any(marks):
        yield "blank"
        return
    names = {
        "overvote": "overvotes", "skipped": "skipped", "duplicate": "duplicates",
        "write_in": "write_ins",
    }  # fmt: skip
    yield from (names[fault] for fault in ballot.faults)
    if ballot.ended:
        yield f"ended_by_{ballot.ended}"
    if not order:
        yield "empty"
