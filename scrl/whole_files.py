"""Files that are whole or not there: written under another name in their folder, then renamed.

A process that is killed or a disk that is full while a file is written leaves the file of before.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Suffix of a file that is being written.
PART = ".part"
#: Seconds after which such a file counts as left by a process that was killed.
PART_LIFETIME = 24 * 3600.0


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A path to write to; what stands there becomes ``path`` where the block ends without error.

    The bytes are on the disk before the file has its name. A link stays a link, and a file keeps
    its permissions. A path that is no file, such as ``/dev/stdout`` or a pipe, is written itself.

    Raises:
        OSError: the file cannot be written; that of before is as it was.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        yield path
        return
    target = Path(os.path.realpath(path))
    _remove_left(target)
    part = target.with_name(f".{target.name[:50]}.{os.getpid()}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("xb"):
            pass
        with suppress(OSError):
            part.chmod(target.stat().st_mode & 0o777)
        yield part
        _flush(part)
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # Windows opens no folder
        _flush(target.parent)


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file as ``whole_file`` does; a text in UTF-8, with its line ends as they are.

    Raises:
        OSError: as ``whole_file``.
    """
    with whole_file(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def _remove_left(target: Path) -> None:
    """Remove what killed processes left of earlier attempts to write a file."""
    old = time.time() - PART_LIFETIME
    beginning = f".{target.name[:50]}."
    with suppress(OSError):
        for entry in os.scandir(target.parent):
            if entry.name.startswith(beginning) and entry.name.endswith(PART):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < old:
                        os.unlink(entry.path)


def _flush(path: Path) -> None:
    """Put what was written of a file or of a folder's names on the disk."""
    # Windows flushes only what is open for writing, other systems open no folder for writing.
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
