"""Sweeps of visitors are deleted when nobody has opened them for long; those of the server's owner
never are."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

#: How the folders of sweeps begin that visitors have started; the rest of the name is unguessable.
OWN = "own-"
OWN_NAME = re.compile(r"own-[A-Za-z0-9_-]{16,64}")
#: Days after the last opening or result; as of uploaded files.
MAX_DAYS = 30


def mark_opened(path: Path) -> None:
    """Note that a visitor's sweep was opened now."""
    if OWN_NAME.fullmatch(path.name):
        with suppress(OSError):
            os.utime(path)


def delete_old(folder: Path) -> int:
    """Delete the visitors' sweeps that are too old; how many are left."""
    old, left = time.time() - MAX_DAYS * 86_400, 0
    try:
        names = [name for name in os.listdir(folder) if OWN_NAME.fullmatch(name)]
    except OSError:
        return 0
    for name in names:
        path = folder / name
        with suppress(OSError):
            if _last_used(path) < old:
                shutil.rmtree(path)
        left += path.exists()
    return left


def _last_used(path: Path) -> float:
    """When the sweep was opened last, or a result came."""
    places = [path, path / "results"]
    return max(place.stat().st_mtime for place in places if place.exists())
