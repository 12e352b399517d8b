"""Dominion's CSV export of cast-vote records, as counties of Colorado publish it.

Four rows name the columns: the election, each column's contest, its candidate with the rank
(``Ann(2)``), and ``CvrNumber, TabulatorNum …``. A cell is 1 where the candidate is marked at that
rank, 0 where not, and empty where the contest is not on the ballot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import CastContest, Labels, Wanted
from scrl.election_records.plain_tables import Row
from scrl.types import InputError

#: Rows among which that of the columns' names is looked for.
HEAD_ROWS = 5
_FIRST = "cvrnumber"
_SEATS = re.compile(r"\(\s*(?:Number of positions|Vote For)\s*=\s*([0-9]{1,3})[^()]{0,60}\)\s*$")
_RANK = re.compile(r"(.*)\(([0-9]{1,3})\)\s*", re.DOTALL)

#: The column of a mark, its rank, and what it marks.
Place = tuple[int, int, tuple[int, ...]]


def is_dominion_csv(head: Sequence[Row]) -> bool:
    """Whether the third or a later row of a table names Dominion's columns."""
    return any(row and row[0].strip().lower() == _FIRST for _, row in head[2:])


def read_dominion_csv(
    rows: Iterable[Row], file: str, wanted: Wanted, labels: Labels
) -> list[CastContest]:
    """The contests of an export.

    Raises:
        InputError: naming the line.
    """
    head: list[list[str]] = []
    contests: dict[str, CastContest] = {}
    places: dict[str, list[Place]] = {}
    is_read = False
    for number, row in rows:
        where = f"{file}: line {number}"
        if not is_read:
            is_read = bool(row) and row[0].strip().lower() == _FIRST
            head.append(row)
            if is_read:
                contests, places = _columns(head, labels, where)
            elif len(head) >= HEAD_ROWS:
                break
            continue
        for name, contest in contests.items():
            if wanted(name, ""):
                _add_ballot(contest, row, places[name], where)
    if not contests:
        raise InputError(f"{file}: no column of this export names a contest and a candidate.")
    return list(contests.values())


def _columns(
    head: list[list[str]], labels: Labels, where: str
) -> tuple[dict[str, CastContest], dict[str, list[Place]]]:
    """The contests and where their marks stand, from the rows above ``CvrNumber``."""
    contests: dict[str, CastContest] = {}
    places: dict[str, list[Place]] = {}
    if len(head) < 3:
        raise InputError(
            f"{where}: a row of contests and a row of candidates belong above 'CvrNumber'; export "
            "the file again."
        )
    titles, candidates = head[-3], head[-2]
    for column, (title, candidate) in enumerate(zip(titles, candidates, strict=False)):
        if not title.strip() or not candidate.strip():
            continue
        seats = _SEATS.search(title)
        name = title[: seats.start()].strip() if seats else title.strip()
        contest = contests.get(name)
        if contest is None:
            contest = contests[name] = CastContest(name, seats=int(seats[1]) if seats else None)
            contest.title = "".join(head[0][:1]).strip()
        match = _RANK.fullmatch(candidate) if seats and "ranks" in seats[0] else None
        rank = int(match[2]) if match else 1
        if not 1 <= rank <= 100:
            raise InputError(f"{where}: the rank of {quoted(candidate)} is not 1 to 100.")
        mark = contest.cell(match[1] if match else candidate, labels, where)
        places.setdefault(name, []).append((column, rank, mark))
    return contests, places


def _add_ballot(contest: CastContest, row: list[str], places: list[Place], where: str) -> None:
    cells = [row[column].strip() if column < len(row) else "" for column, _, _ in places]
    if not any(cells):
        return  # the contest is not on this ballot
    pairs = []
    for cell, (_, rank, marks) in zip(cells, places, strict=True):
        if cell not in ("0", "1", ""):
            raise InputError(f"{where}: the mark is {quoted(cell)}; it should be 0 or 1.")
        if cell == "1":
            pairs += [(rank, mark) for mark in marks]
    contest.add_pairs(pairs, where)
