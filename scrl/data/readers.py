"""Files of ratings, read by their format.

CSV and JSON lines leave completions that are absent from a ballot unseen; the incomplete orders of
PrefLib tie them last. Every fault of a file is an ``InputError`` of one sentence.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scrl.data.csv_format import read_csv
from scrl.data.files import decode, printable, quoted, read_file, too_large
from scrl.data.jsonl_format import read_jsonl
from scrl.data.preflib import FORMATS, linked_orders_to_csv, parse_preflib
from scrl.data.table import (
    MAX_BYTES,
    MAX_COMPLETIONS,
    check_counts,
    ratings_from_table,
    single_completion_notes,
)
from scrl.data.truncation import truncation_notes
from scrl.types import InputError, Ratings


def load_ratings(path: str | Path, missing: str | None = None) -> Ratings:
    """Read a file of ratings: .csv, .jsonl or .ndjson, .soc, .soi, .toc or .toi.

    >>> ratings = load_ratings("tests/golden/ties.csv")
    >>> ratings.catalogue.prompts
    ('p',)

    Args:
        missing: what a completion left off a ballot means, ``"unseen"`` or ``"last"``; the
            format's own default where None.

    Raises:
        InputError: where the file cannot be read, is too large, or is not in its format.
    """
    return parse_ratings(read_file(path, MAX_BYTES), Path(path).name, missing)


def parse_ratings(data: bytes, filename: str, missing: str | None = None) -> Ratings:
    """As ``load_ratings``, for the bytes of an upload; the suffix of ``filename`` is the format."""
    file = printable(Path(filename).name or filename)
    if missing not in (None, "unseen", "last"):
        raise InputError(f"{file}: missing is {quoted(missing)}; choose 'unseen' or 'last'.")
    suffix = Path(filename).suffix.lower()
    if suffix not in (".csv", ".jsonl", ".ndjson", *FORMATS):
        raise InputError(
            f"{file}: ratings are read from .csv, .jsonl, .ndjson, .soc, .soi, .toc and .toi "
            f"files, not from {quoted(suffix or 'a file without suffix')}."
        )
    if len(data) > MAX_BYTES:
        raise InputError(too_large(file, len(data), MAX_BYTES))
    name = Path(filename).stem
    if suffix in FORMATS:
        ratings = parse_preflib(decode(data, file), file, suffix, missing, name, MAX_COMPLETIONS)
        check_counts(file, len(ratings.rank), len(ratings.raters), 0)
        return replace(
            ratings, notes=(*ratings.notes, *single_completion_notes(ratings.sizes, ratings.absent))
        )
    if suffix == ".csv":
        table = read_csv(linked_orders_to_csv(data, file), file)
    else:
        table = read_jsonl(decode(data, file), file)
    ratings = ratings_from_table(table, missing or "unseen", name)
    if missing is not None:
        return ratings
    return replace(ratings, notes=(*ratings.notes, *truncation_notes(ratings)))
