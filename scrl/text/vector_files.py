"""Vectors of texts kept in files beside the compiled programs, found by the hash of a text.

A file of vectors ``[texts, dimensions]`` has another one of its texts' hashes, in increasing order.
Vectors are read from the file where they are used (a memory map), so that they are in memory once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from scrl.whole_files import whole_file

#: Files and bytes kept at most; the oldest are deleted first.
MAX_FILES, MAX_BYTES = 16, 2_000_000_000
#: Hashes are two numbers of 64 bits ``[texts, 2]``, in increasing order of the first.
HASH = np.dtype(">u8")


def hashes(keys: list[bytes]) -> np.ndarray:
    """Hashes of 16 bytes as numbers ``[texts, 2]``."""
    return np.frombuffer(b"".join(keys), HASH).reshape(-1, 2)


def read(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each file with some of the texts: which of them, their rows, and the file's vectors.

    Args:
        keys: hashes of distinct texts ``[texts, 2]``.
    """
    files = sorted(_folder().glob("*.keys.npy"), key=_time, reverse=True)
    missing = np.arange(len(keys))
    for file in [*_held, *files]:
        if not len(missing):
            return
        try:
            known = _held[file][0] if file in _held else np.load(file, allow_pickle=False)
            own = keys[missing]
            row = np.minimum(np.searchsorted(known[:, 0], own[:, 0]), len(known) - 1)
            found = (known[row] == own).all(axis=1)
            if not found.any():
                continue
            vectors = _held[file][1] if file in _held else _mapped(file)
        except (OSError, ValueError, EOFError, IndexError):
            continue
        if vectors.ndim == 2 and len(vectors) == len(known):
            yield missing[found], row[found], vectors
            missing = missing[~found]


#: Hashes and vectors that could not be written, of the last such call.
_held: dict[Path, tuple[np.ndarray, np.ndarray]] = {}


def write(keys: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Keep the vectors of distinct texts: in memory, where they cannot be written.

    Args:
        keys: hashes in increasing order ``[texts, 2]``; vectors: ``[texts, dimensions]``.

    Returns:
        The vectors, as they are read from the file.
    """
    name = hashlib.blake2b(keys.tobytes(), digest_size=16).hexdigest()
    file = _folder() / f"{name}.keys.npy"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _save(_vectors_of(file), vectors)
        _save(file, keys)
        _delete_oldest(file.parent)
        return _mapped(file)
    except (OSError, ValueError, EOFError):
        _held.clear()
        _held[file] = keys, vectors
        return vectors


def _mapped(file: Path) -> np.ndarray:
    """The vectors beside a file of hashes; it counts as used now."""
    os.utime(file)
    return np.load(_vectors_of(file), mmap_mode="r", allow_pickle=False)


def _save(path: Path, values: np.ndarray) -> None:
    with whole_file(path) as part, part.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def _delete_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.keys.npy"), key=_time, reverse=True)
    total = 0
    for number, file in enumerate(files):
        total += _size(_vectors_of(file))
        if number >= MAX_FILES or (number and total > MAX_BYTES):
            file.unlink(missing_ok=True)
            _vectors_of(file).unlink(missing_ok=True)
    for file in folder.glob("*.npy"):
        if not file.name.endswith((".keys.npy", ".vectors.npy")):
            file.unlink(missing_ok=True)  # of an earlier version, which cannot be read any more


def _vectors_of(file: Path) -> Path:
    return file.with_name(file.name.replace(".keys.", ".vectors."))


def _time(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def _folder() -> Path:
    """The folder ``texts`` beside compiled programs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SCRL_CACHE") or Path(base) / "scrl") / "texts"
