"""The SQLite file of classes: opening, transactions, and errors as messages.

A file that cannot be opened now is tried again at the next use. A damaged one is renamed and a new
one begun. What was written into a file that is no longer whole at its path is not acknowledged.
Deleted rows are overwritten in the file and in its log.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scrl import sqlite_files
from scrl.classroom.errors import ClassroomError

#: SQLite's application id that marks the file as ours ("clas").
APPLICATION_ID = 0x636C6173
SCHEMA = 1
#: Seconds to wait for another process that writes.
BUSY_TIMEOUT = 5.0
#: Pages of the log after which they are written to the file, and bytes that are kept free for
#: deleting on a full disk: such a log, and the log of the deletion.
LOG_PAGES, RESERVE_BYTES = 256, 3 * 2**20
#: Identity of a file -> descriptor, never closed: closing one would drop the locks that SQLite
#: holds on the file in this process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
_HELD: dict[tuple[int, int], int] = {}
_BUSY, _FULL = (5, 6), (13,)  # SQLite's primary result codes
_TABLES = """
CREATE TABLE rooms (
    code TEXT PRIMARY KEY, token BLOB NOT NULL, result BLOB NOT NULL, touched REAL NOT NULL,
    version INTEGER NOT NULL DEFAULT 0, question INTEGER
) WITHOUT ROWID;
CREATE TABLE questions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, prompt TEXT NOT NULL,
    answers TEXT NOT NULL, labels TEXT NOT NULL, absent TEXT NOT NULL
);
CREATE INDEX questions_of_room ON questions (room);
CREATE TABLE rounds (
    question INTEGER NOT NULL, round INTEGER NOT NULL, state TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT '', PRIMARY KEY (question, round)
) WITHOUT ROWID;
CREATE TABLE phones (room TEXT NOT NULL, phone TEXT NOT NULL, PRIMARY KEY (room, phone))
WITHOUT ROWID;
CREATE TABLE ballots (
    question INTEGER NOT NULL, round INTEGER NOT NULL, phone TEXT NOT NULL, ballot TEXT NOT NULL,
    PRIMARY KEY (question, round, phone)
) WITHOUT ROWID;
"""


@dataclass
class _Connection:
    """A connection and the lock of its users; None until it is opened.

    Attributes:
        file: device and inode of the file that it opened.
        failures: of the database when it was opened.
    """

    lock: threading.RLock
    db: sqlite3.Connection | None = None
    file: tuple[int, int] | None = None
    failures: int = 0


class Database:
    """One SQLite file. Methods may be called from any thread; several processes may share it.

    It has one connection that writes and one that reads, so that a reader waits for no disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reserve = sqlite_files.Reserve(path, RESERVE_BYTES)
        self._writer = _Connection(threading.RLock())
        self._reader = _Connection(threading.RLock())
        # Connections opened before the last failure are closed at their next use, each under its
        # own lock: closing the other one at once would wait for its lock, and it for ours.
        self._failures = 0
        self._damaged_file: tuple[int, int] | None = None
        self._was_removed = False

    def close(self) -> None:
        """Close the connections; the next use opens others."""
        for held in (self._writer, self._reader):
            with held.lock:
                if held.db is not None:
                    held.db.close()
                held.db = None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: on disk when the block ends, rolled back on any exception.

        Raises:
            ClassroomError: the file is locked (503), full (507), cannot be used (503), or is gone
                or damaged although SQLite has written (503).
        """
        with self._writer.lock, self._errors_as_messages(self._writer):
            db = self._opened(self._writer)
            with sqlite_files.transaction(db):
                yield db
            self._check_written()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the file.

        Raises:
            ClassroomError: as ``write``.
        """
        with self._reader.lock, self._errors_as_messages(self._reader):
            db = self._opened(self._reader)
            db.execute("BEGIN")
            try:
                yield db
            finally:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")

    def make_room(self) -> None:
        """Free the reserve and the log, so that a full disk can be emptied."""
        with self._writer.lock, suppress(sqlite3.Error):
            self._reserve.free()
            if self._writer.db is not None:
                self._writer.db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def overwrite_deleted(self) -> None:
        """Remove deleted bytes from the file and from its log, unless another process reads."""
        with self._writer.lock, self._reader.lock, suppress(sqlite3.Error):
            if self._writer.db is not None:
                # ``execute`` does one step of it, which frees one page.
                self._writer.db.executescript("PRAGMA incremental_vacuum")
                self._writer.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._reserve.keep()

    def _opened(self, held: _Connection) -> sqlite3.Connection:
        if held.db is not None and held.failures != self._failures:
            held.db.close()
            held.db = None
        if held.db is None:
            held.failures = self._failures
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if held is self._writer:
                self._reserve.keep()
            if (
                self._damaged_file is not None
                and sqlite_files.identity(self.path) == self._damaged_file
            ):
                sqlite_files.set_aside(self.path)
            self._damaged_file = None
            try:
                held.db = _connect(self.path)
            except sqlite3.DatabaseError as error:
                if sqlite_files.code(error) not in sqlite_files.DAMAGED:
                    raise
                sqlite_files.set_aside(self.path)
                held.db = _connect(self.path)
            held.file = _hold(self.path)
        return held.db

    def _check_written(self) -> None:
        """Check that what was written stands in the file at the path.

        SQLite goes on writing where the file was deleted, replaced or cut while it is open.

        Raises:
            ClassroomError: it does not (503); the next use opens the file that is there, or a new
                one.
        """
        if sqlite_files.identity(self.path) != self._writer.file:
            self._was_removed = True
            self._failures += 1
            raise ClassroomError(
                "The file of classes was removed or replaced; nothing was saved.", 503
            )
        # Another process that copies its log into the file writes the length before the pages.
        for _ in range(20):
            if _is_whole(self._writer.file):
                return
            time.sleep(0.05)
        self._damaged_file = self._writer.file
        self._failures += 1
        raise ClassroomError("The file of classes is damaged; nothing was saved.", 503)

    def recent_loss(self, seconds: float) -> str:
        """One sentence on why classes may be missing from the file; "" without a known reason.

        Args:
            seconds: how long ago a file may have been set aside.
        """
        since = time.time_ns() - int(seconds * 1e9)
        prefix = f"{self.path.name}.damaged-"
        names = [path.name for path in self.path.parent.glob("*.damaged-*")]
        numbers = [n.removeprefix(prefix) for n in names if n.startswith(prefix)]
        times = [int(number) for number in numbers if number.isdecimal()]
        if times and max(times) >= since:
            return f"The file of classes was damaged and set aside as {prefix}{max(times)}."
        return "The file of classes was removed or replaced." if self._was_removed else ""

    @contextmanager
    def _errors_as_messages(self, held: _Connection) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = sqlite_files.code(error)
            if code in sqlite_files.DAMAGED:
                self._damaged_file = held.file  # the next use sets it aside
                self._failures += 1
            if code in _FULL:
                message, status = "The server's disk is full; nothing was saved.", 507
            elif code in _BUSY:
                message, status = "The server is busy; nothing was saved. Try again.", 503
            else:
                message, status = f"The server cannot save now ({error}). Try again.", 503
            raise ClassroomError(message, status) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise ClassroomError(f"The server cannot save now ({reason}).", 503) from error


def _hold(path: Path) -> tuple[int, int] | None:
    """The identity of a file, which is kept open for ``_is_whole`` where the system is POSIX."""
    file = sqlite_files.identity(path)
    if file is not None and os.name == "posix" and file not in _HELD:
        _HELD[file] = os.open(path, os.O_RDONLY)
    return file


def _is_whole(file: tuple[int, int] | None) -> bool:
    """Whether a held file begins as SQLite's do and has the pages that its head counts.

    Bytes 16 to 17 of the head are the size of a page, bytes 28 to 31 the number of pages:
    https://www.sqlite.org/fileformat2.html#the_database_header
    """
    if file not in _HELD:
        return True
    head, size = os.pread(_HELD[file], 100, 0), os.fstat(_HELD[file]).st_size
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        return False
    page = int.from_bytes(head[16:18], "big")
    return size >= (65_536 if page == 1 else page) * int.from_bytes(head[28:32], "big")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        sqlite_files.configure(db, path)
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        _create_tables(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _create_tables(db: sqlite3.Connection, path: Path) -> None:
    mark = (APPLICATION_ID, SCHEMA)
    if _marks(db) == mark:
        return
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in filter(str.strip, _TABLES.split(";")):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")
    if _marks(db) != mark:
        raise sqlite3.OperationalError(f"{path} was written by another program or version")


def _marks(db: sqlite3.Connection) -> tuple[int, int]:
    application, schema = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    return application, schema
