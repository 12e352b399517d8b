"""A folder that one call fills at a time.

The claim is a lock on a file of the folder (``file_locks``). It ends with the process that holds
it, however that ends, so a call that was killed never blocks the next. On a network drive that has
no locks the call goes on without, and says so.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scrl.data.files import printable
from scrl.file_locks import lock
from scrl.types import InputError

log = logging.getLogger(__name__)
CLAIM_FILE = "claim.lock"
#: Bytes of the file that are read; they say who holds the lock.
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
            lock(file)
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
