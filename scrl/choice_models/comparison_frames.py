"""Comparisons of pairs from data frames, lists and arrays, as the rows of a fit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scrl.choice_models.tables import (
    Table,
    as_clusters,
    as_labels,
    as_number,
    as_numbers,
    as_weights,
    is_missing,
    row_name,
    table_of,
)
from scrl.data.files import quoted
from scrl.types import InputError

#: Results of a comparison: the first item won, the second won, neither.
FIRST, SECOND, TIE = 0, 1, 2
#: What a column of winners may say instead of a name, in lower case.
LABELS = {
    **dict.fromkeys(("model_a", "a", "first", "left", "model_1"), FIRST),
    **dict.fromkeys(("model_b", "b", "second", "right", "model_2"), SECOND),
    **dict.fromkeys(("tie", "tied", "draw", "both", "equal", "neither"), TIE),
    **dict.fromkeys(("tie (bothbad)", "both_bad", "bothbad", "both bad", "tie (both bad)"), TIE),
}
SAY = "say the winner's name, model_a, model_b or tie, or the first item's score 1, 0.5 or 0"
#: Columns that are read where none are named: of the preferred and the other item, of both items.
WINNER_LOSER = (("winner", "loser"), ("chosen", "rejected"), ("preferred", "other"))
BOTH_ITEMS = (("model_a", "model_b"), ("item_a", "item_b"), ("first", "second"), ("a", "b"))


@dataclass(frozen=True, eq=False)
class PairRows:
    """Compared pairs, a row each.

    Attributes:
        names: of the items ``[items]``.
        first, second: indices of the compared items ``[rows]``.
        result: ``FIRST``, ``SECOND`` or ``TIE`` ``[rows]``.
        weight: of each row ``[rows]``, above 0.
        cluster: index of the row's rater ``[rows]``, or ``None``.
        features: values that may favour the first item ``[rows, features]``.
        feature_names: ``[features]``.
        has_sides: whether first and second stand for how the pair was shown.
    """

    names: tuple[Hashable, ...]
    first: np.ndarray
    second: np.ndarray
    result: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray | None
    features: np.ndarray
    feature_names: tuple[str, ...]
    has_sides: bool

    def select(self, rows: np.ndarray) -> PairRows:
        """The rows where ``rows [rows]`` is true, and the items that they compare."""
        used = np.union1d(self.first[rows], self.second[rows])
        place = np.searchsorted(used, np.arange(len(self.names)))
        return replace(
            self,
            names=tuple(self.names[i] for i in used),
            first=place[self.first[rows]],
            second=place[self.second[rows]],
            result=self.result[rows],
            weight=self.weight[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            features=self.features[rows],
        )


def read_pairs(
    comparisons: Any,
    *,
    winner: str | None = None,
    loser: str | None = None,
    model_a: str | None = None,
    model_b: str | None = None,
    weight: str | None = None,
    rater: str | None = None,
    features: Sequence[str | tuple[str, str]] = (),
) -> PairRows:
    """The compared pairs of ``comparisons``; see ``scrl.fit_bradley_terry``."""
    table = _pairs_as_table(comparisons)
    both = _columns_of_items(table, winner, loser, model_a, model_b)
    first, second = (table.column(name) for name in both.items)
    for column, name in zip((first, second), both.items, strict=True):
        empty = next((i for i, cell in enumerate(column) if is_missing(cell)), None)
        if empty is not None:
            raise InputError(f"{row_name(empty)} has no name in the column {quoted(name)}.")
    if both.result is None:
        result = np.zeros(len(first), np.int64)
    else:
        result = _results(table.column(both.result), first, second, both)
    names, index = as_labels([*first, *second])
    i, j = index[: len(first)], index[len(first) :]
    if (i == j).any():
        row = int(np.argmax(i == j))
        raise InputError(
            f"{row_name(row)} compares {quoted(names[i[row]])} with itself; a comparison names two."
        )
    weight = both.weight if weight is None else weight
    cluster = as_clusters(table, rater)
    read = PairRows(
        names, i, j, result, as_weights(table, weight, len(i)), cluster,
        *_features(table, features, len(i)), has_sides=both.result is not None,
    )  # fmt: skip
    if not (read.weight > 0).any():
        raise InputError("There is no comparison to fit: give at least one, of positive weight.")
    return read.select(read.weight > 0)


@dataclass(frozen=True)
class _Layout:
    """Columns of both items, of the result (the first item wins where it is ``None``), and of
    counts."""

    items: tuple[str, str]
    result: str | None
    weight: str | None = None


def _pairs_as_table(comparisons: Any) -> Table:
    """Any accepted form of comparisons as columns."""
    if isinstance(comparisons, Mapping) and any(isinstance(key, tuple) for key in comparisons):
        if not all(isinstance(key, tuple) and len(key) == 2 for key in comparisons):
            raise InputError("A dict of counts has pairs as keys: (winner, loser): count.")
        winners, losers = zip(*comparisons, strict=True)
        return Table({"winner": winners, "loser": losers, "weight": list(comparisons.values())})
    if isinstance(comparisons, np.ndarray) and comparisons.dtype.names is None:
        if comparisons.ndim != 2 or comparisons.shape[1] != 2:
            raise InputError(
                "An array of comparisons has two columns, the preferred item first; for a matrix "
                "of wins use scrl.choice_models.fit_bradley_terry."
            )
        return Table({"winner": comparisons[:, 0].tolist(), "loser": comparisons[:, 1].tolist()})
    if isinstance(comparisons, Iterable) and not isinstance(comparisons, Mapping | str | bytes):
        rows = comparisons if isinstance(comparisons, list | tuple) else None
        if rows is None and not hasattr(comparisons, "columns"):
            rows = list(comparisons)
        if rows is not None and not (rows and isinstance(rows[0], Mapping)):
            return _tuples_as_table(rows)
    return table_of(comparisons)


def _tuples_as_table(rows: Sequence[Any]) -> Table:
    """Tuples ``(winner, loser)`` or ``(a, b, result)`` as columns."""
    for i, row in enumerate(rows):
        if not isinstance(row, tuple | list) or len(row) not in (2, 3) or len(row) != len(rows[0]):
            raise InputError(
                f"{row_name(i)} is not a comparison: give (winner, loser) or (a, b, result), "
                "every row alike."
            )
    names = (
        ("winner", "loser") if not rows or len(rows[0]) == 2 else ("model_a", "model_b", "winner")
    )
    columns = list(zip(*rows, strict=True)) if rows else [()] * 2
    return Table(dict(zip(names, columns, strict=True)))


def _columns_of_items(
    table: Table, winner: str | None, loser: str | None, model_a: str | None, model_b: str | None
) -> _Layout:
    """Which columns hold the items and the result."""
    if (model_a is None) != (model_b is None):
        raise InputError("Name both columns of items, model_a and model_b.")
    counted = "weight" if table.has_counts else None
    if model_a is not None and model_b is not None:
        if loser is not None:
            raise InputError("Give either loser, or model_a and model_b.")
        return _Layout((model_a, model_b), winner or "winner", counted)
    if loser is not None:
        return _Layout((winner or "winner", loser), None, counted)
    for a, b in BOTH_ITEMS:
        if {a, b, winner or "winner"} <= set(table.names):
            return _Layout((a, b), winner or "winner", counted)
    for a, b in WINNER_LOSER:
        if {winner or a, b} <= set(table.names):
            return _Layout((winner or a, b), None, counted)
    raise InputError(
        "Comparisons need the columns winner and loser, or model_a, model_b and winner; name "
        f"yours by these arguments. There are: {', '.join(map(quoted, table.names[:12]))}."
    )


def _results(
    column: Sequence[Any], first: Sequence[Any], second: Sequence[Any], layout: _Layout
) -> np.ndarray:
    """The result of each row ``[rows]``: from names of items, labels, or the first item's score."""
    labels = {**LABELS, layout.items[0].lower(): FIRST, layout.items[1].lower(): SECOND}
    by_name, by_label = np.full((2, len(column)), -1)
    for i, (cell, a, b) in enumerate(zip(column, first, second, strict=True)):
        if is_missing(cell):
            raise InputError(f"{row_name(i)} has no result; {SAY}.")
        text = isinstance(cell, str)
        label = labels.get(cell.strip().lower()) if text else None
        if label is None:
            label = {1.0: FIRST, 0.5: TIE, 0.0: SECOND}.get(as_number(cell))
        named = FIRST if cell == a else SECOND if cell == b else TIE if label == TIE else None
        by_name[i], by_label[i] = (-1 if x is None else x for x in (named, label))
    unread = (by_name < 0) & (by_label < 0)
    if unread.any():
        row = int(np.argmax(unread))
        raise InputError(f"{row_name(row)} has the result {quoted(column[row])}; {SAY}.")
    unlike = (by_name >= 0) & (by_label >= 0) & (by_name != by_label)
    # Items may be called a and b, or 1 and 0: then all rows must say names, or all of them sides.
    if unlike.any() and (by_name < 0).any() == (by_label < 0).any():
        row = int(np.argmax(unlike))
        raise InputError(
            f"{row_name(row)} says {quoted(column[row])}, which is the name of an item and also a "
            "word for a side; rename the item."
        )
    prefer, other = (by_name, by_label) if not (by_name < 0).any() else (by_label, by_name)
    return np.where(prefer >= 0, prefer, other)


def _features(
    table: Table, features: Sequence[str | tuple[str, str]], rows: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Features ``[rows, features]`` and their names; a pair of columns is their difference."""
    if isinstance(features, str):
        features = [features]
    columns, names = [], []
    for feature in features:
        if isinstance(feature, str):
            columns.append(as_numbers(table, feature))
            names.append(feature)
        else:
            a, b = feature
            columns.append(as_numbers(table, a) - as_numbers(table, b))
            names.append(f"{a} - {b}")
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0)), tuple(names)
