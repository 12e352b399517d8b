"""A folder that one call fills at a time.

The claim is a lock of the operating system on a file of the folder. It ends with the process that
holds it, however that ends, so a call that was killed never blocks the next. On a network drive the
lock holds between machines where the drive has locks (NFS 4, SMB, Lustre mounted with ``flock``);
where it has none, the call goes on without, and says so.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scrl.data.files import printable
from scrl.types import InputError

log = logging.getLogger(__name__)
CLAIM_FILE = "claim.lock"
#: Bytes of the file that say who holds the lock. It is taken beyond them, since a lock of Windows
#: keeps others from reading.
_SAID_BYTES = 300


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the claim on a folder, which is made where it is missing.

    Raises:
        InputError: where another call holds it, which is named, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / CLAIM_FILE).open("a+b")
    except OSError as error:
        raise InputError(
            f"{printable(folder)}: {error.strerror}; give a folder to write in."
        ) from error
    with file:
        try:
            _lock(file)
        except BlockingIOError:
            raise InputError(
                f"{printable(folder)}: another call is filling this folder ({_holder(file)}); wait "
                "until it has ended, or give another folder."
            ) from None
        except OSError as error:
            log.warning(
                "%s: this drive has no locks (%s); see that no other call fills the folder.",
                printable(folder), error.strerror,
            )  # fmt: skip
        _say_who(file)
        yield


def _lock(file: BinaryIO) -> None:
    """Take the lock.

    Raises:
        BlockingIOError: another has it.
        OSError: there are no locks here.
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


def _lock_on_windows(file: BinaryIO) -> None:
    import msvcrt

    file.seek(_SAID_BYTES)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except PermissionError:
        raise BlockingIOError from None


def _say_who(file: BinaryIO) -> None:
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime())
    with suppress(OSError):  # a full disk; the lock holds all the same
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {began}".encode())
        file.flush()


def _holder(file: BinaryIO) -> str:
    try:
        file.seek(0)
        said = file.read(_SAID_BYTES).decode(errors="replace")
    except OSError:
        said = ""
    return printable(said) if said else "its process is unknown"
