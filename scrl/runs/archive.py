"""Stored runs: one SQLite file that outlives the server.

A run is recorded when it is queued and completed when it ends, so that a run which a killed server
left behind is known to be unfinished. Nothing is evicted: a full file refuses further runs with a
message until their owners delete some. The archive holds fitted models as bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from scrl.data.strict_json import strict_json
from scrl.runs.database import Database
from scrl.runs.run_record import RunRecord, headline, installed_versions
from scrl.types import InputError

#: Bytes that the file, and one run in it, may take.
MAX_BYTES, MAX_RUN_BYTES = 2 * 2**30, 256 * 2**20
#: Bytes and values of the plain data of a run.
MAX_CONTENT_BYTES, MAX_CONTENT_VALUES = 2**30, 20_000_000
MAX_NAME_LENGTH = 120
_RECORD_COLUMNS = ("id", "owner", "name", "created", "state", "error", "spec", "origin", "scenario",
                   "seed", "rules", "versions", "headline", "seeds")  # fmt: skip


def default_path() -> Path:
    """``$SCRL_RUNS``, or ``scrl/runs.sqlite`` in the user's data folder."""
    if configured := os.environ.get("SCRL_RUNS"):
        return Path(configured)
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "scrl" / "runs.sqlite"


class Archive:
    """Runs in a ``Database``. Methods may be called from any thread and from several processes."""

    def __init__(
        self, path: str | Path, max_bytes: int = MAX_BYTES, max_run_bytes: int = MAX_RUN_BYTES
    ) -> None:
        self.database = Database(Path(path))
        self.max_bytes, self.max_run_bytes = max_bytes, max_run_bytes

    @property
    def path(self) -> Path:
        return self.database.path

    @property
    def notice(self) -> str:
        """A message where the file was damaged or cannot be written, else ""."""
        return self.database.notice

    @property
    def is_open(self) -> bool:
        """Whether runs are stored at all."""
        return self.database.is_ready()

    def close(self) -> None:
        self.database.close()

    def version(self) -> tuple | None:
        """A value that changes with every change of the archive; None where it cannot be read."""
        return self.database.version()

    # -- writing ----------------------------------------------------------------------------------

    def begin(self, id: str, *, owner: str, name: str, spec: str, scenario: str, seed: int,
              rules: Sequence[str], source: bytes, origin: str = "", seeds: int = 1,
              versions: Mapping[str, str] | None = None,
              created: float | None = None) -> None:  # fmt: skip
        """Record a run that is queued.

        Args:
            source: the bytes of ``serialization.pack_source``.
            versions: of the packages that made it; by default those that are installed.
            created: seconds since 1970, by default now.

        Raises:
            InputError: where there is no room for it, or the file cannot be written.
        """
        with self.database.transaction() as db:
            if db is None:
                return
            self._check_room(len(source))
            made_by = json.dumps(dict(versions or installed_versions()))
            row = (id, owner, _clean_name(name), time.time() if created is None else created,
                   "unfinished", spec, origin, scenario, int(seed), json.dumps(list(rules)),
                   made_by, source, int(seeds))  # fmt: skip
            db.execute(
                "INSERT INTO runs (id, owner, name, created, state, spec, origin, scenario, seed, "
                f"rules, versions, source, seeds) VALUES ({', '.join('?' * len(row))})",
                row,
            )

    def finish(self, id: str, content: Mapping, fitted: bytes | None = None) -> None:
        """Complete a run.

        Args:
            content: plain data, ``"result"`` and ``"latent"`` among it.
            fitted: the bytes of ``serialization.pack``.

        Raises:
            InputError: as ``begin``, or where the run was deleted meanwhile.
        """
        text = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        packed = zlib.compress(text, 6)
        with self.database.transaction() as db:
            if db is None:
                return
            self._check_room(len(packed) + len(fitted or b""))
            found = db.execute(
                "UPDATE runs SET state = 'done', error = '', content = ?, learnt = ?, "
                "headline = ? WHERE id = ?",
                (packed, fitted, json.dumps(headline(content["result"])), id),
            )
            if not found.rowcount:
                raise InputError(
                    "The run is not in the file of runs any more, so its result is not kept."
                )

    def fail(self, id: str, error: str) -> None:
        """Record why a run ended without a result."""
        with self.database.transaction() as db:
            if db is not None:
                db.execute("UPDATE runs SET state = 'failed', error = ? WHERE id = ?", (error, id))

    def rename(self, id: str, owner: str, name: str) -> bool:
        """Rename a run of this owner; False where there is none.

        Raises:
            InputError: for an empty name, or one of more than ``MAX_NAME_LENGTH`` characters.
        """
        name = " ".join(name.split())
        if len(name) > MAX_NAME_LENGTH:
            raise InputError(
                f"The name has {len(name)} characters, and the limit is {MAX_NAME_LENGTH}."
            )
        name = _clean_name(name)
        return self._change("UPDATE runs SET name = ? WHERE id = ? AND owner = ?", name, id, owner)

    def delete(self, id: str, owner: str) -> bool:
        """Delete a run of this owner and overwrite its bytes, also in the log; False where there
        is none."""
        return self.database.delete("id = ? AND owner = ?", (id, owner)) > 0

    def _change(self, statement: str, *values: str) -> bool:
        with self.database.transaction() as db:
            return db is not None and db.execute(statement, values).rowcount > 0

    def _check_room(self, added_bytes: int) -> None:
        if added_bytes > self.max_run_bytes:
            raise InputError(
                f"This run takes {added_bytes / 2**20:,.0f} MB, and one of at most "
                f"{self.max_run_bytes / 2**20:,.0f} MB is kept."
            )
        if self.database.used_bytes() + added_bytes > self.max_bytes:
            raise InputError(
                f"The file of kept runs is full ({self.max_bytes / 2**20:,.0f} MB), so this run "
                "is not kept; delete some on the page of runs."
            )

    # -- reading ----------------------------------------------------------------------------------

    def runs_of(self, owner: str) -> list[RunRecord]:
        """The runs of one owner, the latest first."""
        rows = self.database.select(
            _RECORD_COLUMNS, "owner = ? ORDER BY created DESC, id", (owner,)
        )
        return [_record(row) for row in rows]

    def get(self, id: str) -> RunRecord | None:
        """A run by its unguessable id, of any owner."""
        rows = self.database.select(_RECORD_COLUMNS, "id = ?", (id,))
        return _record(rows[0]) if rows else None

    def content(self, id: str) -> dict | None:
        """The content given to ``finish``; None for a run that is not done.

        Raises:
            InputError: where the stored content is damaged.
        """
        rows = self.database.select(("content",), "id = ? AND state = 'done'", (id,))
        try:
            return _content(rows[0][0]) if rows else None
        except (zlib.error, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{self.path}: this run cannot be read; it is damaged.") from error

    def fitted(self, id: str) -> bytes | None:
        """The packed fitted run, where there is one."""
        rows = self.database.select(("learnt",), "id = ?", (id,))
        return rows[0][0] if rows else None

    def source(self, id: str) -> bytes | None:
        """The packed scenario or ratings."""
        rows = self.database.select(("source",), "id = ?", (id,))
        return rows[0][0] if rows else None

    def source_of_upload(self, origin: str) -> tuple[str, bytes] | None:
        """The scenario's name and the packed source of a run on an uploaded file."""
        rows = self.database.select(("scenario", "source"), "origin = ? LIMIT 1", (origin,))
        return rows[0] if rows else None


def _content(packed: bytes) -> dict:
    """What was given to ``finish``, of a bounded size whatever the file says.

    Raises:
        ValueError, TypeError, zlib.error: where it is something else.
    """
    stream = zlib.decompressobj()
    text = stream.decompress(packed, MAX_CONTENT_BYTES)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("too large or cut short")
    found = strict_json(text, MAX_CONTENT_VALUES)
    if not isinstance(found, dict) or not isinstance(found.get("result"), dict):
        raise ValueError("no content of a run")
    return found


def _clean_name(text: str) -> str:
    """The text on one line; a text that is too long ends in an ellipsis."""
    name = " ".join(text.split())
    if not name:
        raise InputError("A run needs a name.")
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"


def _record(row: Sequence) -> RunRecord:
    found = dict(zip(_RECORD_COLUMNS, row, strict=True))
    try:
        found |= {name: json.loads(found[name]) for name in ("rules", "versions", "headline")}
        return RunRecord(**{**found, "rules": tuple(found["rules"])})
    except (ValueError, TypeError):
        damaged = {"state": "failed", "error": "What is kept of it is damaged.", "rules": (),
                   "versions": {}, "headline": {}}  # fmt: skip
        return RunRecord(**found | damaged)
