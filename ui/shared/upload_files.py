"""Uploaded files on disk: one folder for each visitor, bounded by total bytes and by age."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scrl.whole_files import whole_file

#: Compressed bytes of all files, and of those of one visitor.
MAX_BYTES, MAX_OWNER_BYTES = 2 * 2**30, 512 * 2**20
#: Days after which a file that nobody opened is deleted.
MAX_DAYS = 30
#: Files of a visitor that are listed, and bytes of a file's name.
MAX_LISTED, _MAX_NAME_BYTES = 50, 10_000
_ID = re.compile(r"file-[0-9a-f]{16}")


@dataclass(frozen=True)
class _Stored:
    path: Path
    bytes: int
    used: float


class UploadFiles:
    """Files under the hash of their content. Methods may be called from any thread.

    A visitor who brings more than fits loses their own oldest file. Where all visitors together
    bring too much, the visitor with the most bytes does.

    Args:
        folder: made on the first write, readable by this user only.
    """

    def __init__(
        self, folder: Path, max_bytes: int = MAX_BYTES, max_owner_bytes: int = MAX_OWNER_BYTES
    ) -> None:
        self.folder, self._max_bytes, self._max_owner_bytes = folder, max_bytes, max_owner_bytes
        self._lock = threading.Lock()

    def write(self, owner: str, id: str, filename: str, data: bytes) -> bool:
        """Store a file; False where the disk does not take it."""
        packed = json.dumps(filename).encode() + b"\n" + zlib.compress(data, 1)
        folder = self.folder / _folder_name(owner)
        path = folder / id
        with self._lock:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with whole_file(path) as part:
                    part.chmod(0o600)
                    part.write_bytes(packed)
            except OSError:
                return False
            self._make_room(path)
        return True

    def read(self, id: str) -> tuple[str, bytes] | None:
        """The name and the content of a file of any visitor; None where there is none."""
        if not _ID.fullmatch(id):
            return None
        with self._lock:
            for path in sorted(self.folder.glob(f"*/{id}")):
                with suppress(OSError, ValueError, zlib.error):
                    name, _, packed = path.read_bytes().partition(b"\n")
                    found = str(json.loads(name)), zlib.decompress(packed)
                    with suppress(OSError):
                        os.utime(path)
                    return found
        return None

    def names(self, owner: str) -> dict[str, str]:
        """Id -> file name of this visitor's files, by name; of many, those opened last."""
        found: list[tuple[float, str, str]] = []
        for path in (self.folder / _folder_name(owner)).glob("file-*"):
            if _ID.fullmatch(path.name):
                with suppress(OSError, ValueError):
                    with path.open("rb") as file:
                        name = str(json.loads(file.readline(_MAX_NAME_BYTES)))
                    found.append((path.stat().st_mtime, path.name, name))
        latest = sorted(found, reverse=True)[:MAX_LISTED]
        return {id: name for _, id, name in sorted(latest, key=lambda entry: (entry[2], entry[1]))}

    def owns(self, owner: str, id: str) -> bool:
        """Whether this visitor brought the file."""
        return bool(_ID.fullmatch(id)) and (self.folder / _folder_name(owner) / id).exists()

    def remove(self, owner: str, id: str) -> None:
        """Delete this visitor's copy of a file."""
        if _ID.fullmatch(id):
            with suppress(OSError):
                (self.folder / _folder_name(owner) / id).unlink()

    def _make_room(self, written: Path) -> None:
        """Delete the oldest files beyond the limits, never the one just written."""
        old = time.time() - MAX_DAYS * 24 * 3600
        for stored in self._stored():
            if stored.used < old and stored.path != written:
                _delete(stored)
        left = [s for s in self._stored() if s.path != written]
        size = written.stat().st_size
        owned = [s for s in left if s.path.parent == written.parent]
        while owned and sum(s.bytes for s in owned) + size > self._max_owner_bytes:
            _delete(owned[0])
            left.remove(owned.pop(0))
        while left and sum(s.bytes for s in left) + size > self._max_bytes:
            held: dict[Path, int] = {}
            for stored in left:
                held[stored.path.parent] = held.get(stored.path.parent, 0) + stored.bytes
            most = max(held, key=lambda folder: held[folder])
            oldest = next(s for s in left if s.path.parent == most)
            _delete(oldest)
            left.remove(oldest)

    def _stored(self) -> list[_Stored]:
        """All files, the least recently used first."""
        found = []
        for path in self.folder.glob("*/file-*"):
            with suppress(OSError):
                about = path.stat()
                found.append(_Stored(path, about.st_size, about.st_mtime))
        return sorted(found, key=lambda stored: stored.used)


def _delete(stored: _Stored) -> None:
    with suppress(OSError):
        stored.path.unlink()


def _folder_name(owner: str) -> str:
    """A folder's name that does not tell the visitor's token."""
    return hashlib.sha256(owner.encode()).hexdigest()[:24]
