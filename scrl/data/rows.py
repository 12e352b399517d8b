"""A table on its way in: its header, and its columns chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scrl.data.files import quoted
from scrl.data.limits import MAX_CELLS, MAX_COLUMNS
from scrl.data.messages import BadText, cell_text, plain_list
from scrl.data.table import MAX_RATERS
from scrl.types import InputError

#: Rows of a chunk: few enough to stay in the processor's cache (twice as fast as 65,536).
CHUNK = 4096


def check_columns(count: int, file: str, what: str = "columns") -> None:
    """Raise ``InputError`` for more columns, or keys, than the limit."""
    if count > MAX_COLUMNS:
        raise InputError(f"{file}: there are more {what} than the limit of {MAX_COLUMNS:,}.")


class Chunk(Sequence[Sequence[Any]]):
    """The columns of some rows, each made when it is asked for, since a table may have many that
    nobody reads.

    Args:
        columns: their number.
        make: the cells of a column by its number.
    """

    def __init__(self, columns: int, make: Callable[[int], Sequence[Any]]) -> None:
        self._columns, self._make = columns, make

    def __len__(self) -> int:
        return self._columns

    def __getitem__(self, column: Any) -> Any:
        if not 0 <= column < self._columns:
            raise IndexError(column)
        return self._make(column)


@dataclass
class Rows:
    """The rows of a table, read once.

    Attributes:
        file: what to call the file in messages.
        header: names of the columns.
        chunks: the columns of up to ``CHUNK`` rows at a time.
        line_of: a row's place in the file, counted in ``unit``.
        text: whether every cell is a string already.
        decimal_comma: whether 1,5 is a number.
        escaped: whether an apostrophe may stand before a cell to keep a spreadsheet from computing.
        note: what of the file is not read; empty where all is.
        most_raters: how many raters there may be.
    """

    file: str
    header: list[str]
    chunks: Iterator[Sequence[Sequence[Any]]]
    line_of: Callable[[int], int]
    unit: str = "line"
    text: bool = True
    decimal_comma: bool = False
    escaped: bool = False
    note: str = ""
    most_raters: int = MAX_RATERS

    def __post_init__(self) -> None:
        check_columns(len(self.header), self.file)

    def texts(self, cells: Sequence[Any], first: int, name: str) -> Iterable[str]:
        """Cells of one column as texts.

        Args:
            first: the number of the first cell's row, for a message.
        """
        return cells if self.text else self._converted(cells, first, name)

    def _converted(self, cells: Sequence[Any], first: int, name: str) -> Iterator[str]:
        for i, cell in enumerate(cells):
            try:
                yield cell if type(cell) is str else cell_text(cell)
            except BadText as error:
                problem = str(error)
                if isinstance(plain_list(cell), list):
                    problem = (
                        f"is {quoted(plain_list(cell))}, a list; give one value a row, or lists in "
                        "columns 'completions' and 'scores'."
                    )
                place = f"{self.file}: {self.unit} {self.line_of(first + i)}"
                raise InputError(f"{place}: {quoted(name)[1:-1]} {problem}") from None

    def shown(self, cells: Sequence[Any]) -> Iterable[str]:
        """Cells of one column as texts; one that is no text is a word."""
        if self.text:
            yield from cells
            return
        for cell in cells:
            try:
                yield cell_text(cell)
            except BadText:
                yield "(no text)"

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows as (number of the row, column -> value)."""
        row = cells = 0
        for chunk in self.chunks:
            cells += len(chunk[0]) * len(self.header)
            if cells > MAX_CELLS:
                raise InputError(
                    f"{self.file}: there are more cells than the limit of {MAX_CELLS:,}; leave out "
                    "columns that are not read."
                )
            for values in zip(*chunk, strict=True):
                yield row, dict(zip(self.header, values, strict=True))
                row += 1
