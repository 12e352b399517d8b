"""The record file of an offline run of Weights & Biases, read back.

It has LevelDB's log format (``leveldb/doc/log_format.md``) behind a header of seven bytes: blocks
of 32 KiB, in which each part of a record has a header of checksum, length and kind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MARK, _HEADER, _BLOCK = b":W&B", 7, 2**15
#: Kinds of parts: a whole record, and the last part of one.
_WHOLE, _LAST = 1, 4


def packed_records(path: Path) -> Iterator[bytes]:
    """The records of a file, packed; those that are not whole yet are left out."""
    data = path.read_bytes()
    if data[: len(_MARK)] != _MARK:
        return
    place, parts = _HEADER, b""
    while place + _HEADER <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _HEADER:  # no header fits the end of a block
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + _HEADER])
        end = place + _HEADER + length
        if kind == 0 or end > len(data):
            return
        parts += data[place + _HEADER : end]
        place = end
        if kind in (_WHOLE, _LAST):
            yield parts
            parts = b""
