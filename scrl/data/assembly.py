"""Rows of ratings assembled to ``Ratings``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_NAME_LENGTH
from scrl.data.table import (
    Table,
    check_counts,
    check_rater_features,
    rows_left_out,
    single_completion_notes,
)
from scrl.types import Catalogue, Ratings


def _number_by_first_row(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys ``[rows]`` numbered by first appearance, and the first row of each number."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return number[inverse], first[order]


def _consistent_rows(
    table: Table,
    group: np.ndarray,
    groups: int,
    value: np.ndarray,
    given: np.ndarray,
    what: Callable[[int], str],
) -> np.ndarray:
    """The first row that gives each group its value ``[groups]``, -1 where none does.

    Args:
        group: of each row ``[rows]``; value: ``[rows, …]``; given: whether it is ``[rows]``.
        what: names the value of a row in a message.

    Raises:
        InputError: where rows of a group have different values.
    """
    rows = np.flatnonzero(given)
    first = np.full(groups, -1)
    first[group[rows][::-1]] = rows[::-1]
    differs = value[rows] != value[first[group[rows]]]
    bad = rows[differs if differs.ndim == 1 else differs.any(1)]
    if len(bad):
        row = int(bad[0])
        earlier = table.line_of(int(first[group[row]]))
        table.fail(f"{what(row)} differs from {table.unit} {earlier}; make them agree.", row)
    return first


def ratings_from_table(t: Table, absent: str, name: str) -> Ratings:
    """Rows in any order as ``Ratings``.

    Args:
        absent, name: of the ratings.

    Raises:
        InputError: where rows contradict each other.
    """
    _check_name_lengths(t)
    t, ballot, first_row = _ranked_once(t)
    weight = np.ones(len(first_row))
    if t.weight is not None:
        weight = t.weight[
            _consistent_rows(
                t, ballot, len(first_row), t.weight, np.ones(len(t.value), bool),
                lambda row: f"the weight of rater {t.rater.name(row)}'s ballot for "
                f"{t.prompt.name(row)}",
            )
        ]  # fmt: skip
    rater_type, types = _rater_types(t)
    catalogue, completion = catalogue_of_table(t)
    order = np.argsort(ballot, kind="stable")  # by ballot, in file order within it
    sizes = np.bincount(ballot)
    return Ratings(
        catalogue, tuple(t.rater.values), t.rater.codes[first_row], t.prompt.codes[first_row],
        weight, np.concatenate([[0], np.cumsum(sizes)]), completion[order],
        dense_ranks(t.value, ballot)[order], absent, rater_type, types,
        (*t.notes, *single_completion_notes(sizes, absent)), name, _rater_features(t),
        t.individuals, _ballot_times(t, ballot, len(first_row)),
    )  # fmt: skip


def _check_name_lengths(t: Table) -> None:
    """Raise ``InputError`` for a name of a rater or a group that is longer than the limit."""
    for what, column in (("rater", t.rater), ("rater_group", t.texts.get("rater_group"))):
        for code, text in enumerate(column.values if column is not None else ()):
            if column is not None and len(text) > MAX_NAME_LENGTH:
                row = int(np.flatnonzero(column.codes == code)[0])
                t.fail(
                    f"{what} is {quoted(text)}, which is longer than the limit of "
                    f"{MAX_NAME_LENGTH:,} characters.", row,
                )  # fmt: skip


def _ballot_times(t: Table, ballot: np.ndarray, ballots: int) -> np.ndarray | None:
    """The latest time of each ballot's rows ``[ballots]``, NaN where unknown; None where all are.

    A ballot whose completions were rated one after the other is complete at the last of them.
    """
    if t.time is None or np.isnan(t.time).all():
        return None
    found = np.full(ballots, np.nan)
    np.fmax.at(found, ballot, t.time)
    return found


def _ballots(t: Table) -> tuple[np.ndarray, np.ndarray]:
    """The ballot of each row ``[rows]``, and the first row of each ballot ``[ballots]``. Ballots
    are in the order of their raters, those of a rater by first appearance."""
    key = t.rater.codes.astype(np.int64) * len(t.prompt.values) + t.prompt.codes
    if t.ballot is not None:
        key = _number_by_first_row(key)[0] * (int(t.ballot.max()) + 1) + t.ballot
    ballot, first_row = _number_by_first_row(key)
    by_rater = np.argsort(t.rater.codes[first_row], kind="stable")
    place = np.empty_like(by_rater)
    place[by_rater] = np.arange(len(by_rater))
    return place[ballot], first_row[by_rater]


def _ranked_once(t: Table) -> tuple[Table, np.ndarray, np.ndarray]:
    """The table without rows that repeat another one, and the result of ``_ballots``.

    Raises:
        InputError: where a ballot ranks a completion in two places, unless the table is lenient.
    """
    ballot, first_row = _ballots(t)
    key = ballot.astype(np.int64) * len(t.completion.values) + t.completion.codes
    number, first = _number_by_first_row(key)
    if len(first) == len(t.value):
        return t, ballot, first_row
    earlier = first[number]
    again = earlier < np.arange(len(t.value))
    same = t.value == t.value[earlier]
    if t.weight is not None:
        same &= t.weight == t.weight[earlier]
    bad = np.flatnonzero(again & ~same)
    if len(bad) and not t.lenient:
        row = int(bad[0])
        t.fail(
            f"rater {t.rater.name(row)} already ranked {t.completion.name(row)} on this ballot for "
            f"{t.prompt.name(row)} in {t.unit} {t.line_of(int(earlier[row]))}; remove one.", row,
        )  # fmt: skip
    notes = [
        *rows_left_out(int((again & same).sum()), "the same rating stands before"),
        *rows_left_out(len(bad), "the completion stands before on the same ballot"),
    ]
    t = t.select(~again)
    t.notes = [*t.notes, *notes]
    return t, *_ballots(t)


def _rater_types(t: Table) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The type of each rater ``[raters]``, -1 where unknown (None where all are), and the types."""
    group, groups = _consistent_texts(
        t, "rater_group", t.rater.codes, len(t.rater.values),
        lambda row: f"rater_group of rater {t.rater.name(row)}",
    )  # fmt: skip
    known = group >= 0
    if not known.any():
        return None, ()
    numbers, firsts = _number_by_first_row(group[known])
    rater_type = np.full(len(group), -1)
    rater_type[known] = numbers
    return rater_type, tuple(groups[g] for g in group[known][firsts])


def _rater_features(t: Table) -> np.ndarray | None:
    """Features of each rater ``[raters, features]``, NaN where no row states them; None without
    features."""
    if not t.rater_features:
        return None
    check_rater_features(t.file, len(t.rater_features))
    found = np.full((len(t.rater.values), len(t.rater_features)), np.nan, np.float32)
    for j, (name, (rows, stated)) in enumerate(t.rater_features.items()):
        value, given = np.zeros(len(t.value)), np.zeros(len(t.value), bool)
        value[rows], given[rows] = stated, True
        which = _consistent_rows(
            t, t.rater.codes, len(found), value, given, partial(_feature_of_rater, t, name)
        )
        found[:, j] = np.where(which >= 0, value[which], np.nan)
    return found


def _feature_of_rater(t: Table, name: str, row: int) -> str:
    """Names a feature of a row's rater in a message."""
    return f"{quoted(name)[1:-1]} of rater {t.rater.name(row)}"


def _consistent_texts(
    t: Table, column: str, group: np.ndarray, groups: int, what: Callable[[int], str]
) -> tuple[np.ndarray, list[str]]:
    """The text of each group in a column of texts: its number ``[groups]``, -1 for none, and the
    texts."""
    if column not in t.texts:
        return np.full(groups, -1), []
    codes, values = t.texts[column]
    given = np.array([text != "" for text in values])[codes]
    rows = _consistent_rows(t, group, groups, codes, given, what)
    return np.where(rows >= 0, codes[rows], -1), values


def dense_ranks(value: np.ndarray, ballot: np.ndarray) -> np.ndarray:
    """Ranks 0, 1, 2 … by rising value within each ballot, equal values tied ``[rows]``."""
    by_value = np.lexsort((value, ballot))
    ballots, values = ballot[by_value], value[by_value]
    starts = np.concatenate([[True], ballots[1:] != ballots[:-1]])
    steps = np.concatenate([[0], np.cumsum((values[1:] != values[:-1]) & ~starts[1:])])
    rank = np.empty(len(value), np.int64)
    rank[by_value] = steps - steps[starts][ballots]
    return rank


def catalogue_of_table(t: Table) -> tuple[Catalogue, np.ndarray]:
    """The catalogue, and the completion of each row ``[rows]``."""
    n_prompts, n_names = len(t.prompt.values), len(t.completion.values)
    prompt_text, prompt_values = _consistent_texts(
        t, "prompt_text", t.prompt.codes, n_prompts,
        lambda row: f"prompt_text of {t.prompt.name(row)}",
    )  # fmt: skip
    # A pair is a name under a prompt, and has one text. A name whose pairs have several texts is a
    # different completion under each prompt.
    pair, pair_row = _number_by_first_row(
        t.prompt.codes.astype(np.int64) * n_names + t.completion.codes
    )
    pair_name, pair_prompt = t.completion.codes[pair_row], t.prompt.codes[pair_row]
    pair_text, text_values = _consistent_texts(
        t, "completion_text", pair, len(pair_row),
        lambda row: f"completion_text of {t.completion.name(row)} for {t.prompt.name(row)}",
    )  # fmt: skip
    known = pair_text >= 0
    texts_of_name = np.unique(np.stack([pair_name[known], pair_text[known]]), axis=1)[0]
    split = np.bincount(texts_of_name, minlength=n_names) > 1
    key = np.where(split[pair_name], n_names + np.arange(len(pair_row)), pair_name)
    entry, entry_pair = _number_by_first_row(key)
    check_counts(t.file, 0, 0, int(np.bincount(pair_prompt).max()))
    text = np.full(len(entry_pair), -1)
    text[entry[known]] = pair_text[known]
    names = [t.completion.values[n] for n in pair_name[entry_pair]]

    features = {}
    for prefix, group, groups, name in (
        ("prompt_feature_", t.prompt.codes, n_prompts, t.prompt.name),
        ("feature_", entry[pair], len(entry_pair), t.completion.name),
    ):
        if prefix in t.features:
            values = t.features[prefix]
            which = _consistent_rows(
                t, group, groups, values, np.ones(len(values), bool),
                partial(_feature_columns, prefix, name),
            )  # fmt: skip
            features[prefix] = values[which]

    items = np.lexsort((entry, pair_prompt))
    catalogue = Catalogue(
        tuple(t.prompt.values),
        tuple(names),
        entry[items],
        np.concatenate([[0], np.cumsum(np.bincount(pair_prompt))]),
        tuple(
            prompt_values[c] if c >= 0 else n.strip()
            for c, n in zip(prompt_text, t.prompt.values, strict=True)
        ),
        tuple(text_values[c] if c >= 0 else n.strip() for c, n in zip(text, names, strict=True)),
        features.get("prompt_feature_"),
        features.get("feature_"),
    )
    return catalogue, entry[pair]


def _feature_columns(prefix: str, name: Callable[[int], str], row: int) -> str:
    """Names the features of a row in a message."""
    return f"a {prefix}… column of {name(row)}"
