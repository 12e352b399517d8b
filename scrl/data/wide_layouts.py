"""Tables with one row a person: which columns are completions, and what their cells say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from scrl.data.files import quoted
from scrl.data.layouts import (
    VALUES,
    Layout,
    alias,
    column_named,
    columns_by_name,
    fail_missing,
    shown_header,
    stated_roles,
)
from scrl.data.table import is_missing
from scrl.types import InputError

_ORDINAL = r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth)"
_CHOICE = re.compile(
    rf"(?:{_ORDINAL}[ _-]?(?:choice|rank|preference)?|(?:choice|rank|preference)[ _-]?\d+)"
)
#: Columns that tell of a person or a row, and are no completions.
_ABOUT_PEOPLE = {
    "age", "year", "birth year", "gender", "sex", "timestamp", "time", "date", "datetime", "email",
    "duration", "zip", "zipcode", "postcode", "income", "education", "comment", "comments", "index",
    "id", "row", "unnamed: 0", "country", "region", "city", "language", "email address",
}  # fmt: skip
_COUNTS = ("count", "votes", "number of ballots", "num votes", "ballots")
#: Columns of tables with a rating a row: a number of something, or a name or value of one rating.
_ID = re.compile(r"(?:^|[ _-])(?i:ids?)$|(?<=[a-z])(?:Id|ID)s?$")
_SINGLE_RATING = {
    "item", "movie", "film", "product", "song", "book", "task", "rating", "ratings", "score",
    "grade", "stars", "mark", "points", "value", "rank", "label", "vote", "model",
}  # fmt: skip


def wide_layout(
    header: Sequence[str], sample: Mapping[str, Sequence[str]],
    stated: Mapping[str, object] | None, file: str,
) -> Layout:  # fmt: skip
    """The layout of a table with one row a person.

    Args:
        sample: header name -> cells of the first rows.

    Raises:
        InputError: where it is none that can be read.
    """
    stated, names = stated or {}, columns_by_name(header)
    own = stated_roles(stated, header, names, file)
    columns = {r: c for r, c in own.items() if r in ("rater", "rater_group", "weight", "time")}
    if "items" in own or "values" in own:
        return _stated_wide(header, sample, stated, columns, names, file)
    if "participant" in names and any(name.isdecimal() for name in header):
        columns = {"rater": names["participant"], **columns}
        if "group-id" in names:
            columns.setdefault("rater_group", names["group-id"])
        items = tuple(name for name in header if name.isdecimal())
        note = "Read as a table of Polis: a row a participant, a column a comment."
        return Layout("wide", columns, items, "score", note=note)
    choices = [name for name in header if _CHOICE.fullmatch(name.casefold().strip())]
    if len(choices) > 1:
        columns = {**_person(names), **columns}
        count = next((names[n] for n in _COUNTS if n in names), None)
        if count:
            columns.setdefault("weight", count)
        note = f"Read as a row a ballot, with {len(choices)} columns of choices, best first."
        return Layout("choices", columns, tuple(choices), note=note)
    columns = {**_person(names), **columns}
    used = set(columns.values())
    rest = [n for n in header if n and n not in used and n.casefold() not in _ABOUT_PEOPLE]
    people = [cell.strip() for cell in sample.get(columns.get("rater", ""), ())]
    # A table with several rows a person, or a column that is no number, says something else.
    is_wide = bool(people) and len(set(people)) == len(people) and len(rest) > 1
    if not is_wide or not all(_is_number_column(sample[name]) for name in rest):
        if is_wide:
            _check_numbers(rest, sample, file)
        fail_missing(header, file, [])
    _check_no_ids(rest, file)
    values = values_of_cells(rest, sample)
    if values is None:
        raise InputError(
            f"{file}: the cells of {shown_header(rest)} may be ranks or scores; say which with "
            "--values rank or --values score."
        )
    return Layout("wide", columns, tuple(rest), values, note=_wide_note(rest, values))


def _stated_wide(
    header: Sequence[str], sample: Mapping[str, Sequence[str]], stated: Mapping[str, object],
    columns: dict[str, str], names: Mapping[str, str], file: str,
) -> Layout:  # fmt: skip
    values = str(stated.get("values") or "score")
    if values not in (*VALUES, "choices"):
        raise InputError(
            f"{file}: values is {quoted(values)}; say whether the cells are score, rank, penalty "
            "or choices."
        )
    columns = {**_person(names), **columns}
    given = stated.get("items") or ()
    wanted = given.split(",") if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    items = [column_named(str(name), header, names, file) for name in wanted]
    if not items:
        used = set(columns.values())
        items = [n for n in header if n and n not in used]
        if values != "choices":
            items = [n for n in items if _is_number_column(sample[n])]
    if len(items) < 2:
        raise InputError(
            f"{file}: a table with one row a person needs two columns of completions; the columns "
            f"are {shown_header(header)}."
        )
    if values == "choices":
        return Layout("choices", columns, tuple(items))
    return Layout("wide", columns, tuple(items), values, note=_wide_note(items, values))


def _person(names: Mapping[str, str]) -> dict[str, str]:
    """The column that names the person of a row, and those of group and weight."""
    found = alias(names, "rater")
    if not found:
        usual = ("id", "person", "person_id", "name", "cast vote record", "ballot id", "ballotid")
        found = next(({"rater": names[n]} for n in usual if n in names), {})
    found |= alias(names, "rater_group")
    return found | ({"weight": names["weight"]} if "weight" in names else {})


def _is_number_column(cells: Sequence[str]) -> bool:
    """Whether every cell is a number or empty, and some is a number."""
    found = False
    for cell in cells:
        if not is_missing(cell.strip()):
            try:
                float(cell)
            except ValueError:
                return False
            found = True
    return found


def _check_numbers(items: Sequence[str], sample: Mapping[str, Sequence[str]], file: str) -> None:
    """Raise ``InputError`` for the word in a column of numbers, where one word is all that keeps
    the table from being one with a row a person."""
    odd = [name for name in items if not _is_number_column(sample[name])]
    for name in odd:
        words = [cell for cell in sample[name] if not _is_number_column([cell])
                 and not is_missing(cell.strip())]  # fmt: skip
        if words and len(odd) < len(items) and len(words) <= len(sample[name]) / 2:
            raise InputError(
                f"{file.removesuffix(': line 1')}: column {quoted(name)} has {quoted(words[0])} "
                "among its numbers; give a number, leave the cell empty, or name the columns that "
                "are completions (--items …)."
            )


def _check_no_ids(items: Sequence[str], file: str) -> None:
    """Raise ``InputError`` where columns seem to hold single ratings and no completions."""
    found = [n for n in items if _ID.search(n) or n.casefold() in _SINGLE_RATING]
    if found:
        raise InputError(
            f"{file}: {shown_header(found)} may tell of one rating a row, not of a person; "
            "name the columns (--rater … --completion … --score …), or name those that are "
            "completions (--items …)."
        )


def values_of_cells(items: Sequence[str], sample: Mapping[str, Sequence[str]]) -> str | None:
    """Whether cells are ``"rank"`` or ``"score"``; None where they may be both.

    Ranks are certain where every row numbers its completions 1, 2, 3 … and some row has three.
    Scores are certain where most rows cannot be rankings, or where the same few numbers recur.
    """
    rows = [
        sorted(float(cell) for cell in row if not is_missing(cell.strip()))
        for row in zip(*(sample[name] for name in items), strict=True)
    ]
    rows = [row for row in rows if row]
    longest = max(map(len, rows), default=0)
    strict = [row == [*range(1, len(row) + 1)] for row in rows]
    if all(strict):
        return "rank" if longest > 2 else None
    levels = {value for row in rows for value in row}
    if levels <= {-1.0, 0.0, 1.0} and levels != {1.0}:
        return "score"  # votes
    several = [row for row in rows if len(row) > 1]
    rankings = sum(_may_be_ranking(row, len(items), max(levels)) for row in several)
    few = 2 < max(levels) <= longest / 2 and min(levels) > 0
    return "score" if rankings <= len(several) / 2 or few else None


def _may_be_ranking(row: Sequence[float], items: int, most: float) -> bool:
    """Whether sorted numbers may be ranks, from 0 or 1, with ties or gaps.

    Args:
        items: number of the table's completions.
        most: the largest number in the table; ranks with gaps reach the number of completions.
    """
    if row[0] == 0:
        row, most = [value + 1 for value in row], most + 1
    dense = set(row) == set(range(1, len(set(row)) + 1))
    gaps = most == items and len(set(row)) == len(row) and row[0] >= 1
    # The rank of tied completions is the first, the mean or the last of their places.
    first = {v: i for i, v in reversed(list(enumerate(row, 1)))}
    count = Counter(row)
    placed = all(at <= v <= at + count[v] - 1 for v, at in first.items())
    return dense or placed or (gaps and not any(value % 1 for value in row))


def _wide_note(items: Sequence[str], values: str) -> str:
    better = {"score": "higher is better", "rank": "1 is best", "penalty": "lower is better"}
    shown = ", ".join(quoted(name)[1:-1] for name in items[:4]) + ", …" * (len(items) > 4)
    return (
        f"Read as a row a person and {len(items):,} completions in columns ({shown}); "
        f"{better[values]}."
    )
