"""Writes that arrive together, committed together.

A commit waits for the disk. When a whole class sends at once, a commit for each ballot would make
the last phone wait for all the others; one commit for all that wait costs as much as one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from scrl.classroom.database import Database
from scrl.classroom.errors import ClassroomError

#: Writes of one transaction at most.
MAX_WRITES = 200


class GroupCommit:
    """Runs writes in the order in which they come, each on the disk before its future is done.

    Methods may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[Callable[[sqlite3.Connection], Any], Future]] = deque()
        self._lock = threading.Lock()
        self._running = False

    def submit(self, write: Callable[[sqlite3.Connection], Any]) -> Future:
        """Queue a write.

        Args:
            write: writes in a transaction that it shares with others. It raises ``ClassroomError``
                before it has changed anything, or not at all.

        Returns:
            A future of what ``write`` returns. Its exceptions are those of ``write`` and of
            ``Database.write``.
        """
        future: Future = Future()
        with self._lock:
            self._waiting.append((write, future))
            start, self._running = not self._running, True
        if start:
            threading.Thread(target=self._work, name="class-commit", daemon=True).start()
        return future

    def _work(self) -> None:
        """Commit what waits, until nothing does."""
        while True:
            with self._lock:
                count = min(len(self._waiting), MAX_WRITES)
                if not count:
                    self._running = False
                    return
                batch = [self._waiting.popleft() for _ in range(count)]
            self._commit(batch)

    def _commit(self, batch: list[tuple[Callable[[sqlite3.Connection], Any], Future]]) -> None:
        found: list[tuple[Any, ClassroomError | None]] = []
        try:
            with self._database.write() as db:
                for write, _ in batch:
                    try:
                        found.append((write(db), None))
                    except ClassroomError as error:
                        found.append((None, error))
        except Exception as error:
            for _, future in batch:
                with suppress(InvalidStateError):  # whoever waited has gone
                    future.set_exception(error)
            return
        for (value, refusal), (_, future) in zip(found, batch, strict=True):
            with suppress(InvalidStateError):
                if refusal is None:
                    future.set_result(value)
                else:
                    future.set_exception(refusal)
