"""Kept runs: one SQLite file that outlives the server.

A run is noted when it is queued and completed when it ends, so that what a killed server left is
known to be unfinished. Nothing is ever evicted: a file that has reached its budget refuses further
runs with a sentence until its owners delete some. A damaged file is moved aside, never deleted.
Knows nothing of pages; what a run learnt is bytes to it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scrl.types import InputError

SCHEMA = 2
#: Marks the file as ours ("scrl").
MARK = 0x7363726C
#: Bytes that the file, and one run in it, may take.
MOST_BYTES, MOST_RUN = 2 * 2**30, 256 * 2**20
MOST_NAME = 120
#: Seconds to wait for another process that writes.
BUSY = 10.0
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
_SHORT = ("id", "owner", "name", "created", "state", "error", "spec", "origin", "scenario", "seed",
          "rules", "versions", "headline", "seeds")  # fmt: skip
#: What brings a file of an earlier schema to the next.
_MIGRATIONS = {1: "ALTER TABLE runs ADD COLUMN seeds INTEGER NOT NULL DEFAULT 1"}


@dataclass(frozen=True)
class Kept:
    """A run as the list shows it.

    Attributes:
        owner: an unguessable token. created: seconds since 1970. state: ``"unfinished" | "done" |
            "failed"``; error: the sentence of a failed one.
        spec: a hash of all it depends on; origin: the id of an uploaded file, else "".
        seeds: how many runs it is, from ``seed`` on.
        headline: ``prompt``, ``rule`` and the orders ``vanilla``, ``social`` and, if known,
            ``truth``; empty until it is done.
    """

    id: str
    owner: str
    name: str
    created: float
    state: str
    error: str
    spec: str
    origin: str
    scenario: str
    seed: int
    rules: tuple[str, ...]
    versions: dict
    headline: dict
    seeds: int = 1


def default_path() -> Path:
    """``$SCRL_RUNS``, or ``scrl/runs.sqlite`` in the user's data folder."""
    if named := os.environ.get("SCRL_RUNS"):
        return Path(named)
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "scrl" / "runs.sqlite"


def versions() -> dict[str, str]:
    """Of what a run's numbers depend on."""
    from scrl import __version__

    found = {"scrl": __version__, "python": sys.version.split()[0]}
    for name in ("jax", "flax", "optax", "numpy", "scikit-learn"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


class Archive:
    """The file. Every method may be called from any thread; several processes may share it.

    Attributes:
        notice: a sentence where the file was damaged or cannot be written, else "".
    """

    def __init__(self, path: str | Path, most_bytes: int = MOST_BYTES, most_run: int = MOST_RUN):
        self.path, self.notice = Path(path), ""
        self._most, self._most_run = most_bytes, most_run
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._open()

    @property
    def keeps(self) -> bool:
        return self._db is not None

    def begin(self, id: str, *, owner: str, name: str, spec: str, scenario: str, seed: int,
              rules: Sequence[str], source: bytes, origin: str = "",
              seeds: int = 1) -> None:  # fmt: skip
        """Note a run that is queued.

        Args:
            source: what ``keeping.unpack_source`` reads.

        Raises:
            InputError: where there is no room for it, or the file cannot be written.
        """
        with self._write() as db:
            if db is None:
                return
            self._check_room(db, len(source))
            row = (id, owner, _name(name), time.time(), "unfinished", spec, origin, scenario,
                   int(seed), json.dumps(list(rules)), json.dumps(versions()), source,
                   int(seeds))  # fmt: skip
            db.execute(
                "INSERT INTO runs (id, owner, name, created, state, spec, origin, scenario, seed, "
                f"rules, versions, source, seeds) VALUES ({', '.join('?' * len(row))})",
                row,
            )

    def finish(self, id: str, content: Mapping, learnt: bytes | None = None) -> None:
        """Complete a run.

        Args:
            content: plain data, ``"result"`` and ``"latent"`` among it.
            learnt: what ``keeping.unpack`` reads.

        Raises:
            InputError: as ``begin``.
        """
        text = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        packed = zlib.compress(text, 6)
        with self._write() as db:
            if db is None:
                return
            self._check_room(db, len(packed) + len(learnt or b""))
            db.execute(
                "UPDATE runs SET state = 'done', error = '', content = ?, learnt = ?, "
                "headline = ? WHERE id = ?",
                (packed, learnt, json.dumps(headline(content["result"])), id),
            )

    def fail(self, id: str, error: str) -> None:
        """Note why a run ended without a result."""
        with self._write() as db:
            if db is not None:
                db.execute("UPDATE runs SET state = 'failed', error = ? WHERE id = ?", (error, id))

    def list(self, owner: str) -> list[Kept]:
        """The runs of one owner, the latest first."""
        rows = self._read("owner = ? ORDER BY created DESC, id", (owner,))
        return [_kept(row) for row in rows]

    def get(self, id: str) -> Kept | None:
        """A run by its unguessable id, whoever asks."""
        rows = self._read("id = ?", (id,))
        return _kept(rows[0]) if rows else None

    def content(self, id: str) -> dict | None:
        """What ``finish`` was given; None for a run that is not done."""
        rows = self._read("id = ? AND state = 'done'", (id,), ("content",))
        try:
            return json.loads(zlib.decompress(rows[0][0])) if rows else None
        except (zlib.error, ValueError, TypeError) as error:
            raise InputError(f"{self.path}: this run cannot be read; it is damaged.") from error

    def learnt(self, id: str) -> bytes | None:
        rows = self._read("id = ?", (id,), ("learnt",))
        return rows[0][0] if rows else None

    def source(self, id: str) -> bytes | None:
        rows = self._read("id = ?", (id,), ("source",))
        return rows[0][0] if rows else None

    def source_from(self, origin: str) -> tuple[str, bytes] | None:
        """The scenario's name and the source of a run on an uploaded file."""
        rows = self._read("origin = ? LIMIT 1", (origin,), ("scenario", "source"))
        return tuple(rows[0]) if rows else None

    def rename(self, id: str, owner: str, name: str) -> bool:
        """Whether there was such a run of this owner.

        Raises:
            InputError: for a name of nothing.
        """
        name = _name(name)
        with self._write() as db:
            if db is None:
                return False
            done = db.execute("UPDATE runs SET name = ? WHERE id = ? AND owner = ?",
                              (name, id, owner))  # fmt: skip
            return done.rowcount > 0

    def delete(self, id: str, owner: str) -> bool:
        """Delete a run of this owner for good: its bytes are overwritten, also in the log."""
        with self._write() as db:
            if db is None:
                return False
            done = db.execute("DELETE FROM runs WHERE id = ? AND owner = ?", (id, owner)).rowcount
        if done:
            with self._lock, self._guarded():
                if self._db is not None:
                    _scrub(self._db)
        return done > 0

    def export(self, id: str) -> bytes:
        """A finished run as one zip (see ``bundle``).

        Raises:
            InputError: where there is no such finished run.
        """
        from scrl.runs.bundle import bundle

        kept, content = self.get(id), self.content(id)
        if kept is None or content is None:
            raise InputError("There is no such finished run to export.")
        return bundle(kept, content, self.source(id), self.learnt(id))

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    # -- the file ---------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connected()
        except sqlite3.DatabaseError as error:
            if _code(error) in _CORRUPT:
                self._set_aside()
            else:
                self._without(str(error))
        except OSError as error:
            self._without(error.strerror or str(error))

    def _connected(self) -> sqlite3.Connection | None:
        db = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
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
            db.execute("BEGIN IMMEDIATE")
            mark, schema = (db.execute(f"PRAGMA {name}").fetchone()[0]
                            for name in ("application_id", "user_version"))  # fmt: skip
            tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                db.execute(_TABLE)
                db.execute("CREATE INDEX by_owner ON runs (owner, created)")
                db.execute(f"PRAGMA application_id = {MARK}")
            elif mark == MARK:
                while schema in _MIGRATIONS:
                    db.execute(_MIGRATIONS[schema])
                    schema += 1
            if not tables or (mark, schema) == (MARK, SCHEMA):
                db.execute(f"PRAGMA user_version = {SCHEMA}")
            db.execute("COMMIT")
            if not tables or (mark, schema) == (MARK, SCHEMA):
                # A delete while another process read, or that was killed half-way.
                _scrub(db)
        except BaseException:
            db.close()
            raise
        if tables and (mark, schema) != (MARK, SCHEMA):
            db.close()
            self._without("another program or version wrote it")
            return None
        return db

    def _without(self, why: str) -> None:
        self._db = None
        self.notice = f"Runs are not kept: {self.path} cannot be used ({why})."

    def _set_aside(self) -> None:
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            for suffix in ("", "-wal", "-shm"):
                old = self.path.with_name(self.path.name + suffix)
                if old.exists():
                    old.rename(aside.with_name(aside.name + suffix))
            self._db = self._connected()
        except (OSError, sqlite3.Error) as error:
            self._without(str(error))
            return
        self.notice = (
            f"The file of kept runs, {self.path}, was damaged; it was moved to {aside.name} and "
            "a new one begun."
        )

    @contextmanager
    def _guarded(self):
        """Faults of the file as sentences."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _code(error) in _CORRUPT:
                self._set_aside()
                raise InputError(self.notice) from error
            raise InputError(f"{self.path}: the run cannot be kept ({error}).") from error

    @contextmanager
    def _write(self):
        """A transaction; None where nothing is kept."""
        with self._lock, self._guarded():
            db = self._db
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

    def _read(self, where: str, values: tuple, columns: Sequence[str] = _SHORT) -> list[tuple]:
        with self._lock, self._guarded():
            if self._db is None:
                return []
            query = f"SELECT {', '.join(columns)} FROM runs WHERE {where}"
            return self._db.execute(query, values).fetchall()

    def _check_room(self, db: sqlite3.Connection, more: int) -> None:
        if more > self._most_run:
            raise InputError(
                f"This run takes {more / 2**20:,.0f} MB, and one of at most "
                f"{self._most_run / 2**20:,.0f} MB is kept."
            )
        pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0]
                             for name in ("page_count", "freelist_count", "page_size"))  # fmt: skip
        if (pages - free) * size + more > self._most:
            raise InputError(
                f"The file of kept runs is full ({self._most / 2**20:,.0f} MB), so this run is not "
                "kept; delete some on the page of runs."
            )


def headline(result: Mapping) -> dict:
    """The first prompt under its first rule: the orders that the list shows."""
    prompt, entry = next(iter(result["prompts"].items()))
    rule = next(iter(entry["social"]))
    found = {"prompt": prompt, "rule": rule, "vanilla": entry["vanilla"]["order"],
             "social": entry["social"][rule]["order"]}  # fmt: skip
    if "truth" in entry:
        found["truth"] = entry["truth"][rule]["order"]
    return found


def _scrub(db: sqlite3.Connection) -> None:
    """Give back free pages and bring the log into the file, so that neither holds what was deleted
    (``secure_delete`` has overwritten it). Where another process reads, the log stays until the
    next time."""
    db.execute("PRAGMA incremental_vacuum").fetchall()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _name(text: str) -> str:
    name = " ".join(text.split())[:MOST_NAME]
    if not name:
        raise InputError("A run needs a name.")
    return name


def _kept(row: tuple) -> Kept:
    found = dict(zip(_SHORT, row, strict=True))
    found |= {name: json.loads(found[name]) for name in ("rules", "versions", "headline")}
    return Kept(**{**found, "rules": tuple(found["rules"])})


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
