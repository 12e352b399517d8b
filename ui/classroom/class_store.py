"""The store of classes of this server."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scrl.classroom import ClassStore, default_path


def store() -> ClassStore:
    """The store that pages and phones share."""
    return _store(default_path())


@cache
def _store(path: Path) -> ClassStore:
    return ClassStore(path)
