"""Ratings as CSV, read and written.

Columns ``rater,prompt,completion`` and one of ``rank``, ``score`` and ``penalty``; optional
``ballot``, ``weight``, ``rater_group``, ``prompt_text``, ``completion_text``, ``feature_…``,
``prompt_feature_…`` and ``rater_feature_…``.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from scrl.data.files import check_text, decode, printable, quoted
from scrl.data.table import (
    MAX_FEATURE,
    MAX_WEIGHT,
    Coder,
    Column,
    Table,
    check_counts,
    stripped,
)
from scrl.types import InputError, Ratings

#: value column -> its sign, so that lower is better
_VALUES = {"rank": 1.0, "score": -1.0, "penalty": 1.0}
_KEYS = ("rater", "prompt", "completion")
_TEXTS = ("rater_group", "prompt_text", "completion_text")
_OPTIONAL = ("ballot", "weight", *_TEXTS)
_FEATURES, _RATER_FEATURE = ("feature_", "prompt_feature_"), "rater_feature_"
#: Rows numbered at once: few enough to stay in the processor's cache (twice as fast as 65,536).
_CHUNK = 4096


# -- reading --------------------------------------------------------------------------------------


def read_csv(data: bytes, file: str) -> Table:
    """The rows of a CSV file.

    Args:
        file: what to call it in messages.

    Raises:
        InputError: naming ``file`` and the line.
    """
    check_text(data, file)
    header, columns = _read_columns(data, file)
    for name in _TEXTS:
        if name in columns:
            columns[name] = stripped(columns[name])
    table = Table(
        file, partial(_line_of, data, 0), columns["rater"], columns["prompt"],
        columns["completion"], columns["ballot"].codes if "ballot" in columns else None,
        np.zeros(0),
        texts={name: columns[name] for name in _TEXTS if name in columns},
    )  # fmt: skip
    for name in _KEYS:
        _check_filled(table, columns[name], name)
    (value,) = (name for name in _VALUES if name in columns)
    table.value = _VALUES[value] * _numbers(table, columns[value], value)
    if "weight" in columns:
        table.weight = _numbers(table, columns["weight"], "weight", most=MAX_WEIGHT, positive=True)
    for prefix in _FEATURES:
        names = [name for name in columns if name.startswith(prefix)]
        if names:
            table.features[prefix] = np.stack(
                [_numbers(table, columns[name], name, most=MAX_FEATURE) for name in names], axis=1
            )
    for name in columns:
        if name.startswith(_RATER_FEATURE):
            values = _numbers(table, columns[name], name, most=MAX_FEATURE, optional=True)
            rows = np.flatnonzero(~np.isnan(values))
            table.rater_features[name] = rows, values[rows]
    table.notes += _ignored_note(header)
    return table


def _read_columns(data: bytes, file: str) -> tuple[list[str], dict[str, Column]]:
    """The header, and the columns that are used."""
    reader, rows = _rows(data)
    try:
        header = [name.strip() for name in next(rows, [])]
        if not header:
            raise InputError(f"{file}: the file is empty.")
        _check_header(header, file)
        used = [i for i, name in enumerate(header) if _used(name)]
        coders = {header[i]: Coder() for i in used}
        chunks: dict[str, list[np.ndarray]] = {header[i]: [] for i in used}
        count = 0
        while chunk := list(islice(rows, _CHUNK)):
            _check_widths(chunk, len(header), file, partial(_line_of, data, count))
            columns = list(zip(*chunk, strict=True))
            for i in used:
                chunks[header[i]].append(coders[header[i]].codes(columns[i], len(chunk)))
            count += len(chunk)
            check_counts(file, count, len(coders["rater"]), len(coders["completion"]))
    except UnicodeDecodeError:
        decode(data, file)
        raise
    except csv.Error as error:
        what = str(error)
        if "field limit" in what:
            what = f"a field is longer than {csv.field_size_limit():,} characters"
        raise InputError(
            f"{file}: line {max(reader.line_num, 1)}: this is not a well-formed CSV ({what}); look "
            "for a quotation mark that is not closed, or is not doubled inside quotes."
        ) from None
    if not count:
        raise InputError(f"{file}: there is a header but no row; give at least one rating.")
    return header, {n: Column(np.concatenate(chunks[n]), list(coders[n])) for n in chunks}


def _rows(data: bytes) -> tuple[Any, Iterator[list[str]]]:
    """The CSV reader and its rows, header first, without rows in which every field is empty."""
    # newline="" leaves line ends inside quotes as they are.
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(lines, strict=True)
    return reader, filter(any, reader)


def _line_of(data: bytes, first: int, row: int) -> int:
    """The line of row ``first + row``.

    Only a fault needs a line, so the file is read again rather than every line number kept.
    """
    reader, _ = _rows(data)
    seen, start = -1, 1  # -1 is the header
    for record in reader:
        if any(record):
            if seen == first + row:
                break
            seen += 1
        start = reader.line_num + 1
    return start


def _check_widths(
    rows: Sequence[Sequence[str]], width: int, file: str, line_of: Callable[[int], int]
) -> None:
    if set(map(len, rows)) == {width}:
        return
    at, bad = next((i, row) for i, row in enumerate(rows) if len(row) != width)
    raise InputError(
        f"{file}: line {line_of(at)}: there are {len(bad)} fields where the header has {width}; "
        "put quotes around a field that holds a comma."
    )


def _check_filled(table: Table, column: Column, name: str) -> None:
    empty = [i for i, text in enumerate(column.values) if not text.strip()]
    if empty:
        row = int(np.flatnonzero(np.isin(column.codes, empty))[0])
        table.fail(f"{name} is empty; give every row a {name}.", row)


def _ignored_note(header: Sequence[str]) -> list[str]:
    """A note on the columns that are not used; none where all are."""
    ignored = [name or "(unnamed)" for name in header if not _used(name)]
    if not ignored:
        return []
    shown = ", ".join(quoted(name)[1:-1] for name in ignored[:10])
    more = f" and {len(ignored) - 10} more" if len(ignored) > 10 else ""
    return [f"Ignored columns: {shown}{more}."]


def _used(name: str) -> bool:
    return name in (*_KEYS, *_VALUES, *_OPTIONAL) or name.startswith((*_FEATURES, _RATER_FEATURE))


def _check_header(header: list[str], file: str) -> None:
    found = ", ".join(quoted(name)[1:-1] for name in header[:8]) + (", …" * (len(header) > 8))
    values = [name for name in _VALUES if name in header]
    lacking = [name for name in _KEYS if name not in header]
    if lacking or not values:
        for mark, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(header) < 3 and mark in header[0]:
                raise InputError(
                    f"{file}: line 1: columns are separated by {name}, and ratings are "
                    "rater,prompt,completion,rank; save it with commas in these columns."
                )
        lacking += [] if values else ["rank (or score, or penalty)"]
        raise InputError(
            f"{file}: line 1: missing column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; found "
            f"{found}."
        )
    if len(values) > 1:
        raise InputError(
            f"{file}: line 1: there are columns {' and '.join(values)}; keep one of them."
        )
    twice = [name for i, name in enumerate(header) if _used(name) and name in header[:i]]
    if twice:
        raise InputError(f"{file}: line 1: column {quoted(twice[0])} stands twice; keep one.")


def _numbers(
    table: Table,
    column: Column,
    field: str,
    most: float = math.inf,
    positive: bool = False,
    optional: bool = False,
) -> np.ndarray:
    """The column as finite numbers ``[rows]``.

    Args:
        optional: whether a cell may be empty, which is NaN then.
    """

    def number(text: str) -> float:
        try:
            return math.nan if "_" in text else float(text)
        except ValueError:
            return math.nan

    numbers = np.array([number(text) for text in column.values])
    bad = ~np.isfinite(numbers) | (np.abs(numbers) > most) | (positive & ~(numbers > 0))
    bad &= ~np.array([optional and not text.strip() for text in column.values])
    if bad.any():
        row = int(np.flatnonzero(bad[column.codes])[0])
        text = column.values[column.codes[row]]
        advice = " greater than 0" if positive else " (1 = best)" if field == "rank" else ""
        advice += f", {most:g} at most" if most < math.inf else ""
        advice += ", or leave it empty where it is unknown" if optional else ""
        found = quoted(text) if text.strip() else "empty"
        table.fail(f"{quoted(field)[1:-1]} is {found}; give a finite number{advice}.", row)
    return numbers[column.codes]


# -- writing --------------------------------------------------------------------------------------


def save_ratings(ratings: Ratings, path: str | Path) -> None:
    """Write ``to_csv(ratings)`` to ``path``.

    Raises:
        InputError: where the file cannot be written.
    """
    try:
        Path(path).write_text(to_csv(ratings), encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{printable(path)}: the file cannot be written ({reason}).") from error


def to_csv(ratings: Ratings) -> str:
    """``ratings`` as a CSV that loads to the same ballots, weights, groups, texts and features.

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
    if len(np.unique(pairs)) < r.ballots:
        columns["ballot"] = entry.tolist()
    if (r.ballot_weight != 1).any():
        columns["weight"] = r.ballot_weight[entry].tolist()
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
        columns[f"{_RATER_FEATURE}{j}"] = texts(["" if v != v else str(v) for v in feature], rater)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()
