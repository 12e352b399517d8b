"""Rankings from data frames, lists and arrays, as the rows of a Plackett–Luce fit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.choice_models.tables import (
    Table,
    as_clusters,
    as_labels,
    as_numbers,
    as_weights,
    is_missing,
    row_name,
    table_of,
)
from scrl.data.files import quoted
from scrl.types import InputError

#: Columns of the ranking, the item and its place that are read where none are named.
RANKING_COLUMNS = ("ranking", "ballot", "contest")
ITEM_COLUMNS = ("item", "completion", "candidate", "name")
PLACE_COLUMNS = ("rank", "place", "position")

#: A ranking: the items of each place, best first, each place sorted.
Places = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class RankingRows:
    """Rankings, a row each.

    Attributes:
        names: of the items ``[items]``.
        rankings: of each row, items as indices.
        weight: of each row ``[rows]``, above 0.
        cluster: index of the row's rater ``[rows]``, or ``None``.
    """

    names: tuple[Hashable, ...]
    rankings: tuple[Places, ...]
    weight: np.ndarray
    cluster: np.ndarray | None


def read_rankings(
    rankings: Any,
    *,
    ranking: str | None = None,
    item: str | None = None,
    rank: str | None = None,
    weight: str | Sequence[float] | None = None,
    rater: str | Sequence[Hashable] | None = None,
) -> RankingRows:
    """The rankings of ``rankings``; see ``scrl.fit_plackett_luce``."""
    if isinstance(rankings, Mapping) and any(isinstance(key, tuple) for key in rankings):
        weight = list(rankings.values())
        rankings = list(rankings)
    if isinstance(rankings, np.ndarray) and rankings.dtype.names is None:
        rankings = _rows_of_array(rankings)
    if isinstance(rankings, list | tuple) and not (rankings and isinstance(rankings[0], Mapping)):
        listed = [_places(row, i) for i, row in enumerate(rankings)]
        weights = _given(weight, len(listed), "weight")
        raters = _given(rater, len(listed), "rater")
        columns = {name: x for name, x in (("weight", weights), ("rater", raters)) if x is not None}
        table = Table(columns)
        heavy = as_weights(table, "weight" if "weight" in columns else None, len(listed))
        who = as_clusters(table, None if raters is None else "rater")
    else:
        if isinstance(weight, str | None) and isinstance(rater, str | None):
            listed, heavy, who = _long_table(table_of(rankings), ranking, item, rank, weight, rater)
        else:
            raise InputError("In a table, weight and rater are names of columns.")
    keep = [i for i, places in enumerate(listed) if sum(map(len, places)) > 1 and heavy[i] > 0]
    if not keep:
        raise InputError(
            "There is no ranking to fit: give at least one of two items, of positive weight."
        )
    names, _ = as_labels([name for i in keep for place in listed[i] for name in place])
    index = {name: i for i, name in enumerate(names)}
    rows = tuple(
        tuple(tuple(sorted(index[name] for name in place)) for place in listed[i]) for i in keep
    )
    return RankingRows(names, rows, heavy[keep], None if who is None else who[keep])


def _rows_of_array(rankings: np.ndarray) -> list[list[Any]]:
    """The rankings of an array ``[rankings, places]``, items that are -1 left out."""
    if rankings.ndim != 2:
        raise InputError("An array of rankings has a row for each ranking, the best item first.")
    return [
        [cell for cell in row if not (is_missing(cell) or cell == -1)] for row in rankings.tolist()
    ]


def _given(values: Any, rows: int, name: str) -> list[Any] | None:
    """Weights or raters of listed rankings, one for each."""
    if values is None:
        return None
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"Beside a list of rankings, {name} is a list with one entry for each.")
    values = list(values)
    if len(values) != rows:
        raise InputError(f"There are {len(values):,} entries of {name} for {rows:,} rankings.")
    return values


def _places(row: Any, index: int) -> tuple[tuple[Hashable, ...], ...]:
    """A ranking as places; an element that is a list or a set is a tie."""
    if isinstance(row, str) or not isinstance(row, Iterable):
        raise InputError(f"{row_name(index)} is no ranking: give a list of names, best first.")
    places = tuple(tuple(x) if isinstance(x, list | tuple | set | frozenset) else (x,) for x in row)
    named = [name for place in places for name in place]
    if any(map(is_missing, named)):
        raise InputError(f"{row_name(index)} ranks an item without a name.")
    if len(set(named)) < len(named):
        twice = next(name for i, name in enumerate(named) if name in named[:i])
        raise InputError(f"{row_name(index)} ranks {quoted(twice)} twice.")
    return tuple(place for place in places if place)


def _long_table(
    table: Table, ranking: str | None, item: str | None, rank: str | None,
    weight: str | None, rater: str | None,
) -> tuple[list[tuple[tuple[Hashable, ...], ...]], np.ndarray, np.ndarray | None]:  # fmt: skip
    """Rankings of a table with a row for each ranked item, their weights and their raters."""
    chosen = (
        _column(table, ranking, RANKING_COLUMNS, "ranking"),
        _column(table, item, ITEM_COLUMNS, "item"),
    )
    labels, of_ranking = as_labels(table.column(chosen[0]))
    items = table.column(chosen[1])
    rank = _column(table, rank, PLACE_COLUMNS, "rank")
    place = as_numbers(table, rank)
    heavy = as_weights(table, weight, len(items))
    who = as_clusters(table, rater)
    order = np.lexsort((place, of_ranking))
    listed, weights, raters = [], [], []
    for rows in np.split(order, np.flatnonzero(np.diff(of_ranking[order])) + 1):
        if not len(rows):
            continue
        groups = np.split(rows, np.flatnonzero(np.diff(place[rows])) + 1)
        listed.append(_places([[items[i] for i in group] for group in groups], int(rows[0])))
        if np.ptp(heavy[rows]) > 0 or (who is not None and np.ptp(who[rows]) > 0):
            raise InputError(
                f"The ranking {quoted(labels[of_ranking[rows[0]]])} has several weights or raters; "
                "a ranking has one."
            )
        weights.append(heavy[rows[0]])
        raters.append(0 if who is None else who[rows[0]])
    return listed, np.array(weights), None if who is None else np.array(raters)


def _column(table: Table, stated: str | None, usual: Sequence[str], what: str) -> str:
    """The stated column, or the first usual one that there is."""
    if stated is not None:
        return stated
    found = next((name for name in usual if name in table.names), None)
    if found is None:
        raise InputError(
            f"Rankings need a column {what}; name yours by this argument. There are: "
            f"{', '.join(map(quoted, table.names[:12]))}."
        )
    return found
