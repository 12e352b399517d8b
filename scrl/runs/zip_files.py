"""The files of a zip from anywhere, unpacked in memory within stated limits.

What a zip says of itself may be false. Its list of files is bounded before it is read; what is
unpacked is bounded by the bytes that come out, file by file and together.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from scrl.types import InputError

#: Bytes that a zip, and the files that are read of it together, may take.
MAX_PACKED_BYTES, MAX_UNPACKED_BYTES = 256 * 2**20, 256 * 2**20
#: Files in a zip, and bytes of its list of files.
MAX_FILES, MAX_DIRECTORY_BYTES = 1000, 2**17
#: A file of more than ``MAX_EASY`` bytes may have so many times the bytes that it takes packed:
#: more is a file made to fill memory.
MAX_RATIO, MAX_EASY = 200, 8 * 2**20
FOREIGN = "This is not an archive of a run that scrl exported; give a zip that the app exported."
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END, _END_SIZE, _LOCATOR = b"PK\x05\x06", 22, b"PK\x06\x07"
_CHUNK = 2**20


def unzipped(source: bytes | Path, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The files of these names, in memory; a name that the zip lacks is left out.

    Args:
        source: the bytes of a zip, or its path.
        limits: name -> bytes that the file may have. No other file is unpacked.

    Raises:
        InputError: for another file, a zip that names a path outside itself, names a file twice, is
            encrypted, or is too large.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            return _unzipped(file, limits)
    except InputError:
        raise
    except Exception as error:  # a malformed zip raises many kinds
        raise InputError(FOREIGN) from error


def _unzipped(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, bytes]:
    size = file.seek(0, io.SEEK_END)
    if size > MAX_PACKED_BYTES:
        raise InputError(
            f"The archive has {size / 2**20:,.0f} MB, and at most {MAX_PACKED_BYTES / 2**20:,.0f} "
            "are read; export fewer ratings."
        )
    _check_directory(file, size)
    with zipfile.ZipFile(file) as archive:
        inside = archive.infolist()
        _check_names([entry.filename for entry in inside])
        wanted = [entry for entry in inside if entry.filename in limits]
        for entry in wanted:
            _check_entry(entry, limits[entry.filename])
        if sum(entry.file_size for entry in wanted) > MAX_UNPACKED_BYTES:
            raise InputError(
                f"The archive unpacks to more than {MAX_UNPACKED_BYTES / 2**20:,.0f} MB; it is not "
                "read."
            )
        return {entry.filename: _content(archive, entry) for entry in wanted}


def _check_directory(file: BinaryIO, size: int) -> None:
    """Refuse a zip whose list of files is long, before it is read: it may name millions."""
    start = max(0, size - 2**16 - _END_SIZE - 20)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_SIZE:
        raise InputError(FOREIGN)
    entries = int.from_bytes(tail[end + 10 : end + 12], "little")
    listed = int.from_bytes(tail[end + 12 : end + 16], "little")
    if tail[max(0, end - 20) : end].startswith(_LOCATOR):
        raise InputError("The archive is a zip of 64 bits, which no export is; it is not read.")
    if listed > MAX_DIRECTORY_BYTES or entries > MAX_FILES:
        raise InputError("The archive holds too many files; it is not read.")


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MAX_FILES:
        raise InputError("The archive holds too many files; it is not read.")
    for name in names:
        if name.startswith(("/", "\\")) or ".." in name or ":" in name or "\\" in name:
            raise InputError("The archive names a path outside itself; it is not read.")
    if len(set(names)) < len(names):
        raise InputError("The archive holds a file twice; it is not read.")


def _check_entry(entry: zipfile.ZipInfo, limit: int) -> None:
    """Refuse a file by what the zip says of it."""
    name = entry.filename
    if entry.flag_bits & 0x41:
        raise InputError(f"{name} in the archive is encrypted; export it without a password.")
    if entry.compress_type not in _METHODS:
        raise InputError(f"{name} in the archive is packed in a way that no export is.")
    if entry.file_size > limit:
        raise InputError(
            f"{name} in the archive has {entry.file_size / 2**20:,.0f} MB, and at most "
            f"{limit / 2**20:,.0f} are read; export a smaller run."
        )
    if entry.file_size > max(MAX_EASY, MAX_RATIO * entry.compress_size):
        raise InputError(
            f"{name} in the archive unpacks to more than {MAX_RATIO} times its size, as no export "
            "does; it is not read."
        )


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of a file, no more than the zip says that there are."""
    found = bytearray(entry.file_size)
    place = 0
    with archive.open(entry) as file:
        while part := file.read(_CHUNK):
            if place + len(part) > len(found):
                raise InputError(f"{entry.filename} in the archive is longer than it says.")
            found[place : place + len(part)] = part
            place += len(part)
    if place < len(found):
        raise InputError(f"{entry.filename} in the archive is shorter than it says.")
    # A large file is not copied to bytes, which would hold it twice; whoever reads it only reads.
    return cast(bytes, found) if len(found) > MAX_EASY else bytes(found)
