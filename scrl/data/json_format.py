"""Rows as JSON objects: one a line, or in one array."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NoReturn

from scrl.data.files import quoted
from scrl.data.record_format import Record
from scrl.data.rows import CHUNK, Rows
from scrl.data.streams import Content
from scrl.types import InputError

#: Characters of an array that are read at once.
_BLOCK = 1 << 20


class _BadJson(ValueError):
    """A fault of one object."""


def json_records(content: Content) -> tuple[Iterator[Record], str]:
    """The objects of a file, and what their places are counted in: lines, or rows of an array."""
    head = content.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"[" and content.suffix == ".json":
        return _array(content), "row"
    return _lines(content), "line"


def _lines(content: Content) -> Iterator[Record]:
    with content.lines("\n") as lines:
        try:
            for number, line in enumerate(lines, start=1):
                text = line.strip()
                if text:
                    yield number, _parse(text, content.file, number), hash(text)
        except UnicodeDecodeError:
            content.fail_encoding()
            raise


def _parse(text: str, file: str, number: int) -> dict[str, Any]:
    try:
        record = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        problem = error if isinstance(error, _BadJson) else (
            f"this is not JSON ({quoted(error)[1:-1]}); write one object a line."
        )  # fmt: skip
        raise InputError(f"{file}: line {number}: {problem}") from None
    if not isinstance(record, dict):
        raise InputError(
            f"{file}: line {number}: this is not a JSON object; write {{…}} on every line."
        )
    return record


def _array(content: Content) -> Iterator[Record]:
    """The objects of one array, which is read block by block."""
    with content.lines("\n") as lines:
        try:
            yield from _elements(lines, content.file)
        except UnicodeDecodeError:
            content.fail_encoding()
            raise


def _elements(lines: Any, file: str) -> Iterator[Record]:
    text, at, number, block = lines.read(_BLOCK), 0, 0, _BLOCK
    at = text.index("[") + 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if text[at : at + 1] == "]":
            _check_nothing_follows(text[at + 1 :], lines, file)
            return
        try:
            record, end = _DECODER.raw_decode(text, at)
            complete = end < len(text)
        except (ValueError, RecursionError) as error:
            problem, complete = error, False
            record = None
        if not complete:  # perhaps the object goes on in the next block
            more = lines.read(block)
            if more:
                text, at, block = text[at:] + more, 0, 2 * block
                continue
            if record is None:
                shown = problem if isinstance(problem, _BadJson) else (
                    f"this is not JSON ({quoted(problem)[1:-1]}); write an array of objects."
                )  # fmt: skip
                raise InputError(f"{file}: row {number + 1}: {shown}") from None
        number, block = number + 1, _BLOCK
        if not isinstance(record, dict):
            raise InputError(f"{file}: row {number}: this is not a JSON object; write {{…}}.")
        yield number, record, hash(text[at:end])
        at = end


def _check_nothing_follows(text: str, lines: Any, file: str) -> None:
    """Raise ``InputError`` where anything but white space follows the array."""
    while text:
        if text.strip(" \t\r\n"):
            raise InputError(
                f"{file}: {quoted(text.strip()[:20])} follows the end of the array; give one array "
                "only, or one object a line in a .jsonl file."
            )
        text = lines.read(_BLOCK)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = next(k for i, (k, _) in enumerate(pairs) if k in dict(pairs[:i]))
        raise _BadJson(f"key {quoted(twice)} stands twice; keep one.")
    return record


def _refuse_constant(text: str) -> NoReturn:
    raise _BadJson(f"{text} is not a number; give a finite one.")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)


def rows_of_records(records: Iterable[Record], header: Sequence[str], file: str, unit: str) -> Rows:
    """Objects as the rows of a table whose columns are the keys of ``header``."""
    lines: list[int] = []

    def chunks() -> Iterator[list[list[Any]]]:
        everything = iter(records)
        while chunk := list(islice(everything, CHUNK)):
            lines.extend(line for line, _, _ in chunk)
            yield [[record.get(name) for _, record, _ in chunk] for name in header]

    return Rows(
        file, [name.strip() for name in header], chunks(), lines.__getitem__, unit, text=False
    )
