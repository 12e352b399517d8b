"""A table of any format as columns, for what is no ratings file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scrl.data.files import quoted
from scrl.data.json_format import rows_of_records
from scrl.data.layouts import repeated_name
from scrl.data.readers import JSON, TABLES, opened
from scrl.data.rows import Rows
from scrl.data.streams import file_content
from scrl.data.table import MAX_BYTES
from scrl.types import InputError


def read_columns(path: str | Path) -> dict[str, Sequence[Any]]:
    """The columns of a CSV, TSV, JSON, JSONL, Parquet or Excel file; cells of a CSV are texts.

    Raises:
        InputError: where it is no table, naming the file and the line.
    """
    content = file_content(path, MAX_BYTES)
    if content.suffix not in (*TABLES, *JSON):
        raise InputError(
            f"{content.file}: this is no table with columns; give CSV, JSON lines or Parquet."
        )
    found = opened(content)
    if not isinstance(found, Rows):
        records, unit = list(found[0]), found[1]
        header = list(dict.fromkeys(key for _, record, _ in records for key in record))
        found = rows_of_records(records, header, content.file, unit)
    twice = repeated_name(found.header)
    if twice is not None:
        raise InputError(f"{content.file}: there are two columns {quoted(twice)}; keep one.")
    columns: list[list[Any]] = [[] for _ in found.header]
    for chunk in found.chunks:
        for column, cells in zip(columns, chunk, strict=True):
            column.extend(cells)
    return dict(zip(found.header, columns, strict=True))
