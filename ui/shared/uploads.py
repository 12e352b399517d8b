"""Uploaded scenario and ratings files, by a hash of their content."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from scrl.types import InputError
from ui.shared import run_store

SCENARIO_SUFFIXES = ("yaml", "yml")
RATINGS_SUFFIXES = ("csv", "jsonl", "ndjson", "soc", "soi", "toc", "toi")


class UploadCache:
    """The latest uploads of all viewers, by a hash of their content; the oldest go first.

    Args:
        lost: asked for ``(file name, source)`` of an id that is not here, or None.
    """

    def __init__(self, keep: int = 8, lost: Callable[[str], tuple | None] | None = None):
        self._keep, self._lost = keep, lost
        self._files: OrderedDict[str, tuple] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, data: bytes, filename: str) -> str:
        """Read a scenario or ratings file and return the id to ask for it by.

        Raises:
            InputError: its sentence says what is wrong where.
        """
        id = "file-" + hashlib.sha256(data).hexdigest()[:16]
        self.put(id, filename, self._parse(data, filename))
        return id

    def put(self, id: str, filename: str, source) -> None:
        with self._lock:
            self._files[id] = (filename, source)
            self._files.move_to_end(id)
            while len(self._files) > self._keep:
                self._files.popitem(last=False)

    @staticmethod
    def _parse(data: bytes, filename: str):
        if filename.lower().rpartition(".")[2] in SCENARIO_SUFFIXES:
            from scrl.scenarios import parse_scenario

            return parse_scenario(data, filename)
        from scrl.data import parse_ratings

        return parse_ratings(data, filename)

    def get(self, id: str) -> tuple | None:
        """``(file name, Scenario or Ratings)``, or None where it is no longer kept."""
        with self._lock:
            found = self._files.get(id)
        if found is None and self._lost is not None and (found := self._lost(id)):
            self.put(id, *found)
        return found


@st.cache_resource(show_spinner=False)
def cache() -> UploadCache:
    return UploadCache(lost=_upload_of_stored_run)


def _upload_of_stored_run(id: str) -> tuple | None:
    """A file of which a kept run remembers the content."""
    with suppress(InputError):
        if id.startswith("file-") and (found := run_store.archive().source_of_upload(id)):
            from scrl.runs import unpack_source

            return found[0], unpack_source(found[1])
    return None
