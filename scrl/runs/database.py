"""The SQLite file of stored runs: opening, migrating, damage, transactions and space.

A damaged file is renamed, never deleted. Deleted rows are overwritten in the file and in its log.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scrl.types import InputError

SCHEMA = 2
#: SQLite's application id that marks the file as ours ("scrl").
APPLICATION_ID = 0x7363726C
#: Seconds to wait for another process that writes.
BUSY_TIMEOUT = 10.0
_CORRUPT = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB
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
        self.connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._open()

    def close(self) -> None:
        """Close the connection; later reads return nothing and writes do nothing."""
        with self._lock:
            if self.connection is not None:
                self.connection.close()
            self.connection = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection | None]:
        """A write transaction, rolled back on any exception; None without a usable file.

        Raises:
            InputError: where the file is damaged or cannot be written.
        """
        with self._lock, self._errors_as_messages():
            db = self.connection
            if db is None:
                yield None
                return
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def select(self, columns: Sequence[str], where: str, values: Sequence) -> list[tuple]:
        """Rows of the table of runs; none without a usable file."""
        with self._lock, self._errors_as_messages():
            if self.connection is None:
                return []
            query = f"SELECT {', '.join(columns)} FROM runs WHERE {where}"
            return self.connection.execute(query, values).fetchall()

    def overwrite_deleted(self) -> None:
        """Remove deleted bytes from the file and from its log."""
        with self._lock, self._errors_as_messages():
            if self.connection is not None:
                _overwrite_deleted(self.connection)

    def used_bytes(self) -> int:
        """Bytes of the file that hold data."""
        if self.connection is None:
            return 0
        pages, free, size = (_pragma(self.connection, name)
                             for name in ("page_count", "freelist_count", "page_size"))  # fmt: skip
        return (pages - free) * size

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = self._connect()
        except sqlite3.DatabaseError as error:
            if _code(error) in _CORRUPT:
                self._set_aside()
            else:
                self._disable(str(error))
        except OSError as error:
            self._disable(error.strerror or str(error))

    def _connect(self) -> sqlite3.Connection | None:
        db = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            self._configure(db)
            ours = _create_or_migrate(db)
            if ours:
                # Left by a delete while another process read, or by a killed process.
                _overwrite_deleted(db)
        except BaseException:
            db.close()
            raise
        if not ours:
            db.close()
            self._disable("another program or version wrote it")
            return None
        return db

    def _configure(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA journal_mode = WAL").fetchall()
        db.execute("PRAGMA synchronous = FULL")
        with suppress(OSError):
            self.path.chmod(0o600)
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorcode = _CORRUPT[0]
            raise error

    def _disable(self, reason: str) -> None:
        self.connection = None
        self.notice = f"Runs are not kept: {self.path} cannot be used ({reason})."

    def _set_aside(self) -> None:
        """Rename a damaged file and begin a new one."""
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            for suffix in ("", "-wal", "-shm"):
                old = self.path.with_name(self.path.name + suffix)
                if old.exists():
                    old.rename(aside.with_name(aside.name + suffix))
            self.connection = self._connect()
        except (OSError, sqlite3.Error) as error:
            self._disable(str(error))
            return
        self.notice = (
            f"The file of kept runs, {self.path}, was damaged; it was moved to {aside.name} and "
            "a new one begun."
        )

    @contextmanager
    def _errors_as_messages(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _code(error) in _CORRUPT:
                self._set_aside()
                raise InputError(self.notice) from error
            raise InputError(f"{self.path}: the run cannot be kept ({error}).") from error


def _create_or_migrate(db: sqlite3.Connection) -> bool:
    """Bring the file to today's schema; False for one of another program or a later version."""
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
    db.execute("PRAGMA incremental_vacuum").fetchall()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
