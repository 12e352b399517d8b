"""Rows as JSON objects: one a line, or in one array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NoReturn

from scrl.data.files import quoted, too_many_empty
from scrl.data.limits import MAX_EMPTY, MAX_LINE
from scrl.data.record_format import Record
from scrl.data.rows import CHUNK, Chunk, Rows
from scrl.data.streams import Content
from scrl.types import InputError

#: Cells of rows without such a key that are looked at, beside ten for each key that is there.
MAX_EMPTY_CELLS = 5_000_000
_SPACE = re.compile(r"[ \t\r\n]*")
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
            last = 0
            for number, line in enumerate(lines, start=1):
                text = line.strip()
                if text:
                    last = number
                    yield number, _parse(text, content.file, number), hash(text)
                elif number - last > MAX_EMPTY:
                    raise InputError(too_many_empty(content.file, number))
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
    with content.lines("\n", long_lines=True) as lines:
        try:
            yield from _elements(lines, content.file)
        except UnicodeDecodeError:
            content.fail_encoding()
            raise


def _elements(lines: Any, file: str) -> Iterator[Record]:
    text, at, number, block = lines.read(_BLOCK), 0, 0, _BLOCK
    at = text.index("[") + 1
    while True:
        at = _between(text, at, number)
        if text[at : at + 1] == "]":
            _check_nothing_follows(text[at + 1 :], lines, file)
            return
        try:
            record, end = _DECODER.raw_decode(text, at)
            complete = end < len(text)
        except (ValueError, RecursionError) as error:
            problem, complete = error, False
            record = None
        if not complete and len(text) - at > MAX_LINE:
            raise InputError(
                f"{file}: row {number + 1}: the row is longer than the limit of "
                f"{MAX_LINE / 1e6:.0f} MB, or it does not end."
            )
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


def _between(text: str, at: int, number: int) -> int:
    """Where the next element begins: after white space and, between elements, one comma."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if number and text[at : at + 1] == ",":
        at = _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
    return at


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
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _BadJson(f"key {quoted(key)} stands twice; keep one.")
            seen.add(key)
    return record


def _refuse_constant(text: str) -> NoReturn:
    raise _BadJson(f"{text} is not a number; give a finite one.")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)


def rows_of_records(records: Iterable[Record], header: Sequence[str], file: str, unit: str) -> Rows:
    """Objects as the rows of a table whose columns are the keys of ``header``."""
    lines: list[int] = []
    given = looked_at = 0

    def column(chunk: list[Record], number: int) -> list[Any]:
        nonlocal looked_at
        looked_at += len(chunk)
        # Rows of few keys each, all different, would be a large table of empty cells.
        if looked_at > MAX_EMPTY_CELLS + 10 * given:
            raise InputError(
                f"{file}: most of the {len(header):,} keys are missing in most rows; give a row a "
                "rating, with the same keys in all."
            )
        return [record.get(header[number]) for _, record, _ in chunk]

    def chunks() -> Iterator[Chunk]:
        nonlocal given
        everything = iter(records)
        while chunk := list(islice(everything, CHUNK)):
            lines.extend(line for line, _, _ in chunk)
            given += sum(len(record) for _, record, _ in chunk)
            yield Chunk(len(header), partial(column, chunk))

    return Rows(
        file, [name.strip() for name in header], chunks(), lines.__getitem__, unit, text=False
    )
