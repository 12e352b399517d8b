"""Rows of ratings of any tabular format, assembled to ``Ratings``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, NoReturn

import numpy as np

from scrl.data.files import quoted
from scrl.types import Catalogue, InputError, Ratings

MAX_ROWS = 5_000_000
MAX_BYTES = 200_000_000
MAX_RATERS = 100_000
MAX_COMPLETIONS = 10_000
MAX_RATER_FEATURES = 200


class Coder(dict[str, int]):
    """Numbers strings by first appearance."""

    def __missing__(self, key: str) -> int:
        self[key] = code = len(self)
        return code

    def codes(self, values: Iterable[str], size: int) -> np.ndarray:
        """The numbers of ``size`` values."""
        return np.fromiter(map(self.__getitem__, values), np.int32, size)


class Column(NamedTuple):
    """A column of texts: codes ``[rows]`` into distinct values."""

    codes: np.ndarray
    values: list[str]

    def name(self, row: int) -> str:
        """The text of a row, quoted for a message."""
        return quoted(self.values[self.codes[row]])


#: Largest weight of a ballot: beyond it sums lose the small weights to rounding.
MAX_WEIGHT = 1e12
#: Largest feature, so that it is a float32.
MAX_FEATURE = 1e38


@dataclass
class Table:
    """Rows of a ratings file, one for each completion on a ballot.

    Attributes:
        file: what to call the file in messages; ``line_of`` gives a row's line in it.
        ballot: label of the ballot within rater and prompt ``[rows]``; None for one ballot each.
        value: lower is better ``[rows]``.
        weight: of the row's ballot ``[rows]``; None for 1.
        texts: column -> its texts, where an empty text is none.
        features: column prefix -> ``[rows, features]``.
        rater_features: name -> the rows that state this feature of their rater, and its values.
    """

    file: str
    line_of: Callable[[int], int]
    rater: Column
    prompt: Column
    completion: Column
    ballot: np.ndarray | None
    value: np.ndarray
    weight: np.ndarray | None = None
    texts: dict[str, Column] = field(default_factory=dict)
    features: dict[str, np.ndarray] = field(default_factory=dict)
    rater_features: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def fail(self, problem: str, row: int) -> NoReturn:
        """Raise an ``InputError`` that names the line of ``row``."""
        raise InputError(f"{self.file}: line {self.line_of(row)}: {problem}")


def check_counts(file: str, rows: int, raters: int, completions: int) -> None:
    """Raise ``InputError`` where a count is above its limit."""
    for number, limit, what in (
        (rows, MAX_ROWS, "rows"),
        (raters, MAX_RATERS, "raters"),
        (completions, MAX_COMPLETIONS, "completions"),
    ):
        if number > limit:
            raise InputError(f"{file}: there are more {what} than the limit of {limit:,} {what}.")


def check_rater_features(file: str, features: int) -> None:
    """Raise ``InputError`` where there are too many features of raters."""
    if features > MAX_RATER_FEATURES:
        raise InputError(
            f"{file}: there are more features of raters than the limit of {MAX_RATER_FEATURES:,}."
        )


def stripped(column: Column) -> Column:
    """The column without white space around its texts; texts that are equal then become one."""
    coder = Coder()
    codes = coder.codes((text.strip() for text in column.values), len(column.values))
    return Column(codes[column.codes], list(coder))


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
        table.fail(f"{what(row)} differs from line {earlier}; make them agree.", row)
    return first


def ratings_from_table(t: Table, absent: str, name: str) -> Ratings:
    """Rows in any order as ``Ratings``.

    Args:
        absent, name: of the ratings.

    Raises:
        InputError: where rows contradict each other.
    """
    ballot, first_row = _ballots(t)
    _check_ranked_once(t, ballot)
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
    catalogue, completion = _catalogue(t)
    order = np.argsort(ballot, kind="stable")  # by ballot, in file order within it
    sizes = np.bincount(ballot)
    return Ratings(
        catalogue, tuple(t.rater.values), t.rater.codes[first_row], t.prompt.codes[first_row],
        weight, np.concatenate([[0], np.cumsum(sizes)]), completion[order],
        _dense_ranks(t.value, ballot)[order], absent, rater_type, types,
        (*t.notes, *single_completion_notes(sizes, absent)), name, _rater_features(t),
    )  # fmt: skip


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


def _check_ranked_once(t: Table, ballot: np.ndarray) -> None:
    """Each ballot ranks a completion at most once."""
    key = ballot.astype(np.int64) * len(t.completion.values) + t.completion.codes
    number, first = _number_by_first_row(key)
    rows = len(t.value)
    if len(first) < rows:
        row = int(np.flatnonzero(first[number] < np.arange(rows))[0])
        t.fail(
            f"rater {t.rater.name(row)} already ranked {t.completion.name(row)} on this ballot for "
            f"{t.prompt.name(row)} in line {t.line_of(int(first[number[row]]))}; remove one.", row,
        )  # fmt: skip


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


def _dense_ranks(value: np.ndarray, ballot: np.ndarray) -> np.ndarray:
    """Ranks 0, 1, 2 … by rising value within each ballot, equal values tied ``[rows]``."""
    by_value = np.lexsort((value, ballot))
    ballots, values = ballot[by_value], value[by_value]
    starts = np.concatenate([[True], ballots[1:] != ballots[:-1]])
    steps = np.concatenate([[0], np.cumsum((values[1:] != values[:-1]) & ~starts[1:])])
    rank = np.empty(len(value), np.int64)
    rank[by_value] = steps - steps[starts][ballots]
    return rank


def _catalogue(t: Table) -> tuple[Catalogue, np.ndarray]:
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
    check_counts(t.file, 0, 0, len(entry_pair))
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


def single_completion_notes(sizes: np.ndarray, absent: str) -> tuple[str, ...]:
    """A note on the number of ballots that rank one completion only and so compare nothing.

    Args:
        sizes: of the ballots.
        absent: what a completion left off a ballot means; no note where ``"last"``.
    """
    count = int((sizes == 1).sum()) if absent == "unseen" else 0
    if count < 2:
        one = "1 ballot ranks one completion only; it says nothing and is left out of training and"
        return (f"{one} counts.",) * count
    return (
        f"{count:,} ballots rank one completion only; they say nothing and are left out of "
        "training and counts.",
    )
