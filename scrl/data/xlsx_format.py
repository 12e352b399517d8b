"""Rows of the first sheet of a workbook (.xlsx). Formulas are not computed: values are read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from scrl.data.files import library_words, quoted
from scrl.data.rows import CHUNK, MAX_COLUMNS, Rows
from scrl.data.streams import Content
from scrl.data.table import MAX_BYTES
from scrl.types import InputError

#: Cells that are looked at, the empty ones between others included, and rows of a sheet.
_MAX_CELLS, _MAX_ROW = 20_000_000, 1_048_576
#: A workbook larger than this is refused where it unfolds to more than so many times its size.
_SMALL, _MOST_TIMES = 20_000_000, 100
#: Empty rows that may follow each other.
_MAX_GAP = 50_000


def xlsx_rows(content: Content) -> Rows:
    """The rows of a workbook's first sheet that has any.

    Raises:
        InputError: where it is damaged or too large, or where ``openpyxl`` is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{content.file}: Excel files need openpyxl; run pip install 'scrl[tables]'."
        ) from None
    stream = content.open()
    if not zipfile.is_zipfile(stream):
        raise InputError(
            f"{content.file}: this is no Excel workbook, or it is damaged; save it as .xlsx again, "
            "or name a file of text .csv."
        )
    try:
        with zipfile.ZipFile(stream) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        packed = stream.seek(0, 2)
        if unpacked > _SMALL and unpacked > _MOST_TIMES * packed:
            raise InputError(
                f"{content.file}: unpacked it is more than {_MOST_TIMES} times as large, so it is "
                "no usual workbook; save it as .xlsx again."
            )
        if unpacked > MAX_BYTES:
            raise InputError(
                f"{content.file}: unpacked it is larger than the limit of {MAX_BYTES / 1e6:,.0f} MB"
                " a file; give fewer ballots."
            )
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheets = book.worksheets
    except Exception as error:  # a damaged workbook raises errors of many kinds
        _fail(content.file, error)
    numbers: list[int] = []
    records = _records(content.file, sheets, numbers)
    header = [_name(cell) for cell in next(records, ())]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise InputError(f"{content.file}: the first sheet is empty.")
    numbers.clear()
    names = [quoted(sheet.title)[1:-1] for sheet in sheets]
    note = f"Of the sheets {', '.join(names[:10])} the first with rows is read." * (len(names) > 1)
    return Rows(
        content.file, header, _chunks(records, len(header)), numbers.__getitem__, "row", text=False,
        note=note,
    )  # fmt: skip


def _records(file: str, sheets: Sequence[Any], numbers: list[int]) -> Iterator[tuple]:
    """Rows that are not empty, of the first sheet that has any; their numbers go to ``numbers``."""
    cells = 0
    for sheet in sheets:
        last = 0
        try:
            sheet.reset_dimensions()  # what a file says of its own size may be wrong
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                cells += len(row) + 1
                if number > _MAX_ROW:
                    raise InputError(f"{file}: the sheet has more rows than {_MAX_ROW:,}.")
                if cells > _MAX_CELLS or len(row) > MAX_COLUMNS:
                    raise InputError(f"{file}: the sheet has more cells than {_MAX_CELLS:,}.")
                if any(cell not in (None, "") for cell in row):
                    numbers.append(number)
                    last = number
                    yield row
                elif number - last > _MAX_GAP:
                    raise InputError(
                        f"{file}: row {number}: more than {_MAX_GAP:,} rows before it are empty; "
                        "delete empty rows."
                    )
        except Exception as error:  # a damaged workbook raises errors of many kinds
            _fail(file, error)
        if numbers:
            return


def _chunks(records: Iterator[tuple], width: int) -> Iterator[Sequence[Sequence[Any]]]:
    while chunk := list(islice(records, CHUNK)):
        yield list(zip(*(row[:width] + (None,) * (width - len(row)) for row in chunk), strict=True))


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _fail(file: str, error: Exception) -> None:
    if isinstance(error, InputError):
        raise error
    raise InputError(
        f"{file}: this is not readable as an Excel workbook{library_words(error)}; save it as "
        ".xlsx again, or as .csv."
    ) from None
