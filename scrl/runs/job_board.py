"""Where processes of one server show each other the jobs that wait and run.

A small SQLite file beside that of stored runs. Each process writes its active jobs about once a
second; a row that is older was left by a process that was killed. The file may be lost at any
moment: what a job returns is stored elsewhere.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from scrl.runs.jobs import Job
from scrl.types import Progress

#: Seconds between two writings, and after which a job counts as left behind.
BEAT_SECONDS, LOST_SECONDS = 1.0, 10.0
#: Seconds to wait for another process that writes.
_BUSY_TIMEOUT = 2.0
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, process TEXT NOT NULL, beat REAL NOT NULL, job TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancelled (id TEXT PRIMARY KEY, beat REAL NOT NULL) WITHOUT ROWID;
"""


class JobBoard:
    """The active jobs of all processes. Methods may be called from any thread and never fail:
    where the file cannot be used, jobs of other processes are not seen.

    Args:
        path: of the file.
        clock: seconds that all processes of this machine count alike, and that never go back.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._process = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def show(self, jobs: Sequence[Job]) -> set[str]:
        """Show these jobs of this process in place of those shown before.

        Returns:
            The ids of those that another process was asked to cancel.
        """
        now, asked = self._clock(), set()
        rows = [(job.id, self._process, now, _to_text(job)) for job in jobs]
        with self._transaction() as db:
            if db is not None:
                db.execute("DELETE FROM jobs WHERE process = ?", (self._process,))
                db.execute("DELETE FROM jobs WHERE abs(? - beat) > ?", (now, LOST_SECONDS))
                db.executemany("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?)", rows)
                asked = {id for (id,) in db.execute("SELECT id FROM cancelled")}
                asked &= {job.id for job in jobs}
                db.executemany("DELETE FROM cancelled WHERE id = ?", [(id,) for id in asked])
                db.execute("DELETE FROM cancelled WHERE abs(? - beat) > ?", (now, LOST_SECONDS))
        return asked

    def find(self, id: str) -> Job | None:
        """A job that waits or runs in any process, as it was shown last; None without one."""
        query = "SELECT job FROM jobs WHERE id = ? AND abs(? - beat) <= ?"
        with self._lock:
            try:
                row = self._opened().execute(query, (id, self._clock(), LOST_SECONDS)).fetchone()
            except (sqlite3.Error, OSError):
                self._disconnect()
                return None
        return _from_text(row[0]) if row else None

    def ask_to_cancel(self, id: str) -> None:
        """Ask the process of a job to cancel it."""
        with self._transaction() as db:
            if db is not None:
                row = (id, self._clock())
                db.execute("INSERT OR REPLACE INTO cancelled VALUES (?, ?)", row)

    def close(self) -> None:
        """Show no job of this process any more, and close the file."""
        self.show([])
        with self._lock:
            self._disconnect()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection | None]:
        with self._lock:
            try:
                db = self._opened()
                db.execute("BEGIN IMMEDIATE")
            except (sqlite3.Error, OSError):
                self._disconnect()
                yield None
                return
            try:
                yield db
                db.execute("COMMIT")
            except sqlite3.Error:
                self._disconnect()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                for suffix in ("", "-wal", "-shm"):  # damaged: nothing in it is worth keeping
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            self._path, _BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            db.execute("PRAGMA synchronous = OFF")
            db.executescript(_TABLES)
            with suppress(OSError):
                self._path.chmod(0o600)
        except BaseException:
            db.close()
            raise
        return db

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _to_text(job: Job) -> str:
    return json.dumps(asdict(replace(job, result=None)))


def _from_text(text: str) -> Job | None:
    try:
        found = json.loads(text)
        if found["progress"] is not None:
            found["progress"] = Progress(**found["progress"])
        if found["first_progress"] is not None:
            found["first_progress"] = tuple(found["first_progress"])
        return Job(**found)
    except (ValueError, TypeError, KeyError):  # of another version
        return None
