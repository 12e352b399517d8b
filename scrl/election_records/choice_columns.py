"""Tables with a column for each rank (``choice_1``, ``rank1``, ``1st choice`` …), and those of
RCTab's configurations: columns given by number, or a column for each candidate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from scrl.data.files import quoted
from scrl.data.limits import WEIGHT, is_weight
from scrl.election_records.cast_ballots import MAX_RANKS, CastContest, Labels, Wanted
from scrl.election_records.plain_tables import Row
from scrl.types import InputError

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_THING = r"(?:choice|choices|rank|ranking|preference|pref)"
_PATTERNS = (
    re.compile(rf"(?<![a-z0-9])([0-9]{{1,3}})(?:st|nd|rd|th)[ _.-]*{_THING}(?![a-z0-9])", re.I),
    re.compile(rf"(?<![a-z]){_THING}[ _.#-]*([0-9]{{1,3}})(?![0-9])(?: *of *[0-9]{{1,3}})?", re.I),
    re.compile(rf"(?<![a-z])({'|'.join(_ORDINALS)})[ _.-]*{_THING}(?![a-z0-9])", re.I),
    # Where nothing else is a rank: one beyond the limit, so that it is not ignored.
    re.compile(rf"(?<![a-z]){_THING}[ _.#-]*([0-9]{{4,6}})(?![0-9])", re.I),
)
_CODE = re.compile(r"\(\d+\)\s*$")
_WEIGHTS = frozenset({"count", "weight", "ballots", "votes", "number of ballots"})
#: Rows of a head that are looked at for the columns' names.
HEAD_ROWS = 5


class Columns(NamedTuple):
    """Where the choices stand.

    Attributes:
        contests: contest -> column of each rank, the first rank first.
        weight: the column of the ballots' weights, or None.
        header: the number of the row that names the columns.
    """

    contests: dict[str, list[int]]
    weight: int | None
    header: int


def find_columns(head: Sequence[Row], file: str) -> Columns | None:
    """The columns of choices that the first rows of a table name; None where they name none.

    Raises:
        InputError: where two columns are the same rank of a contest, or a rank is missing.
    """
    for number, row in head:
        ranks: dict[str, dict[int, int]] = {}
        for column, name in enumerate(row):
            found = _rank_of(name)
            if found is None:
                continue
            rank, contest = found
            if rank > MAX_RANKS and ranks.get(contest, {}).get(1) is not None:
                raise InputError(
                    f"{file}: line {number}: the column {quoted(name)} is rank {rank:,}; at most "
                    f"{MAX_RANKS:,} ranks are read."
                )
            if rank in ranks.setdefault(contest, {}):
                raise InputError(
                    f"{file}: line {number}: two columns are rank {rank} of "
                    f"{quoted(contest or 'the contest')}; name the columns of another contest "
                    "otherwise."
                )
            ranks[contest][rank] = column
        contests = {contest: by for contest, by in ranks.items() if min(by) == 1}
        if not contests:
            continue
        for contest, by in contests.items():
            missing = next((r for r in range(1, len(by) + 1) if r not in by), None)
            if missing is not None:
                raise InputError(
                    f"{file}: line {number}: the column of rank {missing} of "
                    f"{quoted(contest or 'the contest')} is missing."
                )
        weights = [i for i, name in enumerate(row) if name.strip().lower() in _WEIGHTS]
        return Columns(
            {contest: [by[rank] for rank in sorted(by)] for contest, by in contests.items()},
            weights[0] if len(weights) == 1 else None, number,
        )  # fmt: skip
    return None


def _rank_of(name: str) -> tuple[int, str] | None:
    """The rank that a column's name states, and the rest of the name: the contest."""
    name = name.strip()[:500]
    for pattern in _PATTERNS:
        match = pattern.search(name)
        if match:
            text = match[1].lower()
            rank = _ORDINALS.index(text) + 1 if text in _ORDINALS else int(text)
            rest = f"{name[: match.start()]} {name[match.end() :]}"
            rest = _CODE.sub("", rest).strip(" _-:,.|/")
            return (rank, " ".join(rest.split())) if rank >= 1 else None
    return None


def read_choices(
    rows: Iterable[Row], columns: Columns, name: str, file: str, wanted: Wanted, labels: Labels,
    names: Mapping[str, str],
) -> list[CastContest]:  # fmt: skip
    """The contests of a table with a column for each rank.

    Args:
        name: of a contest whose columns' names say only the rank.
        names: code in the cells -> name of the candidate.

    Raises:
        InputError: naming the line.
    """
    contests = [CastContest(contest or name) for contest in columns.contests]
    chosen = [
        (contest, places)
        for contest, places in zip(contests, columns.contests.values(), strict=True)
        if wanted(contest.name, contest.identifier)
    ]
    counted: list[dict[tuple[str, ...], list[float]]] = [{} for _ in chosen]
    for number, row in rows:
        if number <= columns.header:
            continue
        weight = 1.0
        if columns.weight is not None:
            text = row[columns.weight] if columns.weight < len(row) else ""
            weight = _weight(text, f"{file}: line {number}")
        for (_, places), rows_of in zip(chosen, counted, strict=True):
            cells = tuple([row[i] if i < len(row) else "" for i in places])
            rows_of.setdefault(cells, [float(number), 0.0])[1] += weight
    for (contest, _), rows_of in zip(chosen, counted, strict=True):
        for cells, (first, weight) in rows_of.items():
            where = f"{file}: line {first:.0f}"
            words = [names.get(cell, cell) for cell in map(str.strip, cells)]
            contest.add([contest.cell(word, labels, where) for word in words], weight)
    return contests


def _weight(text: str, where: str) -> float:
    try:
        weight = float(text.replace(",", ""))
    except ValueError:
        weight = float("nan")
    if not is_weight(weight):
        raise InputError(f"{where}: the number of ballots is {quoted(text)}; give {WEIGHT}.")
    return weight


def read_positioned(
    rows: Iterable[Row], contest: CastContest, first_row: int, columns: range, file: str,
    labels: Labels,
) -> None:  # fmt: skip
    """Add the ballots of a table whose choices stand in ``columns``, from ``first_row`` on."""
    for number, row in rows:
        if number >= first_row:
            where = f"{file}: line {number}"
            cells = [row[i] if i < len(row) else "" for i in columns]
            contest.add([contest.cell(cell, labels, where) for cell in cells])


def read_rank_cells(
    rows: Iterable[Row], contest: CastContest, first_row: int, first: int, file: str,
    labels: Labels,
) -> None:  # fmt: skip
    """Add the ballots of a table with a column for each candidate, from column ``first`` on, and
    ranks in the cells.

    Raises:
        InputError: naming the line.
    """
    marks: list[tuple[int, ...]] | None = None
    for number, row in rows:
        where = f"{file}: line {number}"
        if marks is None:
            marks = [contest.cell(name, labels, where) for name in row[first:]]
            continue
        if number < first_row:
            continue
        pairs = []
        for mark, text in zip(marks, row[first:], strict=False):
            text = text.strip()
            if not text:
                continue
            if not (text.isdecimal() and text.isascii() and len(text) < 7):
                raise InputError(f"{where}: the rank is {quoted(text)}; give a whole number.")
            pairs += [(int(text), m) for m in mark]
        contest.add_pairs(pairs, where)


def candidate_names(head: Sequence[Row]) -> tuple[int, int] | None:
    """The columns of codes and of names in a table that lists candidates; None in another one.

    New York City publishes its candidates so (``CandidacyID``, ``DefaultBallotName``).
    """
    if not head:
        return None
    words = [re.sub(r"[^a-z]", "", cell.lower()) for cell in head[0][1]]
    codes = [i for i, w in enumerate(words) if w in ("candidacyid", "candidateid", "candidatecode")]
    names = [
        i for i, w in enumerate(words) if w in ("defaultballotname", "candidatename", "ballotname")
    ]
    return (codes[0], names[0]) if codes and names else None
