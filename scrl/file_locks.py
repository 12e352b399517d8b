"""A lock of the operating system on an open file: it ends with the process that holds it."""

from __future__ import annotations

import errno
from typing import IO

#: The byte that is locked on Windows, where a locked one cannot be read: far beyond any content.
_FAR = 2**30


def lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed, or its process ends. The position in it may change.

    On a network drive the lock holds between machines where the drive has locks (NFS 4, SMB, Lustre
    mounted with ``flock``).

    Raises:
        BlockingIOError: another process, or another opening of the file, holds the lock.
        OSError: the drive has no locks.
    """
    try:
        import fcntl
    except ImportError:
        _lock_on_windows(file)
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise BlockingIOError from None
        raise


def _lock_on_windows(file: IO[bytes]) -> None:
    import msvcrt

    file.seek(_FAR)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except PermissionError:
        raise BlockingIOError from None
