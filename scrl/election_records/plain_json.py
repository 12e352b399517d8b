"""JSON from untrusted files, and its fields with their types checked."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from scrl.data.files import decode, library_words, quoted
from scrl.types import InputError

T = TypeVar("T")

#: Objects and lists of a file together, and values: what bounds the memory that a file takes.
MAX_OBJECTS, MAX_VALUES = 4_000_000, 20_000_000

_KINDS = {
    dict: "an object", list: "a list", str: "a text", int: "a whole number", bool: "true or false",
}  # fmt: skip


def parse_json(data: bytes, file: str) -> dict[str, Any]:
    """The object in a file.

    Raises:
        InputError: where it is no JSON, nested too deep, or no object.
    """
    if data.count(b"{") + data.count(b"[") > MAX_OBJECTS or data.count(b",") > MAX_VALUES:
        raise InputError(
            f"{file}: there are more objects and values than the limits of {MAX_OBJECTS:,} and "
            f"{MAX_VALUES:,}; give the election in several files."
        )
    text = decode(data, file, long_lines=True)
    try:
        content = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}: line {error.lineno}: this is not JSON ({error.msg}).") from None
    except RecursionError:
        raise InputError(f"{file}: the JSON is nested too deep.") from None
    except ValueError as error:  # NaN, or a number of very many digits
        raise InputError(f"{file}: this is not JSON{library_words(error)}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: this is not a JSON object.")
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def get(record: dict[str, Any], key: str, kind: type[T], where: str, default: T | None = None) -> T:
    """The value of a key.

    Args:
        kind: the type that it should have.
        default: where the key is absent or null; without it the key is required.

    Raises:
        InputError: naming the key.
    """
    value = record.get(key)
    if value is None and default is not None:
        return default
    is_truth_for_number = kind is int and isinstance(value, bool)
    if not isinstance(value, kind) or is_truth_for_number:
        if value is None:
            raise InputError(f"{where}: {quoted(key)} is missing.")
        raise InputError(f"{where}: {quoted(key)} is {quoted(value)}; it should be {_KINDS[kind]}.")
    return value


def objects(record: dict[str, Any], key: str, where: str, required: bool = True) -> list[dict]:
    """The list of objects of a key; one object alone stands for a list of one.

    Raises:
        InputError: naming the key.
    """
    value = record.get(key)
    if value is None and not required:
        return []
    if isinstance(value, dict):
        value = [value]
    found = value if isinstance(value, list) else get(record, key, list, where)
    for entry in found:
        if not isinstance(entry, dict):
            raise InputError(
                f"{where}: {quoted(key)} holds {quoted(entry)}; it should hold objects."
            )
    return found


def label(value: Any, where: str, what: str) -> str:
    """An identifier, a text or a whole number, as a text.

    Raises:
        InputError: where it is neither.
    """
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()
    raise InputError(f"{where}: the {what} is {quoted(value)}; it should be a text or a number.")
