"""JSON of files that programs write, read without the liberties that Python takes.

What ``json`` lets pass is refused: NaN and infinities, numbers that overflow to them, whole numbers
of very many digits, a key that stands twice, half of a surrogate pair, and deep nesting. Numbers
of values are counted before anything is parsed, so that memory is bounded.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

#: Values and keys in one text, and levels of nesting. A value takes about a hundred bytes.
MAX_VALUES, MAX_DEPTH = 2_000_000, 40
#: Digits of a whole number; 64 bits have 19.
MAX_DIGITS = 19
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def strict_json(data: bytes | str, max_values: int = MAX_VALUES) -> Any:
    """The plain values of a JSON text in UTF-8.

    Args:
        max_values: most values and keys.

    Raises:
        ValueError: a phrase that says what is wrong with it.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    values = data.count(b",") + data.count(b"[") + data.count(b"{") + data.count(b":")
    if values > max_values:
        _check_count(data, max_values)
    _check_depth(data)
    try:
        content = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg[:60]} at character {error.pos:,}") from None
    if b"\\u" in data:
        _check_surrogates(content)
    return content


def _check_count(data: bytes, max_values: int) -> None:
    """Count again without the texts, whose punctuation is none."""
    plain = _TEXTS.sub(b"", data)
    values = plain.count(b",") + plain.count(b"[") + plain.count(b"{") + plain.count(b":")
    if values > max_values:
        raise ValueError(f"it holds more than {max_values:,} values")


def _check_depth(data: bytes) -> None:
    """Refuse deep nesting before a parser recurses."""
    if max(data.count(b"["), data.count(b"{")) <= MAX_DEPTH // 2:
        return
    depth = 0
    for found in re.finditer(rb'"(?:[^"\\]|\\.)*"|[][{}]', data, re.DOTALL):
        mark = data[found.start()]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def _check_surrogates(content: Any) -> None:
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair") from None


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"a whole number has more than {MAX_DIGITS} digits")
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


_DECODER = json.JSONDecoder(
    parse_constant=_constant, parse_int=_whole, parse_float=_real, object_pairs_hook=_distinct
)
