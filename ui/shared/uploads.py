"""Uploaded scenario and ratings files, by a hash of their content, and the widget that takes them.

A file stays on disk for its visitor and is parsed again when it is needed; what was parsed last
stays in memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from scrl.runs import default_path
from scrl.types import InputError
from ui.shared import run_store, viewer
from ui.shared.foreign_text import escaped
from ui.shared.upload_files import UploadFiles

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Ratings

SCENARIO_SUFFIXES = ("yaml", "yml")
RATINGS_SUFFIXES = (
    *("csv", "tsv", "jsonl", "ndjson", "json", "parquet", "xlsx", "gz"),
    *("soc", "soi", "toc", "toi", "cat", "wmd"),
)
#: Megabytes of a file that pages take: the limit of ``scrl.data``.
MAX_MEGABYTES = 200
GONE = "This file is no longer kept on the server; choose it again."
#: Bytes of parsed files in memory, roughly.
MAX_PARSED_BYTES = 500_000_000


class UploadCache:
    """The uploads of all visitors: files on disk, and those parsed last in memory.

    Args:
        files: where the files are; None keeps what is in memory only.
        restore: looks up ``(file name, source)`` of an id that is gone; None where unknown.
        max_parsed_bytes: of parsed files in memory; the latest one always stays.
    """

    def __init__(
        self,
        files: UploadFiles | None = None,
        restore: Callable[[str], tuple | None] | None = None,
        max_parsed_bytes: int = MAX_PARSED_BYTES,
    ) -> None:
        self._files, self._restore, self._max_parsed_bytes = files, restore, max_parsed_bytes
        self._parsed: OrderedDict[str, tuple] = OrderedDict()
        self._lock = threading.Lock()
        self._parsing: dict[str, threading.Lock] = {}

    def add(self, data: bytes, filename: str) -> str:
        """Parse a scenario or ratings file of this visitor and return its id.

        Raises:
            InputError: the file is malformed; the message names the place.
        """
        id = "file-" + hashlib.sha256(data).hexdigest()[:16]
        self.put(id, filename, _parse(data, filename))
        if self._files is not None:
            self._files.write(viewer.token(), id, filename, data)
        return id

    def put(self, id: str, filename: str, source: Scenario | Ratings) -> None:
        """Store parsed content under an id, in memory."""
        with self._lock:
            self._parsed[id] = (filename, source)
            self._parsed.move_to_end(id)
            total = sum(_parsed_bytes(kept) for _, kept in self._parsed.values())
            while total > self._max_parsed_bytes and len(self._parsed) > 1:
                total -= _parsed_bytes(self._parsed.popitem(last=False)[1][1])

    def get(self, id: str) -> tuple | None:
        """``(file name, Scenario or Ratings)``; None where it is no longer stored."""
        with self._lock:
            if id in self._parsed:
                self._parsed.move_to_end(id)
                return self._parsed[id]
            parsing = self._parsing.setdefault(id, threading.Lock())
        with parsing:  # two visitors of one link parse it once
            with self._lock:
                if id in self._parsed:
                    return self._parsed[id]
            upload = self._read(id) or (self._restore(id) if self._restore else None)
            if upload is not None:
                self.put(id, *upload)
        with self._lock:
            self._parsing.pop(id, None)
        return upload

    def read(self, id: str) -> tuple:
        """As ``get``.

        Raises:
            InputError: it is no longer stored.
        """
        upload = self.get(id)
        if upload is None:
            raise InputError(GONE)
        return upload

    def own_names(self) -> dict[str, str]:
        """Id -> file name of the files that this visitor has brought, from any tab."""
        return {} if self._files is None else self._files.names(viewer.token())

    def owns(self, id: str) -> bool:
        """Whether this visitor brought the file and can remove it."""
        return self._files is not None and self._files.owns(viewer.token(), id)

    def remove(self, id: str) -> None:
        """Delete this visitor's copy of a file, and what was parsed of it."""
        if self._files is not None:
            self._files.remove(viewer.token(), id)
        with self._lock:
            self._parsed.pop(id, None)

    def _read(self, id: str) -> tuple | None:
        stored = self._files.read(id) if self._files is not None else None
        if stored is not None:
            with suppress(InputError):
                return stored[0], _parse(stored[1], stored[0])
        return None


def _parse(data: bytes, filename: str) -> Scenario | Ratings:
    if filename.lower().rpartition(".")[2] in SCENARIO_SUFFIXES:
        from scrl.scenarios import parse_scenario

        return parse_scenario(data, filename)
    from scrl.data import parse_ratings

    return parse_ratings(data, filename)


def _parsed_bytes(source: Scenario | Ratings) -> int:
    """Roughly the bytes in memory."""
    if source.is_scenario:
        return 20_000
    texts = sum(map(len, source.catalogue.completion_texts))
    return 8 * len(source.rank) + 28 * source.ballots + 80 * len(source.raters) + texts


@st.cache_resource(show_spinner=False)
def cache() -> UploadCache:
    """The uploads of this server."""
    return UploadCache(UploadFiles(default_path().parent / "uploads"), _upload_of_stored_run)


def _upload_of_stored_run(id: str) -> tuple | None:
    """An uploaded file whose content a stored run holds."""
    with suppress(InputError):
        if id.startswith("file-") and (stored := run_store.archive().source_of_upload(id)):
            from scrl.runs import unpack_source

            return stored[0], unpack_source(stored[1])
    return None


def clear_fault(key: str) -> None:
    """Forget why the last file of an uploader was refused."""
    st.session_state.pop(f"{key}_fault", None)


def take_file(
    label: str,
    suffixes: Sequence[str],
    key: str,
    accept: Callable[[bytes, str], str] | None = None,
    max_megabytes: int = MAX_MEGABYTES,
) -> str | None:
    """Draw an uploader; the id of a file in the run after it was brought, else None.

    The uploader is empty again once the file is read or refused; why it was refused is shown
    until the next file.

    Args:
        accept: reads ``(content, file name)`` and returns an id, by default ``cache().add``; it
            raises ``InputError`` for a file that is refused.
    """
    state, fault = st.session_state, f"{key}_fault"
    turn = state.get(f"{key}_turn", 0)
    file = st.file_uploader(
        label, type=list(suffixes), key=f"{key}-{turn}" if turn else key,
        max_upload_size=max_megabytes,
    )  # fmt: skip
    if file is not None:
        state[f"{key}_turn"] = turn + 1
        state[fault] = ""
        try:
            with st.spinner("Reading the file"):
                state[f"{key}_read"] = (accept or cache().add)(file.getvalue(), file.name)
        except InputError as error:
            state[fault] = str(error)
        st.rerun()
    if state.get(fault):
        st.error(escaped(state[fault]))
    return state.pop(f"{key}_read", None)
