"""Ratings as text with separators (CSV, TSV), read and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from scrl.data.files import printable, quoted, too_many_empty
from scrl.data.layouts import RATER_FEATURE
from scrl.data.limits import MAX_EMPTY
from scrl.data.rows import CHUNK, Rows, check_columns
from scrl.data.spreadsheets import safe_csv
from scrl.data.streams import Content
from scrl.data.table import MAX_TEXT
from scrl.types import InputError, Ratings
from scrl.whole_files import write_whole

csv.field_size_limit(MAX_TEXT)
#: What may separate fields -> its name.
_MARKS = {",": "comma", ";": "semicolon", "\t": "tab"}

# -- reading --------------------------------------------------------------------------------------


def csv_rows(content: Content) -> Rows:
    """The rows of a file whose fields are separated by commas, semicolons or tabs.

    Raises:
        InputError: naming the file and the line.
    """
    mark = separator_of(content)
    reader, records = _records(content, mark)
    chunks = _chunks(content, mark, reader, records)
    header = next(chunks)
    return Rows(
        content.file, header, chunks, partial(_line_of, content, mark, 0),
        decimal_comma=mark == ";", escaped=True,
    )  # fmt: skip


def separator_of(content: Content) -> str:
    """What separates the columns of the header: commas, semicolons or tabs."""
    line = next((line for line in content.head().splitlines() if line.strip()), b"")
    if content.suffix in (".tsv", ".tab"):
        return "\t"
    counts = {mark: line.count(mark.encode()) for mark in _MARKS}
    return max(counts, key=counts.__getitem__) if any(counts.values()) else ","


def _chunks(
    content: Content, mark: str, reader: Any, records: Iterator[list[str]]
) -> Iterator[Any]:
    """The header, then the columns of up to ``CHUNK`` rows at a time."""
    file = content.file
    try:
        header: list[str] = []
        for record in records:
            header = [name.strip() for name in record]
            if any(header):
                break
        if not any(header):
            raise InputError(f"{file}: the file is empty.")
        if header[0].startswith(('{"', '[{"')):
            raise InputError(f"{file}: this is JSON; name the file .jsonl, or .json for an array.")
        check_columns(len(header), file)
        yield header
        count = 0
        while chunk := list(islice(records, CHUNK)):
            _check_widths(chunk, len(header), file, mark, partial(_line_of, content, mark, count))
            count += len(chunk)
            yield list(zip(*chunk, strict=True))
    except UnicodeDecodeError:
        content.fail_encoding()
        raise
    except csv.Error as error:
        what = _fault(str(error))
        raise InputError(
            f"{file}: line {max(reader.line_num, 1)}: this is not a well-formed CSV ({what}); look "
            "for a quotation mark that is not closed, or is not doubled inside quotes."
        ) from None


def _records(content: Content, mark: str) -> tuple[Any, Iterator[list[str]]]:
    """The CSV reader and its rows, header first, without rows in which every field is empty."""
    # newline="" leaves line ends inside quotes as they are.
    reader = csv.reader(content.lines(""), delimiter=mark, strict=True)
    return reader, _not_empty(reader, content.file)


def _not_empty(reader: Any, file: str) -> Iterator[list[str]]:
    empty = 0
    for record in reader:
        if any(record):
            empty = 0
            yield record
        else:
            empty += 1
            if empty > MAX_EMPTY:
                raise InputError(too_many_empty(file, reader.line_num))


def _fault(said: str) -> str:
    """What the CSV reader says of a fault, in words for the person who wrote the file."""
    if "field limit" in said:
        return f"a field is longer than {csv.field_size_limit():,} characters"
    if "expected after" in said:
        return "text follows a closing quotation mark"
    if "end of data" in said:
        return "the file ends inside quotation marks"
    return quoted(said)[1:-1]


def _line_of(content: Content, mark: str, first: int, row: int) -> int:
    """The line of row ``first + row``.

    Only a fault needs a line, so the file is read again rather than every line number kept.
    """
    reader, _ = _records(content, mark)
    seen, start = -1, 1  # -1 is the header
    for record in reader:
        if any(record) and (seen >= 0 or any(name.strip() for name in record)):
            if seen == first + row:
                break
            seen += 1
        start = reader.line_num + 1
    return start


def _check_widths(
    rows: Sequence[Sequence[str]], width: int, file: str, mark: str,
    line_of: Callable[[int], int],
) -> None:  # fmt: skip
    if set(map(len, rows)) == {width}:
        return
    at, bad = next((i, row) for i, row in enumerate(rows) if len(row) != width)
    name, other = _MARKS[mark], _other_mark(bad, width)
    if other:
        advice = f"the header has {name}s between its names and this row {other}s; use one of them"
    elif len(bad) > width == 1:
        advice = "give the names of the columns in the first line"
    elif len(bad) > width:
        advice = f'put double quotes (") around a field that holds a {name}'
    else:
        marks = f"{name}s" if width > 2 else name
        advice = f"give every row {width - 1} {marks}, also where fields are empty"
    fields = "is 1 field" if len(bad) == 1 else f"are {len(bad)} fields"
    raise InputError(
        f"{file}: line {line_of(at)}: there {fields} where the header has {width}; {advice}."
    )


def _other_mark(row: Sequence[str], width: int) -> str:
    """What else than the header's mark separates the fields of a row; "" where nothing does."""
    if len(row) > 1 or width == 1:
        return ""
    return next((name for mark, name in _MARKS.items() if row[0].count(mark) == width - 1), "")


# -- writing --------------------------------------------------------------------------------------


def save_ratings(ratings: Ratings, path: str | Path) -> None:
    """Write ``to_csv(ratings)`` to ``path``.

    Raises:
        InputError: where the file cannot be written.
    """
    try:
        write_whole(path, to_csv(ratings))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{printable(path)}: the file cannot be written ({reason}).") from error


def to_csv(ratings: Ratings) -> str:
    """``ratings`` as a CSV that loads to the same ballots, weights, times, groups, texts and
    features.

    A CSV does not hold completions that nobody ranks, raters without a ballot, the names of
    features, and ``absent``: load it with ``missing="last"`` where that is its meaning. Numbering
    is by first appearance in the file.
    """
    r, c = ratings, ratings.catalogue
    entry = r.entry_ballot
    rater, prompt = r.ballot_rater[entry], r.ballot_prompt[entry]

    def texts(names: tuple[str, ...] | list[str], index: np.ndarray) -> list[str]:
        return [names[i] for i in index.tolist()]

    columns: dict[str, list] = {
        "rater": texts(r.raters, rater),
        "prompt": texts(c.prompts, prompt),
        "completion": texts(c.completions, r.completion),
        "rank": (r.rank + 1).tolist(),
    }
    pairs = r.ballot_rater.astype(np.int64) * len(c.prompts) + r.ballot_prompt
    if not r.individuals:
        del columns["rater"]
    if len(np.unique(pairs)) < r.ballots or not r.individuals:
        columns["ballot"] = entry.tolist()
    if (r.ballot_weight != 1).any():
        columns["weight"] = r.ballot_weight[entry].tolist()
    if r.times is not None:
        columns["time"] = ["" if v != v else repr(v) for v in r.times[entry].tolist()]
    if r.rater_type is not None and (r.rater_type >= 0).any():
        columns["rater_group"] = texts((*r.types, ""), r.rater_type[rater])
    if c.prompt_texts != tuple(map(str.strip, c.prompts)):
        columns["prompt_text"] = texts(c.prompt_texts, prompt)
    if c.completion_texts != tuple(map(str.strip, c.completions)):
        columns["completion_text"] = texts(c.completion_texts, r.completion)
    for prefix, features, index in (
        ("prompt_feature_", c.prompt_features, prompt),
        ("feature_", c.completion_features, r.completion),
    ):
        if features is None:
            continue
        for j in range(features.shape[1]):
            # Through str: the shortest decimal of a float32, which reads back to the same one.
            columns[f"{prefix}{j}"] = texts([str(v) for v in features[:, j]], index)
    own = np.empty((len(r.raters), 0)) if r.rater_features is None else r.rater_features
    for j, feature in enumerate(own.T):
        columns[f"{RATER_FEATURE}{j}"] = texts(["" if v != v else str(v) for v in feature], rater)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return safe_csv(out.getvalue())
