"""Tables on disk as a stream of Arrow record batches: Parquet, Arrow IPC and CSV files.

A file is opened once and read from its first row to its last.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scrl.data.csv_format import separator_of
from scrl.data.files import check_text, printable, quoted
from scrl.data.rows import MAX_COLUMNS
from scrl.data.streams import file_content
from scrl.types import InputError

#: Endings of the files that are read, by the format.
PARQUET = (".parquet",)
ARROW = (".arrow", ".feather", ".ipc", ".arrows")
CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
#: Bytes of a CSV that are parsed at once.
CSV_BLOCK = 4_000_000
#: The fewest bytes of a row of a CSV with a rater, a prompt, a completion and a rank.
_LEAST_ROW = 8
_MAX_FILES = 10_000
_ANY_SIZE = 1 << 62


class Part(NamedTuple):
    """Some rows of a file: the first has this number in the file, from 0. Where rows were left out
    of the batch, ``kept`` are the places of the others ``[rows]``."""

    file: str
    first: int
    batch: Any
    kept: np.ndarray | None = None


@dataclass(frozen=True)
class Source:
    """The files of one table.

    Attributes:
        name: of the data, which is the prompt's where no column names prompts.
        file: what to call them together in messages.
        header: names of the columns, the same in all files.
        files: their paths.
        comma: whether 1,5 is a number; escaped: whether an apostrophe may stand before a text.
        most_rows: an upper bound of the number of rows.
        notes: remarks on files that are not read.
    """

    name: str
    file: str
    header: list[str]
    files: tuple[Path, ...]
    comma: bool
    escaped: bool
    most_rows: int
    notes: tuple[str, ...] = ()

    def parts(self, columns: Sequence[str], rows: int) -> Iterator[Part]:
        """The rows in parts of at most ``rows``.

        Args:
            columns: those that are read.

        Raises:
            InputError: naming the file that is damaged.
        """
        for path in self.files:
            file, first = printable(path.name), 0
            with _readable(file, path):
                for batch in _reader(path).batches(path, self.header, list(columns), rows):
                    for start in range(0, batch.num_rows, rows):
                        part = batch.slice(start, rows)
                        yield Part(file, first, part)
                        first += part.num_rows


def open_source(path: str | Path) -> Source:
    """The table in a file, or in all files of one format in a folder.

    Raises:
        InputError: where there is none, or files of a folder have different columns.
    """
    path = Path(path)
    name = printable(path.name or path)
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise InputError(
            f"{name}: packing needs pyarrow; run pip install 'scrl[tables]'."
        ) from None
    files, notes = _files_of_folder(path) if os.path.isdir(path) else ([path], ())
    heads = [_head(file) for file in files]
    for file, head in zip(files, heads, strict=True):
        if head.names != heads[0].names:
            raise InputError(
                f"{printable(file.name)}: the columns differ from those of "
                f"{printable(files[0].name)}; give files of one table."
            )
    return Source(
        printable(path.stem or name), name, heads[0].names, tuple(files),
        any(head.comma for head in heads), _reader(files[0]) is _CSV,
        sum(head.rows for head in heads), notes,
    )  # fmt: skip


def _files_of_folder(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The files of one table in a folder, and a note on those that are not read."""
    found = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part[0] in "._" for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.name.lower().endswith(PARQUET + ARROW + CSV):
            found.append(path)
        if len(found) > _MAX_FILES:
            raise InputError(f"{printable(folder)}: there are more than {_MAX_FILES:,} files.")
    kind = next((k for k in (PARQUET, ARROW, CSV) if any(_ends(p, k) for p in found)), None)
    if kind is None:
        raise InputError(
            f"{printable(folder)}: this folder holds no .parquet, .arrow or .csv file; give one "
            "that does, or a file."
        )
    files = [path for path in found if _ends(path, kind)]
    # Hubs name the parts of a data set; only the training part is training data.
    train = [path for path in files if "train" in path.relative_to(folder).as_posix().lower()]
    chosen = train or files
    left = len(found) - len(chosen)
    return chosen, (f"Read {len(chosen)} files; {left} others are not read.",) if left else ()


def _ends(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


class _Head(NamedTuple):
    """Of a file: names of its columns, the most rows it may have, whether 1,5 is a number."""

    names: list[str]
    rows: int
    comma: bool = False


@dataclass(frozen=True)
class _Reader:
    """How files of one format are read.

    Attributes:
        endings: of their names; format: what it is called in messages.
        head: of a file.
        batches: of a file: (path, header, columns, rows) -> record batches of the columns.
    """

    endings: tuple[str, ...]
    format: str
    head: Callable[[Path], _Head]
    batches: Callable[[Path, list[str], list[str], int], Iterator[Any]]


def _reader(path: Path) -> _Reader:
    for reader in (_PARQUET, _ARROW, _CSV):
        if _ends(path, reader.endings):
            return reader
    raise InputError(
        f"{printable(path.name)}: packing reads .parquet, .arrow and .csv files, and folders of "
        "them."
    )


def _head(path: Path) -> _Head:
    file_content(path, _ANY_SIZE)  # an InputError for what is no readable file
    with _readable(printable(path.name), path):
        head = _reader(path).head(path)
    if not head.names:
        raise InputError(f"{printable(path.name)}: the file has no columns.")
    if len(head.names) > MAX_COLUMNS:
        raise InputError(
            f"{printable(path.name)}: there are more columns than the limit of {MAX_COLUMNS:,}."
        )
    return head._replace(names=[name.strip() for name in head.names])


@contextmanager
def _readable(file: str, path: Path) -> Iterator[None]:
    """Faults of a file as ``InputError``."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeError, EOFError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{file}: this is not readable as {_reader(path).format} "
            f"({quoted(' '.join(str(error).split()))[1:-1]})."
        ) from None


def _parquet_head(path: Path) -> _Head:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        return _Head(list(file.schema_arrow.names), file.metadata.num_rows)


def _parquet_batches(path: Path, header: list[str], columns: list[str], rows: int) -> Iterator[Any]:
    """Batches of a Parquet file. Pages are read as they are needed, and texts stay in their
    dictionaries, so that memory does not follow the row group."""
    import pyarrow
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
    index = [header.index(name) for name in columns]
    kinds = pyarrow.string(), pyarrow.large_string()
    texts = [schema.names[i] for i in index if schema.types[i] in kinds]
    with parquet.ParquetFile(path, read_dictionary=texts, buffer_size=1 << 20) as file:
        names = [schema.names[i] for i in index]
        for groups in _row_groups(file, rows):
            for batch in file.iter_batches(rows, groups, names, use_threads=False):
                yield batch.select(names).rename_columns(columns)


def _row_groups(file: Any, rows: int) -> Iterator[list[int]]:
    """Numbers of row groups with so many rows together, or more. A reader keeps the dictionaries of
    all row groups that it has passed, so each has few."""
    groups: list[int] = []
    held = 0
    for number in range(file.num_row_groups):
        groups.append(number)
        held += file.metadata.row_group(number).num_rows
        if held >= rows:
            yield groups
            groups, held = [], 0
    if groups:
        yield groups


def _opened_arrow(path: Path) -> Any:
    """An Arrow file, whose batches are mapped into memory, or an Arrow stream."""
    import pyarrow

    source = pyarrow.memory_map(str(path))
    if source.read(6) == b"ARROW1":
        return pyarrow.ipc.open_file(source)
    source.seek(0)
    return pyarrow.ipc.open_stream(source)


def _arrow_head(path: Path) -> _Head:
    opened = _opened_arrow(path)
    if hasattr(opened, "num_record_batches"):
        rows = sum(opened.get_batch(i).num_rows for i in range(opened.num_record_batches))
        return _Head(list(opened.schema.names), rows)
    return _Head(list(opened.schema.names), path.stat().st_size // _LEAST_ROW + 1)


def _arrow_batches(path: Path, header: list[str], columns: list[str], rows: int) -> Iterator[Any]:
    import pyarrow

    opened = _opened_arrow(path)
    index = [header.index(name) for name in columns]
    count = getattr(opened, "num_record_batches", None)
    batches = opened if count is None else (opened.get_batch(i) for i in range(count))
    for batch in batches:
        yield pyarrow.RecordBatch.from_arrays([batch.column(i) for i in index], names=columns)


def _csv_head(path: Path) -> _Head:
    content = file_content(path, _ANY_SIZE)
    start = content.head()
    check_text(start, content.file)
    mark = separator_of(content)
    names, _ = _csv_header(path, mark)
    packed = path.name.lower().endswith(".gz")
    size = path.stat().st_size * (20 if packed else 1)
    return _Head(names, size // _LEAST_ROW + 1, mark == ";")


def _csv_header(path: Path, mark: str) -> tuple[list[str], int]:
    """Names of the columns of a CSV, and how many lines end with them."""
    with file_content(path, _ANY_SIZE).lines("") as lines:
        reader = csv.reader(lines, delimiter=mark, strict=True)
        names = next((row for row in reader if any(name.strip() for name in row)), [])
        return names, reader.line_num


def _has_line_after(path: Path, lines: int) -> bool:
    with file_content(path, _ANY_SIZE).lines("") as found:
        return next(islice(found, lines, None), None) is not None


def _csv_batches(path: Path, header: list[str], columns: list[str], rows: int) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv as arrow_csv

    mark = separator_of(file_content(path, _ANY_SIZE))
    _, lines = _csv_header(path, mark)
    if not _has_line_after(path, lines):
        return  # Arrow calls a file that ends with its header unreadable
    names = [f"column {i}" for i in range(len(header))]
    used = [names[header.index(name)] for name in columns]
    reader = arrow_csv.open_csv(
        pyarrow.input_stream(str(path), compression="detect"),
        arrow_csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK, column_names=names,
                              skip_rows=lines),
        arrow_csv.ParseOptions(delimiter=mark, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types={name: pyarrow.string() for name in names}, include_columns=used,
            strings_can_be_null=False,
        ),
    )  # fmt: skip
    for batch in reader:
        yield batch.rename_columns(columns)


_PARQUET = _Reader(PARQUET, "Parquet", _parquet_head, _parquet_batches)
_ARROW = _Reader(ARROW, "Arrow IPC", _arrow_head, _arrow_batches)
_CSV = _Reader(CSV, "CSV", _csv_head, _csv_batches)
