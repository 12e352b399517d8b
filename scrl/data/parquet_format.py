"""Rows of Parquet files, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from scrl.data.files import library_words
from scrl.data.rows import CHUNK, Chunk, Rows
from scrl.data.streams import Content
from scrl.data.table import MAX_ROWS
from scrl.types import InputError

#: Bytes of a column of one batch.
MAX_BATCH = 200_000_000
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
        # Texts that recur stand once in a batch, however often rows name them.
        texts = _text_columns(parquet.ParquetFile(content.open()).schema_arrow)
        file = parquet.ParquetFile(content.open(), read_dictionary=texts)
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
            cells = Chunk(batch.num_columns, partial(_cells, name, batch))
        if batch.num_rows:
            yield cells


def _text_columns(schema: Any) -> list[str]:
    """The columns of texts."""
    import pyarrow

    def is_text(kind: Any) -> bool:
        return any(
            test(kind)
            for test in (pyarrow.types.is_string, pyarrow.types.is_large_string,
                         pyarrow.types.is_binary)
        )  # fmt: skip

    # A path with a dot names a part of a column, so that such a column is read as it is.
    return [field.name for field in schema if is_text(field.type) and "." not in field.name]


def _cells(name: str, batch: Any, number: int) -> list[Any]:
    """The cells of a column as Python's own values."""
    import pyarrow

    column = batch.column(number)
    with _readable(name):
        if not isinstance(column, pyarrow.DictionaryArray):
            if column.nbytes > MAX_BATCH:
                raise InputError(
                    f"{name}: {len(column):,} rows of one column are larger than the limit of "
                    f"{MAX_BATCH / 1e6:,.0f} MB."
                )
            return list(column.to_pylist())
        # Only the values of this batch are converted: a dictionary may serve many batches.
        codes = column.indices
        used = codes.unique().drop_null()
        values = dict(zip(used.to_pylist(), column.dictionary.take(used).to_pylist(), strict=True))
        return [values.get(code) for code in codes.to_pylist()]


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Faults of the file as ``InputError``."""
    try:
        yield
    except Exception as error:  # a damaged file raises errors of many kinds
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name}: this is not readable as Parquet{library_words(error)}; write it again."
        ) from None
