"""Columns of data frames, of dicts of arrays and of lists of records, for the fits of this
package."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.frames import open_frame
from scrl.types import InputError


class Table:
    """Named columns.

    Attributes:
        names: of the columns.
        has_counts: whether the column ``weight`` comes from a dict of counts.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]] | Any) -> None:
        self._columns = columns
        self.names: list[str] = [str(name) for name in getattr(columns, "columns", columns)]
        self.has_counts = "weight" in self.names and isinstance(columns, dict)

    def column(self, name: str) -> list[Any]:
        """The cells of a column.

        Raises:
            InputError: if there is none of this name.
        """
        if name not in self.names:
            raise InputError(
                f"There is no column {quoted(name)}. There are: "
                f"{', '.join(map(quoted, self.names[:12]))}."
            )
        column = self._columns[name]
        for method in ("to_list", "tolist"):
            if hasattr(column, method):
                return getattr(column, method)()
        return list(column)


def table_of(data: Any) -> Table:
    """The table of a data frame, a dict of columns, or a list of dicts.

    Raises:
        InputError: for anything else, and for columns of unequal length.
    """
    if isinstance(data, Mapping):
        columns = {str(name): column for name, column in data.items()}
        for name, column in columns.items():
            if isinstance(column, str | bytes) or not hasattr(column, "__len__"):
                raise InputError(f"The column {quoted(name)} is no list or array.")
        if len({len(column) for column in columns.values()}) > 1:
            raise InputError("The columns are of unequal length; give a cell for each row.")
        table = Table(columns)
        table.has_counts = False
        return table
    if isinstance(data, list | tuple) and data and isinstance(data[0], Mapping):
        names = list(dict.fromkeys(name for row in data for name in row))
        table = Table({str(name): [row.get(name) for row in data] for name in names})
        table.has_counts = False
        return table
    advice = "give one of pandas, polars or Arrow, a dict of columns, or a list"
    return Table(open_frame(data, advice)[0])


def row_name(index: int) -> str:
    """Rows are numbered from 1 in messages."""
    return f"Row {index + 1:,}"


def is_missing(cell: Any) -> bool:
    """Whether a cell is ``None``, NaN, or blank text."""
    if isinstance(cell, str):
        return not cell.strip()
    try:
        return cell is None or bool(cell != cell)
    except TypeError:  # pandas.NA
        return True
    except ValueError:  # an array
        return False


def as_labels(cells: Sequence[Any]) -> tuple[tuple[Hashable, ...], np.ndarray]:
    """The distinct cells, sorted if they can be, and the index of each cell among them."""
    try:
        distinct = list(dict.fromkeys(cells))
    except TypeError:
        raise InputError("A name is a text or a number; one here is a list or a dict.") from None
    try:
        names = sorted(distinct)
    except TypeError:
        names = sorted(distinct, key=str)
    place = {name: i for i, name in enumerate(names)}
    return tuple(names), np.fromiter(map(place.__getitem__, cells), np.int64, len(cells))


def as_clusters(table: Table, name: str | None) -> np.ndarray | None:
    """The index of each row's cluster, such as its rater ``[rows]``; ``None`` without a column."""
    if name is None:
        return None
    cells = table.column(name)
    empty = next((i for i, cell in enumerate(cells) if is_missing(cell)), None)
    if empty is not None:
        raise InputError(
            f"{row_name(empty)} has nothing in the column {quoted(name)}; name a rater in each row."
        )
    return as_labels(cells)[1]


def as_numbers(table: Table, name: str) -> np.ndarray:
    """A column of finite numbers ``[rows]``."""
    cells = table.column(name)
    try:
        numbers = np.asarray(cells, float)
    except (TypeError, ValueError):
        numbers = np.array([as_number(cell) for cell in cells])
    if not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers)))
        raise InputError(
            f"{row_name(row)} has {quoted(cells[row])} in the column {quoted(name)}; give a number."
        )
    return numbers


def as_number(cell: Any) -> float:
    """A cell as a number, NaN if it is none."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def as_weights(table: Table, name: str | None, rows: int) -> np.ndarray:
    """The weight of each row ``[rows]``, 1 without a column."""
    if name is None:
        return np.ones(rows)
    weight = as_numbers(table, name)
    if (weight < 0).any():
        row = int(np.argmax(weight < 0))
        raise InputError(f"{row_name(row)} has the weight {weight[row]:g}; weights are 0 or above.")
    return weight
