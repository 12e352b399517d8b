"""Rows of cells, from CSV and from Excel workbooks, as texts."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

from scrl.data.files import decode, library_words, too_many_empty
from scrl.data.limits import MAX_EMPTY
from scrl.election_records.election_files import MAX_BYTES
from scrl.types import InputError

MAX_ROWS = 5_000_000
MAX_COLUMNS = 20_000
_MAX_CELLS = 20_000_000
#: Cells that rows lack beside the longest one, beside ten for each cell that is there.
MAX_LACKING = 500_000
#: Empty rows of a sheet that may follow each other, and how many times its size it may unfold to.
_MAX_GAP, _SMALL, _MOST_TIMES = 50_000, 20_000_000, 100
#: Lines that are looked at to tell the separator.
_SAMPLE = 5

#: A row: the number of its line, or of the row of a sheet, and its cells.
Row = tuple[int, list[str]]


def table_rows(data: bytes, file: str) -> Iterator[Row]:
    """The rows of a CSV file or of a workbook's first sheet that has any; empty rows are left out.

    Raises:
        InputError: where it is neither, damaged or too large.
    """
    rows = _workbook_rows(data, file) if data.startswith(b"PK") else _csv_rows(data, file)
    widest = cells = lacking = 0
    for count, row in enumerate(rows):
        width = len(row[1])
        if count > MAX_ROWS:
            raise InputError(f"{file}: there are more than {MAX_ROWS:,} rows.")
        if width > MAX_COLUMNS:
            raise InputError(f"{file}: line {row[0]}: there are more than {MAX_COLUMNS:,} columns.")
        # Readers look at every column of the header in every row, also where the row is short.
        widest, cells = max(widest, width), cells + width
        lacking += widest - width
        if lacking > MAX_LACKING + 10 * cells:
            raise InputError(
                f"{file}: line {row[0]}: most rows are much shorter than the longest, of "
                f"{widest:,} columns; give every row all its columns."
            )
        yield row


def head_rows(data: bytes, file: str, number: int) -> list[Row]:
    """The first rows."""
    return list(islice(table_rows(data, file), number))


def _csv_rows(data: bytes, file: str) -> Iterator[Row]:
    text = decode(data, file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    empty = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{file}: line {reader.line_num}: this is not readable as CSV"
                f"{library_words(error)}; look for a "
                "quotation mark that is not closed, or is not doubled inside quotes."
            ) from None
        if row is None:
            return
        if any(cell and not cell.isspace() for cell in row):
            empty = 0
            yield reader.line_num, row
        else:
            empty += 1
            if empty > MAX_EMPTY:
                raise InputError(too_many_empty(file, reader.line_num))


def _separator(text: str) -> str:
    """The separator that the first lines hold most often; a comma where they hold none."""
    lines = text[:100_000].splitlines()[:_SAMPLE]
    return max(",;\t", key=lambda mark: sum(line.count(mark) for line in lines))


def _workbook_rows(data: bytes, file: str) -> Iterator[Row]:
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{file}: Excel files need openpyxl; run pip install 'scrl[tables]'."
        ) from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except Exception as error:  # a damaged workbook raises errors of many kinds
        raise _damaged(file, error) from None
    if unpacked > min(MAX_BYTES, max(_SMALL, _MOST_TIMES * len(data))):
        raise InputError(f"{file}: unpacked this workbook is larger than the limit.")
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        sheets = list(book.worksheets)
    except Exception as error:  # a damaged workbook raises errors of many kinds
        raise _damaged(file, error) from None
    cells = 0
    for sheet in sheets:
        found = False
        for number, row in _sheet_rows(sheet, file):
            cells += len(row) + 1
            if cells > _MAX_CELLS:
                raise InputError(f"{file}: the sheet has more cells than {_MAX_CELLS:,}.")
            if any(row):
                found = True
                yield number, row
        if found:
            return


def _sheet_rows(sheet: Any, file: str) -> Iterator[Row]:
    try:
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        last = 0
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            last = number if any(cell is not None for cell in row) else last
            if number - last > _MAX_GAP:
                raise InputError(
                    f"{file}: row {number}: more than {_MAX_GAP:,} rows before it are empty; "
                    "delete empty rows."
                )
            yield number, [_text(cell) for cell in row[: MAX_COLUMNS + 1]]
    except InputError:
        raise
    except Exception as error:  # a damaged workbook raises errors of many kinds
        raise _damaged(file, error) from None


def _damaged(file: str, error: Exception) -> InputError:
    said = library_words(error)
    return InputError(
        f"{file}: this workbook is damaged{said}; save it as .xlsx again, or as .csv."
    )


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
