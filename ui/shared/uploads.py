"""Uploaded scenario and ratings files, by a hash of their content."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from scrl.types import InputError
from ui.shared import run_store

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Ratings

SCENARIO_SUFFIXES = ("yaml", "yml")
RATINGS_SUFFIXES = ("csv", "jsonl", "ndjson", "soc", "soi", "toc", "toi")


class UploadCache:
    """The latest uploads of all viewers; the oldest are dropped first.

    Args:
        max_files: number of uploads kept.
        restore: looks up ``(file name, source)`` of an id that was dropped; None where unknown.
    """

    def __init__(
        self, max_files: int = 8, restore: Callable[[str], tuple | None] | None = None
    ) -> None:
        self._max_files, self._restore = max_files, restore
        self._files: OrderedDict[str, tuple] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, data: bytes, filename: str) -> str:
        """Parse a scenario or ratings file and return its id.

        Raises:
            InputError: the file is malformed; the message names the place.
        """
        id = "file-" + hashlib.sha256(data).hexdigest()[:16]
        self.put(id, filename, self._parse(data, filename))
        return id

    def put(self, id: str, filename: str, source: Scenario | Ratings) -> None:
        """Store parsed content under an id."""
        with self._lock:
            self._files[id] = (filename, source)
            self._files.move_to_end(id)
            while len(self._files) > self._max_files:
                self._files.popitem(last=False)

    @staticmethod
    def _parse(data: bytes, filename: str) -> Scenario | Ratings:
        if filename.lower().rpartition(".")[2] in SCENARIO_SUFFIXES:
            from scrl.scenarios import parse_scenario

            return parse_scenario(data, filename)
        from scrl.data import parse_ratings

        return parse_ratings(data, filename)

    def get(self, id: str) -> tuple | None:
        """``(file name, Scenario or Ratings)``; None where it is no longer stored."""
        with self._lock:
            upload = self._files.get(id)
        if upload is None and self._restore is not None and (upload := self._restore(id)):
            self.put(id, *upload)
        return upload


@st.cache_resource(show_spinner=False)
def cache() -> UploadCache:
    """The uploads of this server."""
    return UploadCache(restore=_upload_of_stored_run)


def _upload_of_stored_run(id: str) -> tuple | None:
    """An uploaded file whose content a stored run holds."""
    with suppress(InputError):
        if id.startswith("file-") and (stored := run_store.archive().source_of_upload(id)):
            from scrl.runs import unpack_source

            return stored[0], unpack_source(stored[1])
    return None
