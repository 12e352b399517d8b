"""Rows of Parquet files, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scrl.data.files import quoted
from scrl.data.rows import CHUNK, Rows
from scrl.data.streams import Content
from scrl.data.table import MAX_ROWS
from scrl.types import InputError

#: Bytes of all values, unpacked, by what the file says of itself.
MAX_UNPACKED = 2_000_000_000


def parquet_rows(content: Content) -> Rows:
    """The rows of a Parquet file.

    Raises:
        InputError: where it is damaged or too large, or where ``pyarrow`` is not installed.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise InputError(
            f"{content.file}: Parquet files need pyarrow; run pip install 'scrl[tables]'."
        ) from None
    with _readable(content.file):
        file = parquet.ParquetFile(content.open())
        about = file.metadata
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        header = [name.strip() for name in file.schema_arrow.names]
    if about.num_rows > MAX_ROWS:
        raise InputError(
            f"{content.file}: there are more rows than the limit of {MAX_ROWS:,} rows."
        )
    if unpacked > MAX_UNPACKED:
        raise InputError(
            f"{content.file}: unpacked it is larger than the limit of {MAX_UNPACKED / 1e6:,.0f} MB."
        )
    if not header:
        raise InputError(f"{content.file}: the file has no columns.")
    return Rows(
        content.file, header, _chunks(content.file, file), lambda row: row + 1, "row", text=False
    )


def _chunks(name: str, file: Any) -> Iterator[Sequence[Sequence[Any]]]:
    batches = file.iter_batches(CHUNK, use_threads=False)
    while True:
        with _readable(name):
            batch = next(batches, None)
            if batch is None:
                return
            columns = [column.to_pylist() for column in batch.columns]
        if batch.num_rows:
            yield columns


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Faults of the file as ``InputError``."""
    try:
        yield
    except Exception as error:  # a damaged file raises errors of many kinds
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name}: this is not readable as Parquet ({quoted(error)[1:-1]})."
        ) from None
