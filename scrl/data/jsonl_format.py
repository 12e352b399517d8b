"""Ratings as JSON lines, in the shape of preference datasets.

One object a line: ``{"rater", "prompt", "chosen", "rejected"}`` or ``{"rater", "prompt",
"ranking": [[…], …]}``; optional ``weight``, ``rater_group``, ``prompt_text`` and
``rater_features`` (name -> number).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np

from scrl.data.files import quoted
from scrl.data.table import (
    MAX_FEATURE,
    MAX_WEIGHT,
    Coder,
    Column,
    Table,
    check_counts,
    check_rater_features,
)
from scrl.types import InputError

_KEYS = ("rater", "prompt", "completion")
_TEXTS = ("rater_group", "prompt_text")
_FEATURES = "rater_features"
_KNOWN = {"rater", "prompt", "chosen", "rejected", "ranking", "weight", _FEATURES, *_TEXTS}


def read_jsonl(text: str, file: str) -> Table:
    """The rows of a file of JSON lines, a row a ranked completion.

    Args:
        file: what to call it in messages.

    Raises:
        InputError: naming ``file`` and the line.
    """
    coders = {n: Coder() for n in (*_KEYS, *_TEXTS)}
    code = {n: coder.__getitem__ for n, coder in coders.items()}
    rows: dict[str, list] = {n: [] for n in (*coders, "line", "value", "weight")}
    ignored: dict[str, None] = {}
    features: dict[str, dict[int, float]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            places, record = _parse_line(line)
        except _BadLine as error:
            raise InputError(f"{file}: line {number}: {error}") from None
        ignored.update((k, None) for k in record if k not in _KNOWN)
        shared = {n: code[n](record.get(n, "")) for n in coders if n != "completion"}
        weight = record.get("weight", 1.0)
        for name, value in record.get(_FEATURES, {}).items():
            features.setdefault(name, {})[len(rows["line"])] = value
        check_rater_features(file, len(features))
        for place, names in enumerate(places):
            for name in names:
                rows["completion"].append(code["completion"](name))
                rows["value"].append(place)
                rows["line"].append(number)
                rows["weight"].append(weight)
                for n, c in shared.items():
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
        {n: columns[n] for n in _TEXTS},
        rater_features={
            f"{_FEATURES}.{n}": (np.array([*f], int), np.array([*f.values()], float))
            for n, f in features.items()
        },
        notes=notes if ignored else [],
    )  # fmt: skip


class _BadLine(Exception):
    """A fault of a line, without its number."""


def _parse_line(line: str) -> tuple[list[list[str]], dict[str, Any]]:
    """The places of one line, best first, and its record with all names as text."""
    try:
        record = json.loads(line, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
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
    for key in _TEXTS:
        if record.get(key) in (None, ""):
            record.pop(key, None)
        else:
            record[key] = _text(record[key], key).strip()
    weight = record.get("weight", 1.0)
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not is_number or not 0 < weight <= MAX_WEIGHT:
        raise _BadLine(
            f"weight is {quoted(weight)}; give a finite number greater than 0, "
            f"{MAX_WEIGHT:g} at most."
        )
    record[_FEATURES] = _numbers(record.get(_FEATURES))
    return _places(record), record


def _numbers(features: Any) -> dict[str, float]:
    """The known features of a line's rater; null is unknown."""
    if features is None:
        return {}
    if not isinstance(features, dict):
        raise _BadLine(f"{_FEATURES} is {quoted(features)}; give {{name: number}}.")
    for name, value in features.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and abs(value) <= MAX_FEATURE):
            raise _BadLine(
                f"{_FEATURES} {quoted(name)} is {quoted(value)}; give a finite number, "
                f"{MAX_FEATURE:g} at most, or null where it is unknown."
            )
    return {_text(name, _FEATURES): float(v) for name, v in features.items() if v is not None}


def _places(record: dict[str, Any]) -> list[list[str]]:
    """The places of a record, best first."""
    if ("ranking" in record) == ("chosen" in record or "rejected" in record):
        raise _BadLine("give either 'chosen' and 'rejected' or 'ranking'.")
    if "ranking" in record:
        ranking = record["ranking"]
        if not isinstance(ranking, list) or not ranking:
            raise _BadLine("ranking should be a list of completions, best first.")
        places = [place if isinstance(place, list) else [place] for place in ranking]
        if not all(places):
            raise _BadLine("ranking holds an empty list; leave it out.")
        return [[_text(name, "ranking") for name in place] for place in places]
    for key in ("chosen", "rejected"):
        if key not in record:
            raise _BadLine(f"there is no {quoted(key)}; give both 'chosen' and 'rejected'.")
    return [[_text(record["chosen"], "chosen")], [_text(record["rejected"], "rejected")]]


def _text(value: object, key: str) -> str:
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


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = next(k for i, (k, _) in enumerate(pairs) if k in dict(pairs[:i]))
        raise _BadLine(f"key {quoted(twice)} stands twice; keep one.")
    return record


def _refuse_constant(text: str) -> NoReturn:
    raise _BadLine(f"{text} is not a number; give a finite one.")
