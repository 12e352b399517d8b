"""Tables with one row a person: scores, ranks or votes by column, or choices in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scrl.data.layouts import VALUES, Layout
from scrl.data.long_format import cleaned, ignored_note, numbers, weights
from scrl.data.rank_checks import check_ranks
from scrl.data.rows import Rows
from scrl.data.short_names import short_names
from scrl.data.table import (
    MAX_ROWS,
    Coder,
    Column,
    Table,
    check_counts,
    constant_column,
    rows_left_out,
    without_missing,
)
from scrl.data.times import column_times
from scrl.types import InputError

#: Cells of a cast-vote record that name nobody.
_NOBODY = {
    "", "skipped", "undervote", "overvote", "blank", "exhausted", "none", "no choice", "writein",
    "write-in", "n/a",
}  # fmt: skip


def read_wide(rows: Rows, layout: Layout, name: str) -> Table:
    """The rows of a table, one for each filled cell of a completion's column.

    Args:
        name: of the prompt.

    Raises:
        InputError: naming the file and the line.
    """
    about, items, people = _read_columns(rows, layout)
    cells = [items[item] for item in layout.items]
    filled = np.stack([_filled(column, layout) for column in cells], axis=1)
    person, place = np.nonzero(filled)
    if not len(person):
        raise InputError(f"{rows.file}: no cell of the completions is filled.")
    completion, value = _entries(rows, layout, cells, people)
    line_of = rows.line_of
    names, texts = short_names(_select(completion, person, place))
    table = Table(
        rows.file, lambda row: line_of(int(person[row])),
        _raters(rows, about, layout, person, people),
        constant_column(name, len(person)), names, None, value[person, place], unit=rows.unit,
        texts={} if texts is None else {"completion_text": texts}, lenient=True,
    )  # fmt: skip
    if "rater_group" in layout.columns:
        table.texts["rater_group"] = _rows_of(about[layout.columns["rater_group"]], person)
    if "weight" in layout.columns:
        weight = _rows_of(about[layout.columns["weight"]], person)
        table.weight = weights(table, weight, layout.columns["weight"], rows.decimal_comma)
    if "time" in layout.columns:
        table.time = column_times(table, _rows_of(about[layout.columns["time"]], person), "time")
    if len(np.unique(table.rater.codes)) < len(np.unique(person)):
        table.ballot = person  # a person with several rows
    if layout.kind != "choices" and layout.values == "rank":
        check_ranks(table)
    table.notes += [layout.note] if layout.note else []
    table.notes += ignored_note(rows.header, {*layout.columns.values(), *layout.items})
    table.notes += rows_left_out(people - len(np.unique(person)), "no completion is filled")
    return table


def _read_columns(rows: Rows, layout: Layout) -> tuple[dict[str, Column], dict[str, Column], int]:
    """Columns about the person, columns of completions, and the number of rows."""
    wanted = {*layout.columns.values(), *layout.items}
    at: dict[str, int] = {}
    for i, name in enumerate(rows.header):
        if name in wanted:
            at.setdefault(name, i)
    coders = {name: Coder() for name in at}
    chunks: dict[str, list[np.ndarray]] = {name: [] for name in at}
    count = 0
    for chunk in rows.chunks:
        size = len(chunk[0])
        for name, i in at.items():
            chunks[name].append(coders[name].codes(rows.texts(chunk[i], count, name), size))
        count += size
        if count * len(layout.items) > 10 * MAX_ROWS:
            raise InputError(f"{rows.file}: there are more cells than {10 * MAX_ROWS:,}.")
    if not count:
        raise InputError(f"{rows.file}: there is a header but no row; give at least one rating.")
    columns = {n: cleaned(rows, Column(np.concatenate(chunks[n]), list(coders[n])), n) for n in at}
    own = {name: columns[name] for name in layout.columns.values()}
    return own, {name: without_missing(columns[name]) for name in layout.items}, count


def _filled(column: Column, layout: Layout) -> np.ndarray:
    """Whether each cell says something ``[rows]``."""
    empty = _NOBODY if layout.kind == "choices" else {""}
    given = [text.casefold() not in empty for text in column.values]
    return np.array(given, bool)[column.codes]


def _entries(
    rows: Rows, layout: Layout, cells: Sequence[Column], people: int
) -> tuple[Any, np.ndarray]:
    """The completion of each cell, and its value ``[people, items]``, lower being better."""
    if layout.kind == "choices":
        coder = Coder()
        codes = [coder.codes(column.values, len(column.values))[column.codes] for column in cells]
        rank = np.broadcast_to(np.arange(1.0, len(cells) + 1), (people, len(cells)))
        return Column(np.stack(codes, axis=1), list(coder)), rank
    table = Table(
        rows.file, rows.line_of, constant_column("", people), constant_column("", people),
        constant_column("", people), None, np.zeros(people), unit=rows.unit,
    )  # fmt: skip
    values = [
        numbers(table, column, item, blank=True, words=True, comma=rows.decimal_comma)
        for item, column in zip(layout.items, cells, strict=True)
    ]
    numbered = np.broadcast_to(np.arange(len(cells)), (people, len(cells)))
    return Column(numbered, list(layout.items)), VALUES[layout.values] * np.stack(values, axis=1)


def _select(completion: Column, person: np.ndarray, place: np.ndarray) -> Column:
    return Column(completion.codes[person, place].astype(np.int32), completion.values).select(
        np.arange(len(person))
    )


def _raters(
    rows: Rows, about: dict[str, Column], layout: Layout, person: np.ndarray, people: int
) -> Column:
    """The person of each entry; a row without a name is a person of its own."""
    if "rater" in layout.columns:
        named = _rows_of(about[layout.columns["rater"]], person)
        if named.given().all():
            check_counts(rows.file, 0, len(named.values), 0, rows.most_raters)
            return named
    found = np.unique(person)
    check_counts(rows.file, 0, len(found), 0, rows.most_raters)
    number = np.zeros(people, np.int32)
    number[found] = np.arange(len(found))
    return Column(number[person], [f"row {i + 1}" for i in found.tolist()])


def _rows_of(column: Column, person: np.ndarray) -> Column:
    return column.select(person)
