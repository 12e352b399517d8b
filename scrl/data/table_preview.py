"""The first rows of a table of any format, to choose the columns by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from scrl.data.json_format import rows_of_records
from scrl.data.layouts import ALIASES, columns_by_name
from scrl.data.readers import JSON, TABLES, opened, ratings_from_rows
from scrl.data.rows import Rows
from scrl.data.streams import bytes_content
from scrl.data.table import MAX_BYTES
from scrl.types import InputError, Ratings


@dataclass(frozen=True)
class TablePreview:
    """The first rows of a table.

    Attributes:
        header: names of the columns.
        cells: the columns of the first rows, as texts.
    """

    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    _rows: Rows = field(repr=False)
    _chunk: Sequence[Sequence[Any]] = field(repr=False)
    _name: str = "ratings"

    def ratings(self, columns: Mapping[str, object]) -> Ratings:
        """What the first rows are with these columns; as of ``load_ratings``.

        Raises:
            InputError: where they are none.
        """
        return ratings_from_rows(
            replace(self._rows, chunks=iter([self._chunk])), columns, None, self._name
        )

    def suggested(self) -> dict[str, str]:
        """Role -> column, by the columns' names."""
        names = columns_by_name(self.header)
        roles = ("rater", "prompt", "completion", "score", "chosen", "rejected", "rank", "penalty",
                 "time")  # fmt: skip
        found = {}
        for role in roles:
            known = (name for name in (role, *ALIASES.get(role, ())) if name in names)
            if (name := next(known, None)) is not None:
                found[role] = names[name]
        return found


def preview_table(data: bytes, filename: str, rows: int = 200) -> TablePreview:
    """The first rows of an upload.

    >>> preview_table(b"user,film,stars\\nann,Alien,5\\n", "films.csv").suggested()
    {'rater': 'user', 'score': 'stars'}

    Raises:
        InputError: where it is no table.
    """
    content = bytes_content(data, filename, MAX_BYTES)
    if content.suffix not in (*TABLES, *JSON):
        raise InputError(f"{content.file}: this is no table with columns.")
    found = opened(content)
    if not isinstance(found, Rows):
        records, unit = list(islice(found[0], rows)), found[1]
        header = list(dict.fromkeys(key for _, record, _ in records for key in record))
        found = rows_of_records(records, header, content.file, unit)
    chunk = next(_cut(found.chunks, rows), None)
    if chunk is None:
        raise InputError(f"{content.file}: there is a header but no row; give at least one rating.")
    cells = tuple(tuple(found.shown(column)) for column in chunk)
    return TablePreview(tuple(found.header), cells, found, chunk, Path(content.name).stem)


def _cut(chunks: Iterator[Sequence[Sequence[Any]]], rows: int) -> Iterator[list[Sequence[Any]]]:
    """The first ``rows`` of the first chunk."""
    for chunk in chain(islice(chunks, 1)):
        yield [column[:rows] for column in chunk]
