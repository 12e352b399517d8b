"""Tables with one row a person: which columns are completions, and what their cells say."""

from __future__ import annotations

import re
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
    columns = {r: c for r, c in own.items() if r in ("rater", "rater_group", "weight")}
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
        fail_missing(header, file, [])
    values = "rank" if _are_orders(rest, sample) else "score"
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
        if cell.strip():
            try:
                float(cell)
            except ValueError:
                return False
            found = True
    return found


def _are_orders(items: Sequence[str], sample: Mapping[str, Sequence[str]]) -> bool:
    """Whether every row of the sample numbers its completions 1, 2, 3 …"""
    rows = [
        [float(cell) for cell in row if cell.strip()]
        for row in zip(*(sample[name] for name in items), strict=True)
    ]
    rows = [row for row in rows if row]
    return bool(rows) and all(sorted(row) == [*range(1, len(row) + 1)] for row in rows)


def _wide_note(items: Sequence[str], values: str) -> str:
    better = {"score": "higher is better", "rank": "1 is best", "penalty": "lower is better"}
    shown = ", ".join(quoted(name)[1:-1] for name in items[:4]) + ", …" * (len(items) > 4)
    return (
        f"Read as a row a person and {len(items):,} completions in columns ({shown}); "
        f"{better[values]}."
    )
