"""Clear Ballot's CSV: a column for each candidate at each rank, 1 where it is marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import CastContest, Labels, Wanted
from scrl.election_records.plain_tables import Row
from scrl.types import InputError

#: The names of the columns before the choices begin.
_FIRST = ("rownumber", "boxid", "boxposition", "ballotid")


def is_clear_ballot(head: Sequence[Row]) -> bool:
    """Whether the first row of a table is that of Clear Ballot's."""
    if not head:
        return False
    words = tuple(cell.strip().lower() for cell in head[0][1][: len(_FIRST)])
    return words == _FIRST


def read_clear_ballot(
    rows: Iterable[Row], file: str, wanted: Wanted, labels: Labels
) -> list[CastContest]:
    """The contests of a table.

    Raises:
        InputError: naming the line.
    """
    contests: dict[str, CastContest] = {}
    columns: dict[CastContest, list[tuple[int, int, tuple[int, ...]]]] | None = None
    by_contest: list[tuple[CastContest, list[tuple[int, int, tuple[int, ...]]]]] = []
    for number, row in rows:
        where = f"{file}: line {number}"
        if columns is None:
            columns = {}
            places: dict[str, list[tuple[int, int, tuple[int, ...]]]] = {}
            for column, cell in enumerate(row):
                if cell.startswith("Choice_") and ":" in cell:
                    name, rank, candidate = _choice(cell, where)
                    contest = contests.setdefault(name, CastContest(name))
                    mark = contest.cell(candidate, labels, where)
                    places.setdefault(name, []).append((column, rank, mark))
            by_contest = [(contests[name], found) for name, found in places.items()
                          if wanted(name, "")]  # fmt: skip
            continue
        for contest, found in by_contest:
            pairs = [
                (rank, mark)
                for column, rank, marks in found
                if _is_marked(row, column, where)
                for mark in marks
            ]
            contest.add_pairs(pairs, where)
    if not contests:
        raise InputError(
            f"{file}: no column of a choice, such as 'Choice_1_1:Mayor:1:…', is in this table."
        )
    return list(contests.values())


def _choice(cell: str, where: str) -> tuple[str, int, str]:
    """Contest, rank and candidate of ``Choice_6_1:Auditor:2:Number of Winners 1:Ann Lee:NON``.

    A contest and a candidate may have a colon in their name.
    """
    parts = cell.split(":")
    at = next((i for i in range(2, len(parts) - 2) if parts[i].strip().isdecimal()), 0)
    if not at or len(parts) < at + 4 or not 1 <= int(parts[at].strip()[:4]) <= 100:
        raise InputError(
            f"{where}: {quoted(cell)} is not a choice; it should be "
            "'Choice_1_1:CONTEST:RANK:RULE:CANDIDATE:PARTY'."
        )
    contest = ":".join(parts[1:at]).strip()
    return contest, int(parts[at]), ":".join(parts[at + 2 : -1]).strip()


def _is_marked(row: list[str], column: int, where: str) -> bool:
    text = row[column].strip() if column < len(row) else ""
    if text not in ("0", "1", ""):
        raise InputError(f"{where}: the mark is {quoted(text)}; it should be 0 or 1.")
    return text == "1"
