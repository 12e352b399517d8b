"""Rows of ratings, whatever the format they came in -> ``Ratings``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from scrl.data.files import quoted
from scrl.types import Catalogue, InputError, Ratings

MAX_ROWS = 5_000_000
MAX_BYTES = 200_000_000
MAX_RATERS = 100_000
MAX_COMPLETIONS = 10_000


class Coder(dict):
    """Numbers strings by first appearance."""

    def __missing__(self, key):
        self[key] = code = len(self)
        return code

    def codes(self, values, size) -> np.ndarray:
        return np.fromiter(map(self.__getitem__, values), np.int32, size)


class Column(NamedTuple):
    codes: np.ndarray  # [rows], into values
    values: list[str]  # distinct


@dataclass
class Table:
    """One row a ranked completion; ``line_of`` gives a row's line in the file."""

    file: str
    line_of: Callable[[int], int]
    rater: Column
    prompt: Column
    completion: Column
    ballot: np.ndarray | None  # label of the ballot within rater and prompt [rows]
    value: np.ndarray  # lower is better [rows]
    weight: np.ndarray | None = None
    texts: dict[str, Column] = field(default_factory=dict)  # an empty text is none
    features: dict[str, np.ndarray] = field(default_factory=dict)  # [rows, features]
    notes: list[str] = field(default_factory=list)

    def fail(self, problem: str, row: int):
        raise InputError(f"{self.file}: line {self.line_of(row)}: {problem}")


def check_counts(file: str, rows: int, raters: int, completions: int) -> None:
    for number, limit, what in (
        (rows, MAX_ROWS, "rows"),
        (raters, MAX_RATERS, "raters"),
        (completions, MAX_COMPLETIONS, "completions"),
    ):
        if number > limit:
            raise InputError(f"{file}: there are more {what} than the limit of {limit:,} {what}.")


def stripped(column: Column) -> Column:
    """The column without white space around its texts, which says nothing and yet tells texts
    apart that a reader would call the same."""
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


def _consistent_rows(table: Table, group, groups: int, value, given, what: Callable[[int], str]):
    """The row ``[groups]`` that gives each group its value, -1 where none does; a row that
    disagrees with it is a fault."""
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
    """Rows in any order as Ratings."""
    rows, n_prompts, n_names = len(t.value), len(t.prompt.values), len(t.completion.values)

    def of(column: Column) -> Callable[[int], str]:
        return lambda row: quoted(column.values[column.codes[row]])

    rater_of, prompt_of, completion_of = of(t.rater), of(t.prompt), of(t.completion)

    # Ballots: numbered by first appearance, then put in order of their raters.
    key = t.rater.codes.astype(np.int64) * n_prompts + t.prompt.codes
    if t.ballot is not None:
        key = _number_by_first_row(key)[0] * (int(t.ballot.max()) + 1) + t.ballot
    ballot, first_row = _number_by_first_row(key)
    by_rater = np.argsort(t.rater.codes[first_row], kind="stable")
    place = np.empty_like(by_rater)
    place[by_rater] = np.arange(len(by_rater))
    ballot, first_row = place[ballot], first_row[by_rater]

    twice = ballot.astype(np.int64) * n_names + t.completion.codes
    seen, first = _number_by_first_row(twice)
    if len(first) < rows:
        row = int(np.flatnonzero(first[seen] < np.arange(rows))[0])
        t.fail(
            f"rater {rater_of(row)} already ranked {completion_of(row)} on this ballot for "
            f"{prompt_of(row)} in line {t.line_of(int(first[seen[row]]))}; remove one.", row,
        )  # fmt: skip

    weight = np.ones(len(first_row))
    if t.weight is not None:
        given = np.ones(rows, bool)
        which = _consistent_rows(
            t, ballot, len(first_row), t.weight, given,
            lambda row: f"the weight of rater {rater_of(row)}'s ballot for {prompt_of(row)}",
        )  # fmt: skip
        weight = t.weight[which]

    def agreed_texts(column: str, group, groups, what) -> tuple[np.ndarray, list[str]]:
        """The text number ``[groups]``, -1 for none, and the texts."""
        if column not in t.texts:
            return np.full(groups, -1), []
        codes, values = t.texts[column]
        given = np.array([text != "" for text in values])[codes]
        which = _consistent_rows(t, group, groups, codes, given, what)
        return np.where(which >= 0, codes[which], -1), values

    group, groups = agreed_texts(
        "rater_group", t.rater.codes, len(t.rater.values),
        lambda row: f"rater_group of rater {rater_of(row)}",
    )  # fmt: skip
    rater_type, types = None, ()
    if (group >= 0).any():
        numbers, firsts = _number_by_first_row(group[group >= 0])
        types = tuple(groups[g] for g in group[group >= 0][firsts])
        rater_type = np.full(len(group), -1)
        rater_type[group >= 0] = numbers

    catalogue, completion = _catalogue(t, agreed_texts, prompt_of, completion_of)

    # Entries by ballot, in file order within it; ranks 0, 1, 2 … by value within the ballot.
    order = np.argsort(ballot, kind="stable")
    sizes = np.bincount(ballot)
    by_value = np.lexsort((t.value, ballot))
    ballots, values = ballot[by_value], t.value[by_value]
    starts = np.concatenate([[True], ballots[1:] != ballots[:-1]])
    steps = np.concatenate([[0], np.cumsum((values[1:] != values[:-1]) & ~starts[1:])])
    rank = np.empty(rows, np.int64)
    rank[by_value] = steps - steps[starts][ballots]

    notes = (*t.notes, *single_completion_notes(sizes, absent))
    return Ratings(
        catalogue, tuple(t.rater.values), t.rater.codes[first_row], t.prompt.codes[first_row],
        weight, np.concatenate([[0], np.cumsum(sizes)]), completion[order], rank[order],
        absent, rater_type, types, notes, name,
    )  # fmt: skip


def _catalogue(t: Table, agreed_texts, prompt_of, completion_of) -> tuple[Catalogue, np.ndarray]:
    """The catalogue, and the completion of each row ``[rows]``."""
    n_prompts, n_names = len(t.prompt.values), len(t.completion.values)
    prompt_text, prompt_values = agreed_texts(
        "prompt_text", t.prompt.codes, n_prompts, lambda row: f"prompt_text of {prompt_of(row)}"
    )
    # A pair is a name under a prompt. It has one text; names whose pairs have several are split.
    pair, pair_row = _number_by_first_row(
        t.prompt.codes.astype(np.int64) * n_names + t.completion.codes
    )
    pair_name, pair_prompt = t.completion.codes[pair_row], t.prompt.codes[pair_row]
    pair_text, text_values = agreed_texts(
        "completion_text", pair, len(pair_row),
        lambda row: f"completion_text of {completion_of(row)} for {prompt_of(row)}",
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
    for prefix, group, groups, what in (
        ("prompt_feature_", t.prompt.codes, n_prompts, prompt_of),
        ("feature_", entry[pair], len(entry_pair), completion_of),
    ):
        if prefix in t.features:
            values = t.features[prefix]
            which = _consistent_rows(
                t, group, groups, values, np.ones(len(values), bool),
                lambda row, what=what, prefix=prefix: f"a {prefix}… column of {what(row)}",
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


def single_completion_notes(sizes: np.ndarray, absent: str) -> tuple[str, ...]:
    """The note on ballots (of these sizes) that rank one completion only, where that says nothing
    because absent means unseen; none otherwise."""
    count = int((sizes == 1).sum()) if absent == "unseen" else 0
    if count < 2:
        one = "1 ballot ranks one completion only; it says nothing and is left out of training and"
        return (f"{one} counts.",) * count
    return (
        f"{count:,} ballots rank one completion only; they say nothing and are left out of "
        "training and counts.",
    )
