"""Files of ratings, read by their format.

Tables and JSON leave completions that are absent from a ballot unseen; the incomplete orders of
PrefLib tie them last. Every fault of a file is an ``InputError`` of one sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from scrl.data.assembly import ratings_from_table
from scrl.data.csv_format import csv_rows
from scrl.data.files import decode, quoted
from scrl.data.folders import folder_contents
from scrl.data.individuals import NO_INDIVIDUALS
from scrl.data.json_format import json_records, rows_of_records
from scrl.data.layouts import FEATURES, RATER_FEATURE, Layout, check_used_once, find_layout
from scrl.data.long_format import read_long
from scrl.data.messages import plain_list
from scrl.data.parquet_format import parquet_rows
from scrl.data.preflib import (
    FORMATS,
    MAX_LINKED,
    is_linked,
    linked_orders_to_csv,
    parse_preflib,
)
from scrl.data.preflib_other import (
    CATEGORIES,
    GRAPH,
    check_is_ranking,
    graph_rows,
    parse_categories,
)
from scrl.data.record_format import Record, read_records
from scrl.data.rows import CHUNK, Rows, check_columns
from scrl.data.short_names import with_short_names
from scrl.data.streams import Content, bytes_content, file_content
from scrl.data.table import (
    MAX_BYTES,
    MAX_COMPLETIONS,
    MAX_RATERS,
    Table,
    check_counts,
    single_completion_notes,
)
from scrl.data.truncation import truncation_notes
from scrl.data.wide_format import read_wide
from scrl.data.wide_layouts import wide_layout
from scrl.data.xlsx_format import xlsx_rows
from scrl.types import InputError, Ratings

TABLES = {".csv": csv_rows, ".tsv": csv_rows, ".tab": csv_rows, ".txt": csv_rows,
          ".parquet": parquet_rows, ".xlsx": xlsx_rows}  # fmt: skip
JSON = (".jsonl", ".ndjson", ".json")
#: Keys whose value may be a list of objects within one row.
_LISTS = ("chosen", "rejected", "ranking", "prompt", "completion", "completions", "messages")
#: Rows, and cells, by which the layout of a table with a row a person is told.
_SHOWN_ROWS, _SHOWN_CELLS = 50, 1_000_000
#: Suffixes of files with ratings; those of texts may be followed by .gz.
SUFFIXES = (*TABLES, *JSON, *FORMATS, CATEGORIES, GRAPH)


def load_ratings(
    path: str | Path,
    missing: str | None = None,
    columns: Mapping[str, object] | None = None,
    *,
    most_raters: int = MAX_RATERS,
) -> Ratings:
    """Read a file or folder of ratings; docs/files.md lists the formats and shapes.

    >>> ratings = load_ratings("tests/golden/ties.csv")
    >>> ratings.catalogue.prompts
    ('p',)

    Args:
        path: a file (.csv, .tsv, .jsonl, .json, .parquet, .xlsx, PrefLib's; texts also with .gz),
            or a folder of .parquet, .jsonl or .csv files of one table, as a hub gives it.
        missing: what a completion left off a ballot means, ``"unseen"`` or ``"last"``; the
            format's own default where None.
        columns: names of columns that are not called as in docs/files.md, such as ``{"rater":
            "user", "completion": "film", "score": "stars"}``; also ``items`` and ``values`` of a
            table with a row a person.
        most_raters: how many raters there may be; what counts ballots, and fits nothing to them,
            needs no limit but that of the rows.

    Raises:
        InputError: where the file cannot be read, is too large, or is not in its format.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"{quoted(path)} is no path of a file; give one as text.")
    path = Path(path)
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        content = file_content(path, MAX_BYTES)
        return _ratings_of(content, missing, columns, most_raters=most_raters)
    contents, notes = folder_contents(path, MAX_BYTES)
    ratings = _ratings_of(
        contents[0], missing, columns, contents[1:], path.resolve().name, most_raters
    )
    return replace(ratings, notes=(*ratings.notes, *notes))


def parse_ratings(
    data: bytes,
    filename: str,
    missing: str | None = None,
    columns: Mapping[str, object] | None = None,
) -> Ratings:
    """As ``load_ratings``, for the bytes of an upload; the suffix of ``filename`` is the format."""
    return _ratings_of(bytes_content(data, filename, MAX_BYTES), missing, columns)


def _ratings_of(
    content: Content,
    missing: str | None,
    columns: Mapping[str, object] | None,
    more: list[Content] | None = None,
    name: str | None = None,
    most_raters: int = MAX_RATERS,
) -> Ratings:
    file, suffix = content.file, content.suffix
    _check_options(file, missing, columns)
    if suffix not in SUFFIXES:
        raise InputError(
            f"{file}: ratings are read from {', '.join(SUFFIXES)} files, not from "
            f"{quoted(suffix or 'a file without suffix')}; published elections, such as cast-vote "
            "records, BLT files and ZIP archives, are counted by 'scrl vote' and "
            "scrl.read_election."
        )
    name = name or Path(content.name).stem
    if suffix == GRAPH:
        edges = graph_rows(decode(content.read(), file), file)
        edges.most_raters = most_raters
        return check_is_ranking(ratings_from_rows(edges, None, missing, name), file)
    if suffix in (*FORMATS, CATEGORIES):
        return _preflib_ratings(content, missing, name, most_raters)
    rows: Rows | None = None
    unit, parts = "", (content, *(more or ()))
    for part in parts:
        found = opened(part)
        if isinstance(found, Rows):
            rows = found if rows is None else _joined(rows, found)
        else:
            unit = found[1]
    if rows is not None:
        rows.most_raters = most_raters
        return ratings_from_rows(rows, columns, missing, name)

    def records() -> Iterator[Record]:
        return chain.from_iterable(json_records(part)[0] for part in parts)

    table = _record_table(records, unit, columns, file, name, most_raters)
    return _finished(table, missing, name)


def _preflib_ratings(content: Content, missing: str | None, name: str, most_raters: int) -> Ratings:
    file, text = content.file, decode(content.read(), content.file)
    if content.suffix == CATEGORIES:
        ratings = parse_categories(text, file, missing, name, MAX_COMPLETIONS)
    else:
        ratings = parse_preflib(text, file, content.suffix, missing, name, MAX_COMPLETIONS)
    check_counts(file, len(ratings.rank), len(ratings.raters), 0, most_raters)
    ratings = replace(ratings, catalogue=with_short_names(ratings.catalogue))
    single = single_completion_notes(ratings.sizes, ratings.absent)
    return replace(ratings, notes=(*ratings.notes, *single))


def opened(content: Content) -> Rows | tuple[Iterator[Record], str]:
    """The rows of a table, or the records of JSON and what they are counted in."""
    if content.suffix in JSON:
        return json_records(content)
    if content.suffix == ".csv" and is_linked(content.head()):
        whole = linked_orders_to_csv(content.read(), content.file)
        content = bytes_content(whole, content.file, MAX_LINKED)
    return TABLES[content.suffix](content)


def _joined(one: Rows, two: Rows) -> Rows:
    """The rows of two tables with the same columns, one after the other."""
    if one.header != two.header:
        raise InputError(
            f"{two.file}: the columns differ from those of {one.file}; give files of one table."
        )
    return replace(one, chunks=chain(one.chunks, two.chunks))


def ratings_from_rows(
    rows: Rows, columns: Mapping[str, object] | None, missing: str | None, name: str
) -> Ratings:
    """The ratings in a table of any format.

    Args:
        columns, missing: as of ``load_ratings``.
    """
    _check_options(rows.file, missing, columns)
    table = _table(rows, _layout_of(rows, columns), name)
    table.notes += [rows.note] if rows.note else []
    return _finished(table, missing, name)


def _layout_of(rows: Rows, columns: Mapping[str, object] | None) -> Layout:
    """The layout of a table: told by its header, or by the cells of its first rows."""
    place = f"{rows.file}: line 1" if rows.text else rows.file
    layout = find_layout(rows.header, columns, place)
    if layout is not None:
        return layout
    first = next(rows.chunks, None)
    if first is None:
        raise InputError(f"{rows.file}: there is a header but no row; give at least one rating.")
    rows.chunks = chain([first], rows.chunks)
    shown = max(_SHOWN_ROWS, _SHOWN_CELLS // max(len(rows.header), 1))
    sample = {
        column: [str(cell) for cell in rows.shown(cells[:shown])]
        for column, cells in reversed(list(zip(rows.header, first, strict=True)))
    }
    layout = wide_layout(rows.header, sample, columns, place)
    check_used_once(layout, rows.header, place)
    return layout


def _table(rows: Rows, layout: Layout, name: str) -> Table:
    if layout.kind == "long":
        return read_long(rows, layout, name)
    if layout.kind in ("wide", "choices"):
        return read_wide(rows, layout, name)
    records = ((line, record, _fingerprint(record)) for line, record in rows.records())
    return read_records(records, layout, rows.file, rows.unit, name, rows.line_of, rows.most_raters)


def _fingerprint(record: Mapping[str, object]) -> int:
    """A number that is equal for rows of equal values."""
    # Python's own hash is equal for some unequal numbers, such as -1 and -2.
    values = repr([plain_list(value) for value in record.values()])
    digest = hashlib.blake2b(values.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _record_table(
    records: Callable[[], Iterator[Record]],
    unit: str,
    columns: Mapping[str, object] | None,
    file: str,
    name: str,
    most_raters: int,
) -> Table:
    """The table in JSON, whose keys tell its shape.

    The keys of the first rows nearly always are all. Where later ones have more, and these change
    how the table is read, it is read again.

    Args:
        records: gives the objects from the first on.
    """
    keys: dict[str, None] = {}

    def watched() -> Iterator[Record]:
        for record in records():
            if not record[1].keys() <= keys.keys():
                keys.update(dict.fromkeys(record[1]))
                check_columns(len(keys), file, "different keys")
            yield record

    while True:
        rest = watched()
        first = list(islice(rest, CHUNK))
        if not first:
            raise InputError(f"{file}: the file is empty.")
        header = list(keys)
        _check_not_wrapped(first[0][1], file)
        layout = find_layout([key.strip() for key in header], columns, file)
        if layout is not None and layout.kind not in ("long", "wide", "choices"):
            table = read_records(chain(first, rest), layout, file, unit, name, None, most_raters)
        else:
            rows = rows_of_records(chain(first, rest), header, file, unit)
            rows.most_raters = most_raters
            table = _table(rows, _layout_of(rows, columns), name)
        added = list(keys)[len(header) :]
        if not added:
            return table
        is_feature = any(key.casefold().startswith((*FEATURES, RATER_FEATURE)) for key in added)
        if not is_feature and layout == find_layout([k.strip() for k in keys], columns, file):
            return table


def _check_not_wrapped(record: Mapping[str, object], file: str) -> None:
    """Raise ``InputError`` where the rows are a list within the one object of the file."""
    if len(record) != 1:
        return
    ((key, value),) = record.items()
    rows = value if isinstance(value, list) and key.casefold() not in _LISTS else []
    if rows and all(isinstance(row, Mapping) for row in rows):
        raise InputError(
            f"{file}: the rows stand in a list under {quoted(key)}; give that list alone, or "
            "one object a line."
        )


def _finished(table: Table, missing: str | None, name: str) -> Ratings:
    """The ratings of a table, with notes on what to know of them."""
    ratings = ratings_from_table(table, missing or "unseen", name)
    notes = ratings.notes
    if not ratings.individuals:
        return replace(ratings, notes=(NO_INDIVIDUALS, *notes))
    if missing is not None:
        return ratings
    return replace(ratings, notes=(*notes, *truncation_notes(ratings)))


def _check_options(file: str, missing: object, columns: object) -> None:
    if columns is not None and not isinstance(columns, Mapping):
        raise InputError(
            f"{file}: columns is {quoted(columns)}; give role and column, such as "
            "{'rater': 'user'}."
        )
    if missing not in (None, "unseen", "last"):
        raise InputError(f"{file}: missing is {quoted(missing)}; choose 'unseen' or 'last'.")
