"""Rows of ratings as columns: what every tabular format is read to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, NoReturn

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError

MAX_ROWS = 5_000_000
MAX_BYTES = 200_000_000
MAX_RATERS = 100_000
#: Completions of one prompt.
MAX_COMPLETIONS = 10_000
MAX_RATER_FEATURES = 200
#: Characters of one text.
MAX_TEXT = 2_000_000
#: Largest feature, so that it is a float32.
MAX_FEATURE = 1e38


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

    def select(self, rows: np.ndarray) -> Column:
        """These rows, and only the values that they have, in the order of first appearance."""
        codes = self.codes[rows]
        found, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        order = np.argsort(first)
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        values = [self.values[code] for code in found[order].tolist()]
        return Column(number[inverse].astype(np.int32), values)

    def given(self) -> np.ndarray:
        """Whether a row's text is not empty ``[rows]``."""
        return np.fromiter((v != "" for v in self.values), bool, len(self.values))[self.codes]


def constant_column(text: str, rows: int) -> Column:
    """A column with the same text in every row."""
    return Column(np.zeros(rows, np.int32), [text])


def mapped(column: Column, function: Callable[[str], str]) -> Column:
    """The column with ``function`` of each text; texts that become equal become one value."""
    coder = Coder()
    codes = coder.codes(map(function, column.values), len(column.values))
    if len(coder) == len(column.values):
        return Column(column.codes, list(coder))
    return Column(codes[column.codes], list(coder))


#: How programs write a missing value.
_MISSING = {"", "na", "n/a", "n.a.", "nan", "null", "none", "<na>", "nat", "-", "–", ".", "?"}


def is_missing(text: str) -> bool:
    """Whether a cell is empty, or a word that programs write for a missing value."""
    return text.casefold() in _MISSING


def without_missing(column: Column) -> Column:
    """The column with empty texts for words that stand for missing values."""
    return mapped(column, lambda text: "" if is_missing(text) else text)


def stripped(column: Column) -> Column:
    """The column without white space around its texts."""
    return mapped(column, str.strip)


@dataclass
class Table:
    """Rows of a ratings file, one for each completion on a ballot.

    Attributes:
        file: what to call the file in messages; ``line_of`` gives a row's place in it, counted in
            ``unit``.
        ballot: label of the ballot within rater and prompt ``[rows]``; None for one ballot each.
        value: lower is better ``[rows]``.
        weight: of the row's ballot ``[rows]``; None for 1.
        time: of the row ``[rows]``, NaN where unknown; None where the file has none.
        texts: column -> its texts, where an empty text is none.
        features: column prefix -> ``[rows, features]``.
        rater_features: name -> the rows that state this feature of their rater, and its values.
        individuals: whether raters can be told apart; otherwise each stands for one ballot.
        lenient: whether a completion that stands twice on a ballot with different values is left
            out the second time, as in published data sets, or refused.
    """

    file: str
    line_of: Callable[[int], int]
    rater: Column
    prompt: Column
    completion: Column
    ballot: np.ndarray | None
    value: np.ndarray
    weight: np.ndarray | None = None
    time: np.ndarray | None = None
    texts: dict[str, Column] = field(default_factory=dict)
    features: dict[str, np.ndarray] = field(default_factory=dict)
    rater_features: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unit: str = "line"
    individuals: bool = True
    lenient: bool = False

    def fail(self, problem: str, row: int) -> NoReturn:
        """Raise an ``InputError`` that names the line of ``row``."""
        raise InputError(f"{self.file}: {self.unit} {self.line_of(row)}: {problem}")

    def select(self, keep: np.ndarray) -> Table:
        """The rows of a mask ``[rows]``."""
        rows = np.flatnonzero(keep)
        number = np.cumsum(keep) - 1
        line_of = self.line_of
        return replace(
            self,
            line_of=lambda row: line_of(int(rows[row])),
            rater=self.rater.select(rows),
            prompt=self.prompt.select(rows),
            completion=self.completion.select(rows),
            ballot=None if self.ballot is None else self.ballot[rows],
            value=self.value[rows],
            weight=None if self.weight is None else self.weight[rows],
            time=None if self.time is None else self.time[rows],
            texts={name: column.select(rows) for name, column in self.texts.items()},
            features={prefix: values[rows] for prefix, values in self.features.items()},
            rater_features={
                name: (number[at[keep[at]]], values[keep[at]])
                for name, (at, values) in self.rater_features.items()
            },
        )


def check_counts(
    file: str, rows: int, raters: int, completions: int, most_raters: int = MAX_RATERS
) -> None:
    """Raise ``InputError`` where a count is above its limit."""
    for number, limit, what in (
        (rows, MAX_ROWS, "rows"),
        (raters, most_raters, "raters"),
        (completions, MAX_COMPLETIONS, "completions of a prompt"),
    ):
        if number > limit:
            unit = what.removesuffix(" of a prompt")
            raise InputError(f"{file}: there are more {what} than the limit of {limit:,} {unit}.")


def check_rater_features(file: str, features: int) -> None:
    """Raise ``InputError`` where there are too many features of raters."""
    if features > MAX_RATER_FEATURES:
        raise InputError(
            f"{file}: there are more features of raters than the limit of {MAX_RATER_FEATURES:,}."
        )


def check_characters(text: str) -> str | None:
    """Why ``text`` cannot be a name or a text; None where it can."""
    if len(text) > MAX_TEXT:
        return f"is longer than {MAX_TEXT:,} characters"
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii() and any("\ud800" <= ch <= "\udfff" for ch in text):
        return "holds half of a surrogate pair, which is no character"
    return None


def rows_left_out(count: int, why: str) -> list[str]:
    """A note that ``count`` rows are left out because of ``why``; none for no row."""
    if not count:
        return []
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    return [f"{rows} left out: {why}."]


def single_completion_notes(sizes: np.ndarray, absent: str) -> tuple[str, ...]:
    """A note on the number of ballots that rank one completion only and so compare nothing.

    Args:
        sizes: of the ballots.
        absent: what a completion left off a ballot means; no note where ``"last"``.
    """
    count = int((sizes == 1).sum()) if absent == "unseen" else 0
    if count < 2:
        one = "1 ballot ranks one completion only; it compares nothing and is left out of training."
        return (one,) * count
    return (
        f"{count:,} ballots rank one completion only; they compare nothing and are left out of "
        "training.",
    )
