"""The SQLite file of stored runs: opening, migrating, damage, transactions and space.

A damaged file is renamed, never deleted. Deleted rows are overwritten in the file and in its log.
A file that cannot be used, because another process holds it or the disk is full, is tried again
when runs are next asked for. A small reserve on the disk lets runs be deleted where it is full.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scrl import sqlite_files
from scrl.types import InputError

SCHEMA = 2
#: SQLite's application id that marks the file as ours ("scrl").
APPLICATION_ID = 0x7363726C
#: Seconds to wait for another process that writes.
BUSY_TIMEOUT = 10.0
#: Seconds to wait for it while the file is opened, and between two attempts to open it.
OPEN_TIMEOUT, RETRY_SECONDS = 2.0, 5.0
#: Bytes kept free for deleting on a full disk.
RESERVE_BYTES = 2**20
_FULL = (10, 13)  # SQLITE_IOERR, SQLITE_FULL
#: Python cannot decode a message that quotes bytes of a damaged file.
_ERRORS = (sqlite3.Error, UnicodeError)
_TABLE = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL,
    state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', spec TEXT NOT NULL,
    origin TEXT NOT NULL, scenario TEXT NOT NULL, seed INTEGER NOT NULL, rules TEXT NOT NULL,
    versions TEXT NOT NULL, headline TEXT NOT NULL DEFAULT '{}',
    source BLOB NOT NULL, content BLOB, learnt BLOB, seeds INTEGER NOT NULL DEFAULT 1
)
"""
#: Schema -> the statement that brings a file of it to the next schema.
_MIGRATIONS = {1: "ALTER TABLE runs ADD COLUMN seeds INTEGER NOT NULL DEFAULT 1"}


class Database:
    """One SQLite file. Methods may be called from any thread; several processes may share it.

    Attributes:
        connection: None where the file cannot be used.
        notice: a message where the file was damaged or cannot be written, else "".
    """

    def __init__(self, path: Path) -> None:
        self.path, self.notice = path, ""
        self._reserve = sqlite_files.Reserve(path, RESERVE_BYTES)
        self.connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._closed, self._tried = False, 0.0
        self._file: tuple[int, int] | None = None
        self._open()

    def close(self) -> None:
        """Close the connection; later reads return nothing and writes do nothing."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def is_ready(self) -> bool:
        """Whether the file can be used; one that could not is tried again after a while."""
        with self._lock:
            self._check_place()
            waited = time.monotonic() - self._tried
            if self.connection is None and not self._closed and waited > RETRY_SECONDS:
                self._open()
            return self.connection is not None

    def _disconnect(self) -> None:
        if self.connection is not None:
            with suppress(*_ERRORS):
                self.connection.close()
        self.connection = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection | None]:
        """A write transaction, rolled back on any exception; None without a usable file.

        Raises:
            InputError: where the file is damaged or cannot be written.
        """
        with self._lock, self._errors_as_messages():
            if not self.is_ready() or self.connection is None:
                yield None
                return
            with sqlite_files.transaction(self.connection) as db:
                yield db
            if not self._check_place():
                raise InputError(self.notice)

    def _check_place(self) -> bool:
        """Whether the open file is still the one at the path; else the one there, or a new one, is
        opened. SQLite goes on writing into a file that was removed."""
        if self.connection is None or sqlite_files.identity(self.path) == self._file:
            return True
        self._disconnect()
        self._open()
        if self.connection is not None:
            self.notice = (
                f"The file of runs, {self.path}, was removed or replaced while the app ran. What "
                "it held is not here any more; new runs are kept in the file that is there now."
            )
        return False

    def delete(self, where: str, values: Sequence[str]) -> int:
        """Delete rows, overwrite their bytes in the file and in its log, and return how many.

        On a full disk the reserve makes room for it, and the file shrinks step by step.

        Raises:
            InputError: as ``transaction``.
        """
        statement, deleted = f"DELETE FROM runs WHERE {where}", 0
        with self._lock, self._errors_as_messages():
            if not self.is_ready() or self.connection is None:
                return 0
            try:
                with sqlite_files.transaction(self.connection) as db:
                    deleted = db.execute(statement, values).rowcount
                if deleted:
                    _overwrite_deleted(self.connection)
            except sqlite3.OperationalError as error:
                if sqlite_files.code(error) not in _FULL:
                    raise
                deleted += self._delete_on_full_disk(self.connection, statement, values)
        return deleted

    def _delete_on_full_disk(
        self, db: sqlite3.Connection, statement: str, values: Sequence[str]
    ) -> int:
        self._reserve.free()
        try:
            # Overwriting a large run would need its size again in the log.
            db.execute("PRAGMA secure_delete = FAST").fetchall()
            deleted = db.execute(statement, values).rowcount
            left = -1
            while left != (left := _pragma(db, "freelist_count")):
                # The log is moved into the file only once the file needs no more room for it.
                with suppress(sqlite3.OperationalError):
                    _give_back_pages(db)
                with suppress(sqlite3.OperationalError):
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            db.execute("PRAGMA secure_delete = ON").fetchall()
            self._reserve.keep()
        return deleted

    def select(self, columns: Sequence[str], where: str, values: Sequence) -> list[tuple]:
        """Rows of the table of runs; none without a usable file."""
        with self._lock, self._errors_as_messages():
            if not self.is_ready() or self.connection is None:
                return []
            query = f"SELECT {', '.join(columns)} FROM runs WHERE {where}"
            return self.connection.execute(query, values).fetchall()

    def version(self) -> tuple | None:
        """A value that changes with every write, of other processes too; None without a file."""
        with self._lock:
            if not self.is_ready() or self.connection is None:
                return None
            with suppress(*_ERRORS):
                other = _pragma(self.connection, "data_version")
                return self._tried, other, self.connection.total_changes
            return None

    def used_bytes(self) -> int:
        """Bytes of the file that hold data."""
        if self.connection is None:
            return 0
        pages, free, size = (_pragma(self.connection, name)
                             for name in ("page_count", "freelist_count", "page_size"))  # fmt: skip
        return (pages - free) * size

    def _open(self) -> None:
        self.notice = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.connection = self._connect()
            except sqlite3.OperationalError as error:
                if sqlite_files.code(error) not in _FULL or not self._reserve.path.exists():
                    raise
                self._reserve.free()
                self.connection = self._connect()
        except _ERRORS as error:
            if _is_damage(error):
                self._set_aside()
            else:
                self._disable(str(error))
        except OSError as error:
            self._disable(error.strerror or str(error))
        if self.connection is not None:
            self._file = sqlite_files.identity(self.path)
            self._reserve.keep()
        self._tried = time.monotonic()

    def _connect(self) -> sqlite3.Connection | None:
        db = sqlite3.connect(
            self.path, timeout=OPEN_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        db.text_factory = _as_text
        try:
            self._configure(db)
            ours = _create_or_migrate(db)
            if ours:
                # Left by a delete while another process read, or by a killed process.
                with suppress(sqlite3.OperationalError):  # a full disk: runs can still be read
                    _overwrite_deleted(db)
                db.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_TIMEOUT)}").fetchall()
        except BaseException:
            db.close()
            raise
        if not ours:
            db.close()
            self._disable("another program or version wrote it")
            return None
        return db

    def _configure(self, db: sqlite3.Connection) -> None:
        sqlite_files.configure(db, self.path)
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorcode = sqlite_files.DAMAGED[0]
            raise error

    def _disable(self, reason: str) -> None:
        self.connection = None
        self.notice = (
            f"Runs cannot be kept now: the file {self.path} cannot be used ({reason}). "
            "The app tries again by itself."
        )

    def _set_aside(self) -> None:
        """Rename a damaged file and begin a new one."""
        self._disconnect()
        try:
            aside = sqlite_files.set_aside(self.path)
            self.connection = self._connect()
        except (OSError, *_ERRORS) as error:
            self._disable(str(error))
            return
        self.notice = (
            f"The file of runs, {self.path}, is damaged. It is now called {aside.name}, and a new "
            "file has begun."
        )

    @contextmanager
    def _errors_as_messages(self) -> Iterator[None]:
        try:
            yield
        except _ERRORS as error:
            if _is_damage(error):
                self._set_aside()
                raise InputError(self.notice) from error
            raise InputError(f"The file of runs cannot be used now ({error}).") from error


def _create_or_migrate(db: sqlite3.Connection) -> bool:
    """Bring the file to today's schema; False for one of another program or a later version."""
    marks = tuple(_pragma(db, name) for name in ("application_id", "user_version"))
    if marks == (APPLICATION_ID, SCHEMA):  # nothing is written: the disk may be full
        db.execute("SELECT id FROM runs LIMIT 1").fetchall()
        return True
    db.execute("BEGIN IMMEDIATE")
    mark, schema = (_pragma(db, name) for name in ("application_id", "user_version"))
    new = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if new:
        db.execute(_TABLE)
        db.execute("CREATE INDEX by_owner ON runs (owner, created)")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    elif mark == APPLICATION_ID:
        while schema in _MIGRATIONS:
            db.execute(_MIGRATIONS[schema])
            schema += 1
    ours = new or (mark, schema) == (APPLICATION_ID, SCHEMA)
    if ours:
        db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")
    return ours


def _overwrite_deleted(db: sqlite3.Connection) -> None:
    """Free unused pages and move the log into the file, so that neither holds deleted data
    (``secure_delete`` has overwritten it). Where another process reads, the log stays until the
    next time."""
    _give_back_pages(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _give_back_pages(db: sqlite3.Connection) -> None:
    """Cut unused pages off the file, few at once, which takes little room in the log."""
    left = -1
    while left != (left := _pragma(db, "freelist_count")):
        # ``execute`` would cut off one: it does one step of a statement without columns.
        db.executescript("PRAGMA incremental_vacuum(64)")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def _as_text(data: bytes) -> str:
    """Text of the file; bytes that are none become replacement characters."""
    return data.decode("utf-8", "replace")


def _is_damage(error: Exception) -> bool:
    # Text that cannot be encoded is a fault of what is stored, not of the file.
    return isinstance(error, UnicodeDecodeError) or sqlite_files.code(error) in sqlite_files.DAMAGED
