"""The bytes of a file, opened as often as needed and never held whole."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from scrl.data.files import (
    check_file,
    check_kind,
    line_too_long,
    printable,
    too_large,
    too_many_lines,
)
from scrl.data.limits import MAX_LINE, MAX_LINES
from scrl.types import InputError

_GZIP = b"\x1f\x8b"
#: Bytes that are looked at to tell a format.
HEAD = 65_536


@dataclass(frozen=True)
class Content:
    """A file, or the bytes of one.

    Attributes:
        file: what to call it in messages.
        name: its name, without the suffix of a compression.
        open: opens it from the beginning; what is compressed is unpacked on the way.
    """

    file: str
    name: str
    open: Callable[[], BinaryIO]

    @property
    def suffix(self) -> str:
        """The lower-case suffix with its dot, which is the format."""
        return Path(self.name).suffix.lower()

    def head(self) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(HEAD)

    def lines(self, newline: str, long_lines: bool = False) -> io.TextIOWrapper:
        """The file as UTF-8 text without its byte-order mark.

        Args:
            newline: as in ``open``: "" keeps line ends, and any of the usual ends a line.
            long_lines: whether all of it may stand on one line.
        """
        raw = _Checked(self.open(), self.file, long_lines)
        return io.TextIOWrapper(io.BufferedReader(raw, HEAD), encoding="utf-8-sig", newline=newline)

    def read(self) -> bytes:
        """All bytes."""
        with self.open() as stream:
            return stream.read()

    def fail_encoding(self) -> None:
        """Raise ``InputError`` for the first bytes that are not UTF-8."""
        with self.open() as stream:
            at = 0
            for number, line in enumerate(stream, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise InputError(
                        f"{self.file}: line {number}: byte 0x{line[error.start]:02x} at position "
                        f"{at + error.start:,} is not UTF-8; save the file as UTF-8."
                    ) from None
                at += len(line)


def file_content(path: str | Path, limit: int) -> Content:
    """A file on disk.

    Raises:
        InputError: where it cannot be read, or is larger than ``limit`` bytes, packed or not.
    """
    check_file(path, limit)
    path = Path(path)
    return _content(printable(path.name), path.name, lambda: path.open("rb"), limit)


def bytes_content(data: bytes, filename: str, limit: int) -> Content:
    """The bytes of an upload."""
    file = printable(Path(filename).name or filename)
    if len(data) > limit:
        raise InputError(too_large(file, len(data), limit))
    return _content(file, filename, lambda: io.BytesIO(data), limit)


def _content(file: str, name: str, open_: Callable[[], Any], limit: int) -> Content:
    def opened() -> BinaryIO:
        try:
            return open_()
        except OSError as error:
            raise InputError(f"{file}: the file cannot be read ({error.strerror}).") from None

    if not name.lower().endswith(".gz"):
        return Content(file, name, opened)
    with opened() as stream:
        if stream.read(2) != _GZIP:
            raise InputError(f"{file}: this is not a gzip file, although its name ends so.")
    return Content(
        file, name[:-3], lambda: io.BufferedReader(_Unpacked(opened(), file, limit), HEAD)
    )


class _Unpacked(io.RawIOBase):
    """A gzip stream that ends with an ``InputError`` where it grows beyond a limit."""

    def __init__(self, packed: BinaryIO, file: str, limit: int) -> None:
        self._packed, self._file, self._limit, self._size = packed, file, limit, 0
        self._stream = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self._file}: the file cannot be unpacked ({printable(error)}); it may have been "
                "cut off."
            ) from None
        self._size += len(data)
        if self._size > self._limit:
            raise InputError(
                f"{self._file}: unpacked it is larger than the limit of {self._limit / 1e6:,.0f} "
                "MB a file; give fewer ballots."
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Checked(io.RawIOBase):
    """A stream of text that ends with an ``InputError`` at a NUL byte, in UTF-16, in a line that is
    too long, or after too many lines."""

    def __init__(self, stream: BinaryIO, file: str, long_lines: bool) -> None:
        self._stream, self._file, self._long_lines = stream, file, long_lines
        self._size, self._lines, self._open = 0, 1, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        if not self._size:
            check_kind(data, self._file)
        zero = data.find(b"\0")
        if zero >= 0:
            line = self._lines + data.count(b"\n", 0, zero)
            raise InputError(
                f"{self._file}: line {line}: there is a NUL byte at position {self._size + zero:,},"
                " so this is not a text file in UTF-8; save it as UTF-8."
            )
        self._size += len(data)
        self._lines += data.count(b"\n")
        if not self._long_lines:
            end = max(data.rfind(b"\n"), data.rfind(b"\r"))
            self._open = len(data) - end - 1 if end >= 0 else self._open + len(data)
            if self._open > MAX_LINE:
                raise InputError(line_too_long(self._file, self._lines))
            if self._lines > MAX_LINES:
                raise InputError(too_many_lines(self._file))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
