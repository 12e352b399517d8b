"""What the files of runs and of classes have in common: settings, transactions, damage, room."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: SQLite's primary result codes of a damaged file: SQLITE_CORRUPT, SQLITE_NOTADB.
DAMAGED = (11, 26)


def code(error: Exception) -> int:
    """SQLite's primary result code of an error; 0 of any other error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def configure(db: sqlite3.Connection, path: Path) -> None:
    """Overwrite deleted bytes, let readers not wait, and put a commit on the disk before it ends.

    Only the owner may read the file.
    """
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA journal_mode = WAL").fetchall()
    db.execute("PRAGMA synchronous = FULL")
    with suppress(OSError):
        path.chmod(0o600)


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A write transaction, rolled back on any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        # Python cannot decode a message that quotes bytes of a damaged file.
        with suppress(sqlite3.Error, UnicodeError):
            db.execute("ROLLBACK")
        raise


def set_aside(path: Path) -> Path:
    """Rename a damaged file with its log, and return its new path.

    Raises:
        OSError: a file cannot be renamed.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.rename(aside.with_name(aside.name + suffix))
    return aside


class Reserve:
    """Bytes kept free on the disk, so that something can be deleted where it is full.

    Args:
        path: of the database beside which they are kept.
        size: in bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path, self._size = path.with_name(f"{path.name}.reserve"), size

    def keep(self) -> None:
        """Write the reserve, unless it is there; without room there is none."""
        with suppress(OSError):
            if self.path.exists() and self.path.stat().st_size == self._size:
                return
            try:
                self.path.write_bytes(os.urandom(self._size))
                self.path.chmod(0o600)
            except OSError:
                self.path.unlink()

    def free(self) -> None:
        """Give the bytes back to the disk."""
        with suppress(OSError):
            self.path.unlink()
