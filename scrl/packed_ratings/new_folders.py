"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrl.data.files import printable
from scrl.types import InputError


@contextmanager
def new_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write to, which gets its name when all is written.

    What an interrupted writer left behind is removed by the next one; a writer that still runs is
    not disturbed.

    Args:
        overwrite: whether a folder of this name is replaced, at the end.

    Raises:
        InputError: where the folder is there already, or cannot be written, or another process
            writes it.
    """
    name = printable(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{name}: this is a file; give a folder.")
    work = folder.with_name(folder.name + ".packing")
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / "lock").open("w") as lock:
            _lock(lock.fileno(), name)
            try:
                yield from _written(folder, work, overwrite)
            finally:
                _put_back(folder, work)
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror or str(error)
        raise InputError(f"{name}: the folder cannot be written ({reason}).") from error


def _written(folder: Path, work: Path, overwrite: bool) -> Iterator[Path]:
    """A folder within ``work``, which becomes ``folder`` when all is written."""
    old, whole = work / "old", work / "whole"
    _put_back(folder, work)
    if folder.exists() and not overwrite:
        raise InputError(
            f"{printable(folder)}: this is there already; give another folder, or --overwrite to "
            "replace it."
        )
    for left in (old, whole):
        if left.exists():
            shutil.rmtree(left)
    whole.mkdir()
    yield whole
    _synchronise(whole)
    if folder.exists():
        # Between two renames the old folder stands under another name, so that whatever happens
        # one of the two is whole.
        folder.rename(old)
    whole.rename(folder)
    _synchronise(folder.parent)


def _put_back(folder: Path, work: Path) -> None:
    """Give the folder of before its name, where its writer ended between the two renames."""
    if (work / "old").is_dir() and not folder.exists():
        (work / "old").rename(folder)


def _lock(descriptor: int, name: str) -> None:
    """Lock a file while it is open; where a system has no such locks, nothing happens."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"{name}: another process is packing this folder; wait for it or give another folder."
        ) from None


def _synchronise(folder: Path) -> None:
    """Have the system write the folder's files, and its list of them, to the disk."""
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    for path in [*files, folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
