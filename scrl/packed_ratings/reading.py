"""Rows of a long table, read once: numbered names, checked values, and the catalogue.

What is kept in memory follows the distinct raters, items and texts, never the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NoReturn

import numpy as np

from scrl.data.assembly import catalogue_of_table
from scrl.data.files import quoted
from scrl.data.layouts import FEATURES, TEXTS, VALUES, Layout, find_layout
from scrl.data.limits import MAX_NAME_LENGTH
from scrl.data.long_format import ignored_note
from scrl.data.short_names import short_names, with_own_texts
from scrl.data.spreadsheets import unescaped
from scrl.data.stored_ratings import MAX_FEATURES
from scrl.data.table import MAX_FEATURE, Column, Table, rows_left_out
from scrl.packed_ratings.columns import Numbers, Vocabulary, coded, fail
from scrl.packed_ratings.first_values import FirstValues, PairNumbers, first_rows
from scrl.packed_ratings.manifest import MAX_RATERS
from scrl.packed_ratings.sources import Part, Source
from scrl.types import Catalogue, InputError

MAX_ROWS, MAX_ITEMS = 1_000_000_000, 10_000_000
_EMPTY, _NO_VALUE = "the completion is empty", "the {} is empty"


def layout_of(source: Source, columns: dict[str, object] | None) -> Layout:
    """The columns and their roles.

    Raises:
        InputError: where the table is none with a row for each completion on a ballot, or names no
            raters.
    """
    layout = find_layout(source.header, columns, source.file)
    if layout is None or layout.kind != "long" or layout.one_hot or layout.text_of:
        raise InputError(
            f"{source.file}: packing reads a table with a row for each completion on a ballot "
            "(columns rater, prompt, completion and rank, score or penalty); name the columns, or "
            "write such a table."
        )
    if "rater" not in layout.columns:
        raise InputError(
            f"{source.file}: there is no column of raters, and packed ratings are those of raters; "
            "name the column that says who rated."
        )
    return layout


class RowReader:
    """Reads the parts of a source.

    Attributes:
        raters: their names, numbered by first appearance; pairs: prompts and completions likewise.
        columns: the columns that are used.
    """

    def __init__(self, source: Source, layout: Layout) -> None:
        self.source, self.layout = source, layout
        roles = layout.columns
        self.value = roles[layout.value]
        self.raters = Vocabulary("rater", MAX_NAME_LENGTH)
        self._prompts, self._names = Vocabulary("prompt"), Vocabulary("completion")
        most = {"rater_group": MAX_NAME_LENGTH}
        self._texts = {role: Vocabulary(role, most.get(role)) for role in TEXTS if role in roles}
        self.pairs = PairNumbers()
        advice = " (1 = best)" if layout.value == "rank" else ""
        comma = source.comma
        self._value = Numbers(self.value, blank=True, advice=advice, comma=comma)
        self._weight = Numbers(roles.get("weight", ""), weight=True, comma=comma)
        self._features = {p: self._feature_columns(p, comma) for p in FEATURES}
        self._features = {p: numbers for p, numbers in self._features.items() if numbers}
        self._text_of = {role: FirstValues(None, -1, np.int32) for role in self._texts}
        self._feature_of = {
            prefix: FirstValues(len(numbers), np.nan, np.float64)
            for prefix, numbers in self._features.items()
        }
        used = [
            roles[r] for r in ("rater", "prompt", "completion", "ballot", "weight") if r in roles
        ]
        used += [roles[role] for role in self._texts] + [self.value]
        used += [n.name for numbers in self._features.values() for n in numbers]
        self.columns = list(dict.fromkeys(used))
        self.left_out: Counter[str] = Counter()
        self._places: list[tuple[int, str]] = []  # the first row of each file
        self._first_of_pair = np.empty(0, np.int64)
        self.rows = 0
        #: The first row whose rank is 0; None without any.
        self.first_zero: int | None = None

    def _feature_columns(self, prefix: str, comma: bool) -> list[Numbers]:
        header = self.source.header
        names = [n for n in header if n.casefold().startswith(prefix)]
        if len(names) > MAX_FEATURES:
            raise InputError(
                f"{self.source.file}: there are more columns {prefix}… than the limit of "
                f"{MAX_FEATURES:,}."
            )
        return [Numbers(name, MAX_FEATURE, comma=comma) for name in names]

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Fields of a row's record: its number, its rater and pair, its value (lower is better),
        and where the table has them the label and the weight of its ballot."""
        optional = {"ballot": ("label", "<u8"), "weight": ("weight", "<f8")}
        return [
            ("row", "<i8"), ("rater", "<i4"), ("pair", "<i4"), ("value", "<f8"),
            *(field for role, field in optional.items() if role in self.layout.columns),
        ]  # fmt: skip

    def read(self, part: Part) -> np.ndarray:
        """Records of the rows that have a completion and a value, in their order.

        Raises:
            InputError: naming the file and the row.
        """
        if part.first == 0:
            self._places.append((self.rows, part.file))
        number = self.rows + np.arange(part.batch.num_rows)
        self.rows += part.batch.num_rows
        if self.rows > MAX_ROWS:
            raise InputError(f"{part.file}: there are more rows than the limit of {MAX_ROWS:,}.")
        if self.source.escaped:
            part, number = _without_empty_rows(part, number)
        if not len(number):
            return np.empty(0, self.fields)
        return self._records(part, number)

    def _records(self, part: Part, number: np.ndarray) -> np.ndarray:
        texts = {role: self._coded(part, role) for role in ("rater", "prompt", "completion")}
        value = VALUES[self.layout.value] * self._value.read(part, part.batch.column(self.value))
        if self.layout.value == "rank" and (value < 0).any():
            row = int(np.flatnonzero(value < 0)[0])
            fail(part, f"{self.value} is {value[row]:g}; a rank is 1 for the best, 2 for the next "
                 "and so on.", row)  # fmt: skip
        filled = self._filled(part, texts, value)
        out = np.empty(int(filled.sum()), self.fields)
        if "weight" in self.layout.columns:
            column = part.batch.column(self._weight.name)
            out["weight"] = self._weight.read(part, column)[filled]
        if "ballot" in self.layout.columns:
            out["label"] = _hashes(*self._coded(part, "ballot"))[filled]
        rows = np.flatnonzero(filled)
        out["row"], out["value"] = number[rows], value[rows]
        zero = np.flatnonzero(out["value"] == 0)
        if self.first_zero is None and self.layout.value == "rank" and len(zero):
            self.first_zero = int(out["row"][zero[0]])
        out["rater"] = self._numbered(part, self.raters, texts["rater"], rows)
        prompt = self._numbered(part, self._prompts, texts["prompt"], rows)
        name = self._numbered(part, self._names, texts["completion"], rows)
        out["pair"] = self._paired(prompt, name, out["row"])
        self._check_counts(part)
        groups = {
            "rater_group": out["rater"],
            "prompt_text": prompt,
            "completion_text": out["pair"],
        }
        for role in self._texts:
            self._read_text(part, role, groups[role], rows, out["row"])
        for prefix in self._features:
            group = prompt if prefix == "prompt_feature_" else out["pair"]
            self._read_features(part, prefix, group, rows, out["row"])
        return out

    def _coded(self, part: Part, role: str) -> tuple[np.ndarray, list[str]]:
        """Codes of rows ``[rows]`` and their texts, of the column of a role."""
        name = self.layout.columns.get(role)
        if name is None:
            return np.zeros(part.batch.num_rows, np.int64), [self.source.name]
        return coded(part, part.batch.column(name), name)

    def _filled(
        self, part: Part, texts: dict[str, tuple[np.ndarray, list[str]]], value: np.ndarray
    ) -> np.ndarray:
        """Which rows have a completion and a value ``[rows]``."""
        given = {
            role: np.array([text != "" for text in values], bool)[codes]
            for role, (codes, values) in texts.items()
        }
        for role in ("rater", "prompt"):
            if not given[role].all():
                row = int(np.flatnonzero(~given[role])[0])
                fail(part, f"{role} is empty; give every row a {role}.", row)
        named, valued = given["completion"], ~np.isnan(value)
        self.left_out[_EMPTY] += int((~named).sum())
        self.left_out[_NO_VALUE.format(self.layout.value)] += int((named & ~valued).sum())
        return named & valued

    def _numbered(
        self, part: Part, names: Vocabulary, column: tuple[np.ndarray, list[str]], rows: np.ndarray
    ) -> np.ndarray:
        codes, values = column
        return names.add(part, codes[rows], values)

    def _paired(self, prompt: np.ndarray, name: np.ndarray, number: np.ndarray) -> np.ndarray:
        """The pair of prompt and completion of each row ``[rows]``."""
        known = len(self.pairs)
        pair = self.pairs.add(prompt, name)
        _, first = first_rows(pair, len(self.pairs))
        fresh = first[pair[first] >= known]
        self._first_of_pair = np.concatenate([self._first_of_pair, number[fresh]])
        return pair

    def _check_counts(self, part: Part) -> None:
        for count, limit, what in (
            (len(self.raters), MAX_RATERS, "raters"),
            (len(self.pairs), MAX_ITEMS, "completions of all prompts"),
        ):
            if count > limit:
                raise InputError(f"{part.file}: there are more {what} than the limit of {limit:,}.")

    def _read_text(
        self, part: Part, role: str, group: np.ndarray, rows: np.ndarray, number: np.ndarray
    ) -> None:
        codes, values = self._coded(part, role)
        given = np.array([text != "" for text in values], bool)[codes[rows]]
        code = np.full(len(rows), -1, np.int32)
        code[given] = self._texts[role].add(part, codes[rows[given]], values)
        known = self._text_of[role]
        bad = known.add(group, code, number, given)
        if bad is not None:
            earlier = self.place_of(int(known.rows[group[bad]]))
            what = self._what(role, part, int(rows[bad]))
            fail(part, f"{role} of {what} differs from {earlier}; make them agree.", int(rows[bad]))

    def _read_features(
        self, part: Part, prefix: str, group: np.ndarray, rows: np.ndarray, number: np.ndarray
    ) -> None:
        columns = self._features[prefix]
        value = np.stack([n.read(part, part.batch.column(n.name)) for n in columns], axis=1)[rows]
        known = self._feature_of[prefix]
        bad = known.add(group, value, number)
        if bad is not None:
            role = "prompt_text" if prefix == "prompt_feature_" else "completion_text"
            earlier = self.place_of(int(known.rows[group[bad]]))
            what = self._what(role, part, int(rows[bad]))
            fail(part, f"a {prefix}… column of {what} differs from {earlier}; make them agree.",
                 int(rows[bad]))  # fmt: skip

    def _what(self, role: str, part: Part, row: int) -> str:
        """Whose text it is, for a message."""

        def text(role: str) -> str:
            codes, values = self._coded(part, role)
            return quoted(values[codes[row]])

        if role == "rater_group":
            return f"rater {text('rater')}"
        if role == "prompt_text":
            return text("prompt")
        return f"{text('completion')} for {text('prompt')}"

    def place_of(self, number: int) -> str:
        """A row of the source in words, with its file where there are several."""
        first, name = self._file_of(number)
        file = f" of {name}" if len(self._places) > 1 else ""
        return f"row {number - first + 1:,}{file}"

    def fail(self, number: int, problem: str) -> NoReturn:
        """Raise an ``InputError`` that names the file and the row ``number`` of the source."""
        first, name = self._file_of(number)
        raise InputError(f"{name}: row {number - first + 1:,}: {problem}")

    def _file_of(self, number: int) -> tuple[int, str]:
        """The first row and the name of the file of a row."""
        return max(place for place in self._places if place[0] <= number)

    # -- after the last part ----------------------------------------------------------------------

    def rater_names(self) -> list[str]:
        """Names of the raters ``[raters]``."""
        return self._unescaped(list(self.raters))

    def rater_groups(self) -> tuple[np.ndarray | None, list[str]]:
        """The type of each rater ``[raters]``, -1 where unknown (None where all are), and the
        types."""
        if "rater_group" not in self._texts:
            return None, []
        found = self._padded(self._text_of["rater_group"].values, len(self.raters), -1)
        if (found < 0).all():
            return None, []
        used, first = np.unique(found[found >= 0], return_index=True)
        order = used[np.argsort(first)]
        number = np.full(len(self._texts["rater_group"]) + 1, -1, np.int32)
        number[order] = np.arange(len(order))
        names = self._unescaped(list(self._texts["rater_group"]))
        return number[found], [names[i] for i in order]

    def catalogue(self) -> tuple[Catalogue, np.ndarray]:
        """The catalogue, and the item of each pair of prompt and completion ``[pairs]``."""
        prompt_of, name_of = self.pairs.pairs
        count = len(prompt_of)
        prompt, own_prompt = short_names(Column(prompt_of, self._unescaped(list(self._prompts))))
        name, own_name = short_names(Column(name_of, self._unescaped(list(self._names))))
        texts = {}
        for role, own, group in (
            ("prompt_text", own_prompt, prompt_of),
            ("completion_text", own_name, np.arange(count)),
        ):
            given = None
            if role in self._texts:
                values = ["", *self._unescaped(list(self._texts[role]))]
                known = self._padded(self._text_of[role].values, int(group.max()) + 1, -1)
                given = Column((known[group] + 1).astype(np.int32), values)
            text = with_own_texts(given, own)
            if text is not None:
                texts[role] = text
        features = {
            prefix: self._feature_of[prefix].values[
                prompt_of if prefix == "prompt_feature_" else np.arange(count)
            ]
            for prefix in self._features
        }
        line_of: Callable[[int], int] = lambda pair: int(self._first_of_pair[pair]) + 1  # noqa: E731
        table = Table(
            self.source.file, line_of, Column(np.zeros(count, np.int32), [""]), prompt, name, None,
            np.zeros(count), texts=texts, features=features, unit="row",
        )  # fmt: skip
        found, completion = catalogue_of_table(table)
        return found, found.item_of(prompt_of, completion)

    def notes(self) -> list[str]:
        """Remarks on what of the rows is not read."""
        notes = [*self.source.notes, *([self.layout.note] if self.layout.note else [])]
        notes += ignored_note(self.source.header, self.columns)
        for why, count in self.left_out.items():
            notes += rows_left_out(count, why)
        return notes

    def _unescaped(self, values: Sequence[str]) -> list[str]:
        return unescaped(values) if self.source.escaped else list(values)

    @staticmethod
    def _padded(values: np.ndarray, size: int, fill: int) -> np.ndarray:
        values = values[:size]
        return np.pad(values, (0, size - len(values)), constant_values=fill)


def _without_empty_rows(part: Part, number: np.ndarray) -> tuple[Part, np.ndarray]:
    """The part without rows of a CSV whose fields are all empty."""
    import pyarrow
    import pyarrow.compute as compute

    filled = np.zeros(len(number), bool)
    for column in part.batch.columns:
        filled |= compute.not_equal(column, "").to_numpy(zero_copy_only=False)
    if filled.all():
        return part, number
    batch = part.batch.filter(pyarrow.array(filled))
    return part._replace(batch=batch, kept=np.flatnonzero(filled)), number[filled]


def _hashes(codes: np.ndarray, texts: list[str]) -> np.ndarray:
    """64 bits of a hash of each row's text ``[rows]``: equal texts have equal ones, and two labels
    of one rater and prompt have equal ones with probability 5e-20."""
    digests = b"".join(blake2b(t.encode(), digest_size=8).digest() for t in texts)
    return np.frombuffer(digests, "<u8")[codes]
