"""Files of vectors beside the compiled programs, so that a large file is encoded once."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

#: Files and bytes kept at most; the oldest are deleted first.
MAX_FILES, MAX_BYTES = 8, 1_000_000_000


def read(keys: list[bytes]) -> np.ndarray | None:
    """The vectors of the texts with these hashes ``[texts, dimensions]``; None where not kept."""
    path = _path(keys)
    try:
        vectors = np.load(path, allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.ndim == 2 and len(vectors) == len(keys) else None


def write(keys: list[bytes], vectors: np.ndarray) -> None:
    """Keep the vectors of these texts; where the folder cannot be written nothing is kept."""
    path = _path(keys)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)
        part.replace(path)
        _delete_oldest(path.parent)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _delete_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for number, file in enumerate(files):
        total += file.stat().st_size
        if number >= MAX_FILES or total > MAX_BYTES:
            file.unlink(missing_ok=True)


def _path(keys: list[bytes]) -> Path:
    """The file of these texts, in the folder ``texts`` beside compiled programs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("SCRL_CACHE") or Path(base) / "scrl")
    return folder / "texts" / f"{hashlib.blake2b(b''.join(keys), digest_size=16).hexdigest()}.npy"
