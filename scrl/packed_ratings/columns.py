"""Arrow columns as codes of distinct texts and as numbers, read as the readers of files do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NoReturn

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_WEIGHT, MIN_WEIGHT, WEIGHT
from scrl.data.long_format import number_of_text, scale_of_words
from scrl.data.messages import BadText, cell_text
from scrl.data.number_cells import number_advice
from scrl.data.table import Coder, check_characters, is_missing
from scrl.packed_ratings.first_values import first_rows
from scrl.packed_ratings.sources import Part
from scrl.types import InputError


def fail(part: Part, problem: str, row: int) -> NoReturn:
    """Raise an ``InputError`` that names the file and the row, from 1."""
    row = row if part.kept is None else int(part.kept[row])
    raise InputError(f"{part.file}: row {part.first + row + 1:,}: {problem}")


class Vocabulary(Coder):
    """Distinct texts, numbered by first appearance.

    Args:
        name: of the column, for a message.
        most: characters of a text, at most; those of ``check_characters`` by default.
    """

    def __init__(self, name: str, most: int | None = None) -> None:
        super().__init__()
        self.column, self.most = name, most

    def add(self, part: Part, codes: np.ndarray, values: Sequence[str]) -> np.ndarray:
        """The number of each row's text ``[rows]``.

        Args:
            codes: of each row in ``values`` ``[rows]``.

        Raises:
            InputError: for a text that cannot be a name.
        """
        found, first = first_rows(codes, len(values))
        number = np.empty(len(values), np.int32)
        for code, row in sorted(
            zip(found.tolist(), first.tolist(), strict=True), key=itemgetter(1)
        ):
            text = values[code]
            if text not in self and (problem := self._problem(text)):
                column = quoted(self.column)[1:-1]
                fail(part, f"{column} is {quoted(text)}, which {problem}.", row)
            number[code] = self[text]
        return number[codes]

    def _problem(self, text: str) -> str | None:
        if self.most is not None and len(text) > self.most:
            return f"is longer than {self.most:,} characters"
        return check_characters(text)


def coded(part: Part, column: Any, name: str) -> tuple[np.ndarray, list[str]]:
    """Codes of rows ``[rows]`` and their texts without white space around them, "" for no text.

    Args:
        column: an Arrow array.

    Raises:
        InputError: for a cell that is no text.
    """
    import pyarrow

    found = _with_dictionary(column)
    if found is None:
        coder = Coder()
        texts = _texts(part, column.to_pylist(), np.arange(len(column)), name)
        return coder.codes(texts, len(column)), list(coder)
    column, values = found, found.dictionary
    index = column.indices.cast(pyarrow.int64()).fill_null(len(values)).to_numpy()
    used, first = first_rows(index, len(values) + 1)
    code = np.zeros(len(values) + 1, np.int64)
    code[used] = np.arange(len(used))
    empty = bool(len(used) and used[-1] == len(values))
    cells = values.take(pyarrow.array(used[: len(used) - empty])).to_pylist()
    return code[index], [*_texts(part, cells, first, name), *([""] * empty)]


def _with_dictionary(column: Any) -> Any:
    """The column as codes of distinct values; None for a type of which Arrow makes none, such as
    lists."""
    import pyarrow

    views = {pyarrow.string_view(): pyarrow.large_string(),
             pyarrow.binary_view(): pyarrow.large_binary()}  # fmt: skip
    if column.type in views:  # Arrow takes no values from views
        column = column.cast(views[column.type])
    try:
        found = column if pyarrow.types.is_dictionary(column.type) else column.dictionary_encode()
        found.dictionary.take(pyarrow.array([], pyarrow.int64()))
    except (pyarrow.ArrowNotImplementedError, pyarrow.ArrowTypeError, AttributeError):
        return None
    return found


def _texts(part: Part, cells: Iterable[Any], row: np.ndarray, name: str) -> list[str]:
    texts = []
    for i, cell in enumerate(cells):
        try:
            texts.append(cell.strip() if type(cell) is str else cell_text(cell).strip())
        except BadText as error:
            fail(part, f"{quoted(name)[1:-1]} {error}", int(row[i]))
    return texts


class Numbers:
    """A column of numbers, read part by part.

    Args:
        name: of the column.
        most: the largest absolute value; weight: whether these are weights of ballots.
        blank: whether a cell may be empty, which is NaN then; a word for a missing value is empty.
        advice: what to give in place of a cell that is no number, after "give a finite number".
        comma: whether a comma may be the decimal point.
    """

    def __init__(
        self, name: str, most: float = math.inf, weight: bool = False, blank: bool = False,
        advice: str = "", comma: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.most, self.blank, self.comma = name, most, blank, comma
        self.least = MIN_WEIGHT if weight else -math.inf
        self.most = MAX_WEIGHT if weight else most
        bound = f", {most:g} at most" if most < math.inf else ""
        self.advice = f"give {WEIGHT}" if weight else f"give a finite number{advice}{bound}"
        # Words such as "yes" and "no" stand for numbers where a column holds no other texts.
        self._scale: dict[str, float] | None = None

    def read(self, part: Part, column: Any) -> np.ndarray:
        """The numbers ``[rows]``.

        Raises:
            InputError: for a cell that is no such number.
        """
        import pyarrow

        kind = column.type
        if pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind):
            values = column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
            given = ~np.isnan(values)
        else:
            codes, texts = coded(part, column, self.name)
            texts = ["" if self.blank and is_missing(text) else text for text in texts]
            scale = self._scale_for(texts)
            parsed = np.array([number_of_text(t, scale, self.comma) for t in texts], float)
            values, given = parsed[codes], np.array([t != "" for t in texts], bool)[codes]
        bad = ~np.isfinite(values) | (np.abs(values) > self.most)
        bad |= values < self.least
        bad &= given | (not self.blank)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            text = cell_text(column[row].as_py())
            found = quoted(text) if text.strip() else "empty"
            advice = number_advice(text) or self.advice
            fail(part, f"{quoted(self.name)[1:-1]} is {found}; {advice}.", row)
        return np.where(given, values, np.nan)

    def _scale_for(self, texts: Sequence[str]) -> dict[str, float]:
        """The scale of words in this column, told by the first texts that there are."""
        if self._scale is None and any(texts) and self.blank:
            self._scale = scale_of_words(texts)
        return self._scale or {}
