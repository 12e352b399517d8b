"""Files of ratings -> ``Ratings``, and back.

CSV, JSON lines and PrefLib by the conventions of this project: where a rater left a completion off
a ballot, CSV and JSON lines mean that nothing is known of it, PrefLib's incomplete orders that it
is tied last. Every fault of a file is an ``InputError`` of one sentence.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from scrl.data.files import check_text, decode, printable, quoted, read_file, too_large
from scrl.data.preflib import FORMATS, linked_orders_to_csv, parse_preflib
from scrl.data.table import (
    MAX_BYTES,
    MAX_COMPLETIONS,
    Coder,
    Column,
    Table,
    check_counts,
    ratings_from_table,
    single_completion_notes,
    stripped,
)
from scrl.types import InputError, Ratings

#: value column -> its sign, so that lower is better
_VALUES = {"rank": 1.0, "score": -1.0, "penalty": 1.0}
_KEYS = ("rater", "prompt", "completion")
_OPTIONAL = ("ballot", "weight", "rater_group", "prompt_text", "completion_text")
#: rows numbered at once: few enough to stay in the processor's cache (twice as fast as 65,536)
_CHUNK = 4096


def load_ratings(path: str | Path, missing: str | None = None) -> Ratings:
    """The ratings in the file ``path``: .csv, .jsonl or .ndjson, .soc, .soi, .toc or .toi.

    ``missing`` ("unseen" or "last") says what a completion left off a ballot means, in place of
    the format's own default.

    Raises:
        InputError: where the file cannot be read, is too large, or is not in its format.
    """
    return parse_ratings(read_file(path, MAX_BYTES), Path(path).name, missing)


def parse_ratings(data: bytes, filename: str, missing: str | None = None) -> Ratings:
    """As ``load_ratings``, for the bytes of an upload; ``filename`` tells the format."""
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
        table = _read_csv(linked_orders_to_csv(data, file), file)
    else:
        table = _read_jsonl(decode(data, file), file)
    return ratings_from_table(table, missing or "unseen", name)


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

    What a CSV cannot say is lost: completions that nobody ranks, raters without a ballot, the
    names of features, and ``absent == "last"`` (load it again with ``missing="last"``). Numbering
    is by first appearance in the file.
    """
    r, c = ratings, ratings.catalogue
    entry = r.entry_ballot
    rater, prompt = r.ballot_rater[entry], r.ballot_prompt[entry]

    def texts(names, index):
        return [names[i] for i in index.tolist()]

    columns = {
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
        for j in range(0 if features is None else features.shape[1]):
            # Through str: the shortest decimal of a float32, which reads back to the same one.
            columns[f"{prefix}{j}"] = texts([str(v) for v in features[:, j]], index)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


# -- CSV ------------------------------------------------------------------------------------------


def _read_csv(data: bytes, file: str) -> Table:
    check_text(data, file)

    def records():
        """The reader and its rows, header first, without rows in which every field is empty."""
        # newline="" leaves line ends inside quotes as they are.
        lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
        reader = csv.reader(lines, strict=True)
        return reader, filter(any, reader)

    def line_of(row: int) -> int:
        # Only a fault asks for a line, so the file is read a second time rather than every line
        # number kept.
        reader, _ = records()
        seen, start = -1, 1  # -1 is the header
        for record in reader:
            if any(record):
                if seen == row:
                    break
                seen += 1
            start = reader.line_num + 1
        return start

    reader, rows = records()
    try:
        header = [name.strip() for name in next(rows, [])]
        if not header:
            raise InputError(f"{file}: the file is empty.")
        value = _check_header(header, file)
        wanted = [i for i, name in enumerate(header) if _used(name)]
        coders = {header[i]: Coder() for i in wanted}
        chunks: dict[str, list[np.ndarray]] = {header[i]: [] for i in wanted}
        count = 0
        while chunk := list(islice(rows, _CHUNK)):
            if set(map(len, chunk)) != {len(header)}:
                at, bad = next((i, r) for i, r in enumerate(chunk) if len(r) != len(header))
                raise InputError(
                    f"{file}: line {line_of(count + at)}: there are {len(bad)} fields where the "
                    f"header has {len(header)}; put quotes around a field that holds a comma."
                )
            columns = list(zip(*chunk, strict=True))
            for i in wanted:
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
    columns = {n: Column(np.concatenate(chunks[n]), list(coders[n])) for n in chunks}
    for name in _OPTIONAL[2:]:
        if name in columns:
            columns[name] = stripped(columns[name])
    table = Table(
        file, line_of, columns["rater"], columns["prompt"], columns["completion"],
        columns["ballot"].codes if "ballot" in columns else None, np.zeros(0),
        texts={n: columns[n] for n in _OPTIONAL[2:] if n in columns},
    )  # fmt: skip
    for name in _KEYS:
        empty = [i for i, text in enumerate(columns[name].values) if not text.strip()]
        if empty:
            row = int(np.flatnonzero(np.isin(columns[name].codes, empty))[0])
            table.fail(f"{name} is empty; give every row a {name}.", row)
    table.value = _VALUES[value] * _numbers(table, columns[value], value)
    if "weight" in columns:
        table.weight = _numbers(table, columns["weight"], "weight", positive=True)
    for prefix in ("feature_", "prompt_feature_"):
        names = [n for n in chunks if n.startswith(prefix)]
        if names:
            table.features[prefix] = np.stack(
                [_numbers(table, columns[n], n, most=1e38) for n in names], axis=1
            )
    ignored = [name or "(unnamed)" for name in header if not _used(name)]
    if ignored:
        shown = ", ".join(quoted(name)[1:-1] for name in ignored[:10])
        more = f" and {len(ignored) - 10} more" if len(ignored) > 10 else ""
        table.notes.append(f"Ignored columns: {shown}{more}.")
    return table


def _used(name: str) -> bool:
    return name in (*_KEYS, *_VALUES, *_OPTIONAL) or name.startswith(
        ("feature_", "prompt_feature_")
    )


def _check_header(header: list[str], file: str) -> str:
    """The name of the value column, where the header is in order."""
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
    return values[0]


def _numbers(table: Table, column: Column, field: str, most=math.inf, positive=False):
    """The column as finite numbers ``[rows]``."""

    def number(text: str) -> float:
        try:
            return math.nan if "_" in text else float(text)
        except ValueError:
            return math.nan

    numbers = np.array([number(text) for text in column.values])
    bad = ~np.isfinite(numbers) | (np.abs(numbers) > most) | (positive & ~(numbers > 0))
    if bad.any():
        row = int(np.flatnonzero(bad[column.codes])[0])
        text = column.values[column.codes[row]]
        advice = " greater than 0" if positive else " (1 = best)" if field == "rank" else ""
        advice += f", {most:g} at most" if most < math.inf else ""
        found = quoted(text) if text.strip() else "empty"
        table.fail(f"{quoted(field)[1:-1]} is {found}; give a finite number{advice}.", row)
    return numbers[column.codes]


# -- JSON lines -----------------------------------------------------------------------------------


def _read_jsonl(text: str, file: str) -> Table:
    coders = {n: Coder() for n in (*_KEYS, "rater_group", "prompt_text")}
    code = {n: coder.__getitem__ for n, coder in coders.items()}
    rows: dict[str, list] = {n: [] for n in (*coders, "line", "value", "weight")}
    ignored: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            places, record = _json_ballot(line)
        except _BadLine as error:
            raise InputError(f"{file}: line {number}: {error}") from None
        ignored.update((k, None) for k in record if k not in _JSON_KEYS)
        same = {n: code[n](record.get(n, "")) for n in coders if n != "completion"}
        weight = record.get("weight", 1.0)
        for place, names in enumerate(places):
            for name in names:
                rows["completion"].append(code["completion"](name))
                rows["value"].append(place)
                rows["line"].append(number)
                rows["weight"].append(weight)
                for n, c in same.items():
                    rows[n].append(c)
        check_counts(file, len(rows["line"]), len(coders["rater"]), len(coders["completion"]))
    if not rows["line"]:
        raise InputError(f"{file}: the file is empty.")
    columns = {n: Column(np.array(rows[n], np.int32), list(coders[n])) for n in coders}
    lines = np.array(rows["line"])
    notes = [f"Ignored keys: {', '.join(quoted(k)[1:-1] for k in list(ignored)[:10])}."]
    return Table(
        file, lambda row: int(lines[row]), columns["rater"], columns["prompt"],
        columns["completion"], lines, np.array(rows["value"], float),
        np.array(rows["weight"], float),
        {n: columns[n] for n in ("rater_group", "prompt_text")},
        notes=notes if ignored else [],
    )  # fmt: skip


_JSON_KEYS = {
    *("rater", "prompt", "chosen", "rejected", "ranking", "weight", "rater_group", "prompt_text")
}


class _BadLine(Exception):
    """What is wrong with a line of JSON; the caller knows which line it is."""


def _json_ballot(line: str) -> tuple[list[list[str]], dict]:
    """The places of one line, best first, and the line itself with its names as text."""
    try:
        record = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _BadLine(
            f"this is not JSON ({quoted(error)[1:-1]}); write one object a line."
        ) from None
    if not isinstance(record, dict):
        raise _BadLine("this is not a JSON object; write {…} on every line.")
    for key in ("rater", "prompt"):
        if key not in record:
            raise _BadLine(f"there is no {quoted(key)}; give every line a {key}.")
        record[key] = _text(record[key], key)
    for key in ("rater_group", "prompt_text"):
        if record.get(key) in (None, ""):
            record.pop(key, None)
        else:
            record[key] = _text(record[key], key).strip()
    weight = record.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 1e300:
        raise _BadLine(f"weight is {quoted(weight)}; give a finite number greater than 0.")
    if ("ranking" in record) == ("chosen" in record or "rejected" in record):
        raise _BadLine("give either 'chosen' and 'rejected' or 'ranking'.")
    if "ranking" in record:
        ranking = record["ranking"]
        if not isinstance(ranking, list) or not ranking:
            raise _BadLine("ranking should be a list of completions, best first.")
        places = [place if isinstance(place, list) else [place] for place in ranking]
        if not all(places):
            raise _BadLine("ranking holds an empty list; leave it out.")
        return [[_text(name, "ranking") for name in place] for place in places], record
    for key in ("chosen", "rejected"):
        if key not in record:
            raise _BadLine(f"there is no {quoted(key)}; give both 'chosen' and 'rejected'.")
    return [[_text(record["chosen"], "chosen")], [_text(record["rejected"], "rejected")]], record


def _text(value, key: str) -> str:
    """A name or text: a string that UTF-8 can hold; a whole number becomes its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _BadLine(f"{key} is {quoted(value)}; give text.")
    if not value.strip():
        raise _BadLine(f"{key} is empty; give text.")
    if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
        raise _BadLine(f"{key} is {quoted(value)}, which holds a character that is no text.")
    return value


def _once(pairs: list) -> dict:
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = next(k for i, (k, _) in enumerate(pairs) if k in dict(pairs[:i]))
        raise _BadLine(f"key {quoted(twice)} stands twice; keep one.")
    return record


def _no_constant(text: str):
    raise _BadLine(f"{text} is not a number; give a finite one.")
