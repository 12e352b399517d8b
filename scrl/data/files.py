"""Reading and decoding of untrusted files, and quoting for messages."""

from __future__ import annotations

import re
from pathlib import Path

from scrl.data.limits import MAX_EMPTY, MAX_LINE, MAX_LINES
from scrl.types import InputError

#: How files begin that are no text -> what they are, and what to do.
_KINDS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it, or name it .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as .xlsx or .csv",
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "packed by gzip; add .gz to its name",
    b"%PDF": "a PDF; give the table as .csv or .xlsx",
    b"\x89PNG": "a picture; give the table as .csv or .xlsx",
    b"\xff\xd8\xff": "a picture; give the table as .csv or .xlsx",
}
#: What a library's message has where it is about its own code rather than about the file.
_OF_CODE = re.compile(
    r"<class|<function|object at 0x|\bobject\b|__\w+__|NoneType|\battribute\b|\bargument|\(\)|"
    r"Traceback|\bbytes-like\b|\bunpack\b|invalid literal|index out of range|could not convert"
)


def quoted(value: object) -> str:
    """``value`` in quotes on one line, at most 60 characters of it, for a message."""
    try:
        text = value if isinstance(value, str) else str(value)
    except (RecursionError, ValueError):  # nested too deep, or a number of very many digits
        text = type(value).__name__
    return repr(text if len(text) <= 60 else text[:59] + "…")


def printable(value: object) -> str:
    """``value`` unquoted on one line, at most its last 200 characters: a path for a message."""
    text = "".join(ch if ch.isprintable() else "?" for ch in str(value)[-200:])
    return text or "(no name)"


def library_words(error: Exception) -> str:
    """What a library says of a file, in brackets after a space; "" where it speaks of its own code.

    >>> library_words(ValueError("bad magic number")), library_words(TypeError("<class 'int'>"))
    (' (bad magic number)', '')
    """
    text = quoted(error)[1:-1]
    return f" ({text})" if text and not _OF_CODE.search(text) else ""


def too_many_empty(file: str, line: int, unit: str = "line") -> str:
    """The message for more empty lines or rows than the limit."""
    return (
        f"{file}: {unit} {line}: more than {MAX_EMPTY:,} {unit}s before it are empty; delete empty "
        f"{unit}s."
    )


def read_file(path: str | Path, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: where it cannot be read or is larger than ``limit`` bytes.
    """
    check_file(path, limit)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{printable(path)}: the file cannot be read ({error.strerror})."
        ) from None


def check_file(path: str | Path, limit: int) -> None:
    """Raise ``InputError`` for what is no ordinary file, or is larger than ``limit`` bytes."""
    file = printable(path)
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
            raise InputError(too_large(file, size, limit))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{file}: the file cannot be read ({reason}).") from error


def decode(data: bytes, file: str, long_lines: bool = False) -> str:
    """UTF-8 text without its byte-order mark.

    Args:
        long_lines: whether all of it may stand on one line.

    Raises:
        InputError: where it is something else, naming the byte and line, or where a line is too
            long or lines are too many.
    """
    check_text(data, file)
    if not long_lines:
        check_lines(data, file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}: line {line}: byte 0x{data[error.start]:02x} at position {error.start:,} is "
            "not UTF-8; save the file as UTF-8."
        ) from None


def check_text(data: bytes, file: str) -> None:
    """Raise ``InputError`` for an empty file, UTF-16 and NUL bytes."""
    if not data or data.isspace() or data == b"\xef\xbb\xbf":
        raise InputError(f"{file}: the file is empty.")
    check_kind(data, file)
    zero = data.find(b"\0")
    if zero >= 0:
        line = data.count(b"\n", 0, zero) + 1
        raise InputError(
            f"{file}: line {line}: there is a NUL byte at position {zero:,}, so this is not a text "
            "file in UTF-8; save it as UTF-8."
        )


def check_lines(data: bytes, file: str) -> None:
    """Raise ``InputError`` for too many lines, or a line that is too long."""
    if len(data) > MAX_LINES and data.count(b"\n") > MAX_LINES:
        raise InputError(too_many_lines(file))
    start = 0
    while len(data) - start > MAX_LINE:
        end = data.rfind(b"\n", start, start + MAX_LINE)
        end = data.rfind(b"\r", start, start + MAX_LINE) if end < 0 else end
        if end < 0:
            raise InputError(line_too_long(file, data.count(b"\n", 0, start) + 1))
        start = end + 1


def line_too_long(file: str, line: int) -> str:
    """The message for a line above its limit."""
    return (
        f"{file}: line {line}: the line is longer than the limit of {MAX_LINE / 1e6:.0f} MB; end "
        "each row by a line break."
    )


def too_many_lines(file: str) -> str:
    """The message for more lines than the limit."""
    return f"{file}: there are more lines than the limit of {MAX_LINES:,}; give fewer ballots."


def check_kind(data: bytes, file: str) -> None:
    """Raise ``InputError`` where the first bytes of a file of text show that it is another one."""
    # Without a byte-order mark, UTF-16 of Latin letters has a zero in every second byte.
    halves = data[:64:2], data[1:64:2]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (
        len(data) > 3 and any(not any(one) and all(two) for one, two in (halves, halves[::-1]))
    ):
        raise InputError(f"{file}: the file is UTF-16; save it as UTF-8.")
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), "")
    if not kind and data.lstrip()[:14].lower().startswith((b"<html", b"<!doctype html")):
        kind = "a web page; download the file itself"
    if kind:
        raise InputError(f"{file}: this is no text but {kind}.")


def too_large(file: str, size: int, limit: int) -> str:
    """The message for a file above the limit; sizes are in bytes."""
    return (
        f"{file}: {size / 1e6:,.0f} MB are more than the limit of {limit / 1e6:,.0f} MB a file; "
        "give fewer ballots."
    )
