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
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .preflib import KINDS, parse_preflib
from .types import Catalogue, InputError, Ratings

MAX_ROWS = 5_000_000
MAX_BYTES = 200_000_000
MAX_RATERS = 100_000
MAX_COMPLETIONS = 10_000

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
    file = plain(Path(filename).name or filename)
    if missing not in (None, "unseen", "last"):
        raise InputError(f"{file}: missing is {quoted(missing)}; choose 'unseen' or 'last'.")
    suffix = Path(filename).suffix.lower()
    if suffix not in (".csv", ".jsonl", ".ndjson", *KINDS):
        raise InputError(
            f"{file}: ratings are read from .csv, .jsonl, .ndjson, .soc, .soi, .toc and .toi "
            f"files, not from {quoted(suffix or 'a file without suffix')}."
        )
    if len(data) > MAX_BYTES:
        raise InputError(_too_large(file, len(data), MAX_BYTES))
    name = Path(filename).stem
    if suffix in KINDS:
        ratings = parse_preflib(decode(data, file), file, suffix, missing, name, MAX_COMPLETIONS)
        _check_counts(file, len(ratings.rank), len(ratings.raters), 0)
        return replace(
            ratings, notes=(*ratings.notes, *single_notes(ratings.sizes, ratings.absent))
        )
    table = _read_csv(data, file) if suffix == ".csv" else _read_jsonl(decode(data, file), file)
    return _assemble(table, missing or "unseen", name)


def save_ratings(ratings: Ratings, path: str | Path) -> None:
    """Write ``to_csv(ratings)`` to ``path``.

    Raises:
        InputError: where the file cannot be written.
    """
    try:
        Path(path).write_text(to_csv(ratings), encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{plain(path)}: the file cannot be written ({reason}).") from error


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


def single_notes(sizes: np.ndarray, absent: str) -> tuple[str, ...]:
    """The note on ballots (of these sizes) that rank one completion only, where that says nothing
    because absent means unseen; none otherwise."""
    count = int((sizes == 1).sum()) if absent == "unseen" else 0
    if count < 2:
        one = "1 ballot ranks one completion only; it says nothing and is left out of training and"
        return (f"{one} counts.",) * count
    return (
        f"{count:,} ballots rank one completion only; they say nothing and are left out of "
        "training and counts.",
    )


# -- reading files and quoting them ---------------------------------------------------------------


def quoted(value: object) -> str:
    """``value`` in quotes on one line, cut to 60 characters, for a message."""
    try:
        text = value if isinstance(value, str) else str(value)
    except (RecursionError, ValueError):  # nested too deep, or a number of very many digits
        text = type(value).__name__
    return repr(text if len(text) <= 60 else text[:59] + "…")


def plain(value: object) -> str:
    """``value`` as it is on one line, its end kept when it is too long: a path for a message."""
    text = "".join(ch if ch.isprintable() else "?" for ch in str(value)[-200:])
    return text or "(no name)"


def read_file(path: str | Path, limit: int) -> bytes:
    """The bytes of a file of at most ``limit`` bytes; InputError where that cannot be."""
    file = plain(path)
    try:
        path = Path(path)
        if path.is_dir():
            raise InputError(f"{file}: this is a folder; give a file.")
        if not path.exists():
            raise InputError(f"{file}: there is no such file.")
        if not path.is_file():
            raise InputError(f"{file}: this is not an ordinary file.")
        size = path.stat().st_size
        if size > limit:
            raise InputError(_too_large(file, size, limit))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{file}: the file cannot be read ({reason}).") from error


def decode(data: bytes, file: str) -> str:
    """UTF-8 text, a byte-order mark dropped; InputError naming the byte and line otherwise."""
    _check_text(data, file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}: line {line}: byte 0x{data[error.start]:02x} at position {error.start:,} is "
            "not UTF-8; save the file as UTF-8."
        ) from None


def _check_text(data: bytes, file: str) -> None:
    if not data or data.isspace() or data == b"\xef\xbb\xbf":
        raise InputError(f"{file}: the file is empty.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{file}: the file is UTF-16; save it as UTF-8.")
    zero = data.find(b"\0")
    if zero >= 0:
        line = data.count(b"\n", 0, zero) + 1
        raise InputError(
            f"{file}: line {line}: there is a NUL byte at position {zero:,}, so this is not a text "
            "file in UTF-8; save it as UTF-8."
        )


def _too_large(file: str, size: int, limit: int) -> str:
    return (
        f"{file}: {size / 1e6:,.0f} MB are more than the limit of {limit / 1e6:,.0f} MB a file; "
        "give fewer ballots."
    )


# -- a table of rows, whatever the format ---------------------------------------------------------


class _Coder(dict):
    """Numbers strings by first appearance."""

    def __missing__(self, key):
        self[key] = code = len(self)
        return code

    def codes(self, values, size) -> np.ndarray:
        return np.fromiter(map(self.__getitem__, values), np.int32, size)


class _Column(NamedTuple):
    codes: np.ndarray  # [rows], into values
    values: list[str]  # distinct


@dataclass
class _Table:
    """One row a ranked completion; ``line_of`` gives a row's line in the file."""

    file: str
    line_of: Callable[[int], int]
    rater: _Column
    prompt: _Column
    completion: _Column
    ballot: np.ndarray | None  # label of the ballot within rater and prompt [rows]
    value: np.ndarray  # lower is better [rows]
    weight: np.ndarray | None = None
    texts: dict[str, _Column] = field(default_factory=dict)  # an empty text is none
    features: dict[str, np.ndarray] = field(default_factory=dict)  # [rows, features]
    notes: list[str] = field(default_factory=list)

    def fail(self, problem: str, row: int):
        raise InputError(f"{self.file}: line {self.line_of(row)}: {problem}")


def _check_counts(file: str, rows: int, raters: int, completions: int) -> None:
    for number, limit, what in (
        (rows, MAX_ROWS, "rows"),
        (raters, MAX_RATERS, "raters"),
        (completions, MAX_COMPLETIONS, "completions"),
    ):
        if number > limit:
            raise InputError(f"{file}: there are more {what} than the limit of {limit:,} {what}.")


def _read_csv(data: bytes, file: str) -> _Table:
    _check_text(data, file)

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
        coders = {header[i]: _Coder() for i in wanted}
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
            _check_counts(file, count, len(coders["rater"]), len(coders["completion"]))
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
    columns = {n: _Column(np.concatenate(chunks[n]), list(coders[n])) for n in chunks}
    for name in _OPTIONAL[2:]:
        if name in columns:
            columns[name] = _stripped(columns[name])
    table = _Table(
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


def _stripped(column: _Column) -> _Column:
    """The column without white space around its texts, which says nothing and yet tells texts
    apart that a reader would call the same."""
    coder = _Coder()
    codes = coder.codes((text.strip() for text in column.values), len(column.values))
    return _Column(codes[column.codes], list(coder))


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


def _numbers(table: _Table, column: _Column, field: str, most=math.inf, positive=False):
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


def _read_jsonl(text: str, file: str) -> _Table:
    coders = {n: _Coder() for n in (*_KEYS, "rater_group", "prompt_text")}
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
        _check_counts(file, len(rows["line"]), len(coders["rater"]), len(coders["completion"]))
    if not rows["line"]:
        raise InputError(f"{file}: the file is empty.")
    columns = {n: _Column(np.array(rows[n], np.int32), list(coders[n])) for n in coders}
    lines = np.array(rows["line"])
    notes = [f"Ignored keys: {', '.join(quoted(k)[1:-1] for k in list(ignored)[:10])}."]
    return _Table(
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


# -- assembling -----------------------------------------------------------------------------------


def _number(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys ``[rows]`` numbered by first appearance, and the first row of each number."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return number[inverse], first[order]


def _agreed(table: _Table, group, groups: int, value, given, what: Callable[[int], str]):
    """The row ``[groups]`` that gives each group its value, -1 where none does; a row that
    disagrees with it is a fault."""
    rows = np.flatnonzero(given)
    first = np.full(groups, -1)
    first[group[rows][::-1]] = rows[::-1]
    differs = value[rows] != value[first[group[rows]]]
    bad = rows[differs if differs.ndim == 1 else differs.any(1)]
    if len(bad):
        row = int(bad[0])
        earlier = table.line_of(int(first[group[row]]))
        table.fail(f"{what(row)} differs from line {earlier}; make them agree.", row)
    return first


def _assemble(t: _Table, absent: str, name: str) -> Ratings:
    """Rows in any order as Ratings."""
    rows, n_prompts, n_names = len(t.value), len(t.prompt.values), len(t.completion.values)

    def of(column: _Column) -> Callable[[int], str]:
        return lambda row: quoted(column.values[column.codes[row]])

    rater_of, prompt_of, completion_of = of(t.rater), of(t.prompt), of(t.completion)

    # Ballots: numbered by first appearance, then put in order of their raters.
    key = t.rater.codes.astype(np.int64) * n_prompts + t.prompt.codes
    if t.ballot is not None:
        key = _number(key)[0] * (int(t.ballot.max()) + 1) + t.ballot
    ballot, first_row = _number(key)
    by_rater = np.argsort(t.rater.codes[first_row], kind="stable")
    place = np.empty_like(by_rater)
    place[by_rater] = np.arange(len(by_rater))
    ballot, first_row = place[ballot], first_row[by_rater]

    twice = ballot.astype(np.int64) * n_names + t.completion.codes
    seen, first = _number(twice)
    if len(first) < rows:
        row = int(np.flatnonzero(first[seen] < np.arange(rows))[0])
        t.fail(
            f"rater {rater_of(row)} already ranked {completion_of(row)} on this ballot for "
            f"{prompt_of(row)} in line {t.line_of(int(first[seen[row]]))}; remove one.", row,
        )  # fmt: skip

    weight = np.ones(len(first_row))
    if t.weight is not None:
        given = np.ones(rows, bool)
        which = _agreed(
            t, ballot, len(first_row), t.weight, given,
            lambda row: f"the weight of rater {rater_of(row)}'s ballot for {prompt_of(row)}",
        )  # fmt: skip
        weight = t.weight[which]

    def agreed_texts(column: str, group, groups, what) -> tuple[np.ndarray, list[str]]:
        """The text number ``[groups]``, -1 for none, and the texts."""
        if column not in t.texts:
            return np.full(groups, -1), []
        codes, values = t.texts[column]
        given = np.array([text != "" for text in values])[codes]
        which = _agreed(t, group, groups, codes, given, what)
        return np.where(which >= 0, codes[which], -1), values

    group, groups = agreed_texts(
        "rater_group", t.rater.codes, len(t.rater.values),
        lambda row: f"rater_group of rater {rater_of(row)}",
    )  # fmt: skip
    rater_type, types = None, ()
    if (group >= 0).any():
        numbers, firsts = _number(group[group >= 0])
        types = tuple(groups[g] for g in group[group >= 0][firsts])
        rater_type = np.full(len(group), -1)
        rater_type[group >= 0] = numbers

    catalogue, completion = _catalogue(t, agreed_texts, prompt_of, completion_of)

    # Entries by ballot, in file order within it; ranks 0, 1, 2 … by value within the ballot.
    order = np.argsort(ballot, kind="stable")
    sizes = np.bincount(ballot)
    by_value = np.lexsort((t.value, ballot))
    ballots, values = ballot[by_value], t.value[by_value]
    starts = np.concatenate([[True], ballots[1:] != ballots[:-1]])
    steps = np.concatenate([[0], np.cumsum((values[1:] != values[:-1]) & ~starts[1:])])
    rank = np.empty(rows, np.int64)
    rank[by_value] = steps - steps[starts][ballots]

    notes = (*t.notes, *single_notes(sizes, absent))
    return Ratings(
        catalogue, tuple(t.rater.values), t.rater.codes[first_row], t.prompt.codes[first_row],
        weight, np.concatenate([[0], np.cumsum(sizes)]), completion[order], rank[order],
        absent, rater_type, types, notes, name,
    )  # fmt: skip


def _catalogue(t: _Table, agreed_texts, prompt_of, completion_of) -> tuple[Catalogue, np.ndarray]:
    """The catalogue, and the completion of each row ``[rows]``."""
    n_prompts, n_names = len(t.prompt.values), len(t.completion.values)
    prompt_text, prompt_values = agreed_texts(
        "prompt_text", t.prompt.codes, n_prompts, lambda row: f"prompt_text of {prompt_of(row)}"
    )
    # A pair is a name under a prompt. It has one text; names whose pairs have several are split.
    pair, pair_row = _number(t.prompt.codes.astype(np.int64) * n_names + t.completion.codes)
    pair_name, pair_prompt = t.completion.codes[pair_row], t.prompt.codes[pair_row]
    pair_text, text_values = agreed_texts(
        "completion_text", pair, len(pair_row),
        lambda row: f"completion_text of {completion_of(row)} for {prompt_of(row)}",
    )  # fmt: skip
    known = pair_text >= 0
    texts_of_name = np.unique(np.stack([pair_name[known], pair_text[known]]), axis=1)[0]
    split = np.bincount(texts_of_name, minlength=n_names) > 1
    key = np.where(split[pair_name], n_names + np.arange(len(pair_row)), pair_name)
    entry, entry_pair = _number(key)
    _check_counts(t.file, 0, 0, len(entry_pair))
    text = np.full(len(entry_pair), -1)
    text[entry[known]] = pair_text[known]
    names = [t.completion.values[n] for n in pair_name[entry_pair]]

    features = {}
    for prefix, group, groups, what in (
        ("prompt_feature_", t.prompt.codes, n_prompts, prompt_of),
        ("feature_", entry[pair], len(entry_pair), completion_of),
    ):
        if prefix in t.features:
            values = t.features[prefix]
            which = _agreed(
                t, group, groups, values, np.ones(len(values), bool),
                lambda row, what=what, prefix=prefix: f"a {prefix}… column of {what(row)}",
            )  # fmt: skip
            features[prefix] = values[which]

    items = np.lexsort((entry, pair_prompt))
    catalogue = Catalogue(
        tuple(t.prompt.values),
        tuple(names),
        entry[items],
        np.concatenate([[0], np.cumsum(np.bincount(pair_prompt))]),
        tuple(
            prompt_values[c] if c >= 0 else n.strip()
            for c, n in zip(prompt_text, t.prompt.values, strict=True)
        ),
        tuple(text_values[c] if c >= 0 else n.strip() for c, n in zip(text, names, strict=True)),
        features.get("prompt_feature_"),
        features.get("feature_"),
    )
    return catalogue, entry[pair]
