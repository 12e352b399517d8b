"""Instant runoff on ballots as they were marked, round by round, as election offices report it.

Overvotes, skipped ranks and duplicates are decided in each round, as RCTab does. The rule
``instant-runoff`` of a record's profile elects the same, unless overvotes depend on the round.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from scrl.data.files import quoted
from scrl.election_records.ballot_settings import BallotSettings
from scrl.election_records.cast_ballots import WRITE_IN, CastContest
from scrl.election_records.records import ElectionRecord
from scrl.election_records.resolution import WRITE_INS, ReadBallot, read_ballot
from scrl.types import InputError


@dataclass(frozen=True)
class Round:
    """One round of the count.

    Attributes:
        tally: ballots of each candidate who is left, in the order of the candidates.
        inactive: ballots that count for nobody, by cause: ``exhausted`` (no choice left),
            ``overvotes``, ``skipped``, ``duplicates``.
        eliminated: who is eliminated after it.
        elected: who is elected in it, or None.
    """

    tally: dict[str, float]
    inactive: dict[str, float]
    eliminated: tuple[str, ...] = ()
    elected: str | None = None


_CAUSES = {"": "exhausted", "overvote": "overvotes", "skipped": "skipped",
           "duplicate": "duplicates"}  # fmt: skip


def count_rounds(
    record: ElectionRecord, to_two: bool = False, batch: bool = False
) -> tuple[Round, ...]:
    """Instant runoff of one seat.

    A candidate with more than half of the ballots that still count is elected. Undeclared write-ins
    are eliminated first. Of candidates tied for the last place the last in the candidates' order is
    eliminated. Blank ballots count in no round.

    Args:
        to_two: whether to go on until two candidates are left.
        batch: whether all candidates who together cannot reach the next one are eliminated at once.

    Raises:
        InputError: where no ballot counts, or where ballots rank candidates equally.
    """
    cast, settings = record.cast, record.settings
    _check_single_choices(cast, settings)
    ballots = _ballots(cast, settings)
    choices: list[int | str] = [WRITE_IN - 1] * len(ballots)  # of nobody who is left
    names = dict(enumerate(cast.candidates))
    left = [i for i in names if i not in cast.withdrawn]
    if any(WRITE_IN in rank.marks for ballot, _ in ballots for rank in ballot.ranks):
        left.append(WRITE_IN)
        names[WRITE_IN] = WRITE_INS
    rounds: list[Round] = []
    while left:
        tally, inactive = _tally(ballots, left, choices)
        active = sum(tally.values())
        if not active:
            raise InputError(f"No ballot of {quoted(cast.name)} counts for anybody.")
        leader = max(left, key=lambda c: (tally[c], -left.index(c)))
        shown = {names[c]: tally[c] for c in left}
        wins = tally[leader] >= floor(active / 2) + 1 or len(left) == 1
        if wins and (not to_two or len(left) <= 2):
            rounds.append(Round(shown, inactive, (), names[leader]))
            return tuple(rounds)
        out = _losers(tally, left, batch, to_two)
        rounds.append(Round(shown, inactive, tuple(names[c] for c in out)))
        left = [c for c in left if c not in out]
    raise InputError(f"There is no candidate in {quoted(cast.name)}.")


def _check_single_choices(cast: CastContest, settings: BallotSettings) -> None:
    has_ties = cast.ties or settings.overvotes == "tie"
    if has_ties and any(len(here) > 1 for marks in cast.ballots for here in marks):
        raise InputError(
            f"Ballots of {quoted(cast.name)} rank candidates equally, so that they have no "
            "single choice; count the profile by a rule, such as 'instant-runoff'."
        )


def _ballots(cast: CastContest, settings: BallotSettings) -> list[tuple[ReadBallot, float]]:
    return [
        (read_ballot(marks, settings, cast.ties, cast.gaps), weight)
        for marks, weight in cast.ballots.items()
        if any(marks)
    ]


def _tally(
    ballots: list[tuple[ReadBallot, float]], left: list[int], choices: list[int | str]
) -> tuple[dict[int, float], dict[str, float]]:
    """Ballots of each candidate, and those that count for nobody.

    ``choices`` holds for whom each ballot counted, or why for nobody, and is brought up to date: a
    ballot stays with its candidate while that one is left, and stays ended.
    """
    tally = dict.fromkeys(left, 0.0)
    inactive = dict.fromkeys(_CAUSES.values(), 0.0)
    for number, (ballot, weight) in enumerate(ballots):
        choice = choices[number]
        if not isinstance(choice, str) and choice not in tally:
            choice = choices[number] = _choice(ballot, tally)
        if isinstance(choice, str):
            inactive[_CAUSES[choice]] += weight
        else:
            tally[choice] += weight
    return tally, inactive


def _choice(ballot: ReadBallot, left: dict[int, float]) -> int | str:
    """For whom the ballot counts, or why it counts for nobody."""
    for rank in ballot.ranks:
        here = [mark for mark in rank.marks if mark in left]
        if len(here) > 1:
            return "overvote"
        if here:
            return here[0]
    return ballot.ended


def _losers(tally: dict[int, float], left: list[int], batch: bool, to_two: bool) -> tuple[int, ...]:
    if WRITE_IN in left:
        return (WRITE_IN,)
    order = sorted(left, key=lambda c: (tally[c], -left.index(c)))
    if not batch:
        return (order[0],)
    total, best = 0.0, 1
    for place, candidate in enumerate(order[:-1]):
        total += tally[candidate]
        if total < tally[order[place + 1]]:
            best = place + 1
    most = len(left) - (2 if to_two else 1)
    return tuple(order[: max(1, min(best, most))])
