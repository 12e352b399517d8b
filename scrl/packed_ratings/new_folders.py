"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scrl.data.files import printable, quoted
from scrl.file_locks import lock
from scrl.types import InputError

#: What stands in a folder in which a writer works.
_LOCK, _OLD, _WHOLE = "lock", "old", "whole"


@contextmanager
def new_folder(folder: str | Path, overwrite: bool, own: Collection[str]) -> Iterator[Path]:
    """A folder to write to, which gets its name when all is written.

    What an interrupted writer left behind is removed by the next one; a writer that still runs is
    not disturbed. A link to a folder stays a link.

    Args:
        overwrite: whether a folder of this name is replaced, at the end.
        own: names that may stand in a folder that is replaced: a folder with others is somebody's.

    Raises:
        InputError: where the folder is there already, or holds files that no writer of such folders
            made, or cannot be written, or another process writes it.
    """
    name = printable(folder)
    try:
        target = _target(folder, name)
        work = target.with_name(target.name + ".packing")
        with _locked(work, name):
            try:
                yield from _written(target, work, overwrite, own, name)
            finally:
                _put_back(target, work)
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror or str(error)
        raise InputError(f"{name}: the folder cannot be written ({reason}).") from error


def _target(folder: str | Path, name: str) -> Path:
    """The path of a folder, without links.

    Raises:
        InputError: where a file stands there, or the path is none.
    """
    try:
        found = Path(folder).resolve()
    except (ValueError, RuntimeError):  # a NUL byte, or a link that leads to itself
        found = Path("/")
    if not found.name:
        raise InputError(f"{name}: this is no name of a folder; give another one.")
    if found.exists() and not found.is_dir():
        raise InputError(f"{name}: this is a file; give a folder.")
    return found


def _written(
    folder: Path, work: Path, overwrite: bool, own: Collection[str], name: str
) -> Iterator[Path]:
    """A folder within ``work``, which becomes ``folder`` when all is written."""
    old, whole = work / _OLD, work / _WHOLE
    _put_back(folder, work)
    before = sorted(os.listdir(folder)) if folder.exists() else []
    if before and not overwrite:
        raise InputError(
            f"{name}: this is there already; give another folder, or --overwrite to replace it."
        )
    _require_own(before, own, name)
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
    if (work / _OLD).is_dir() and not folder.exists():
        (work / _OLD).rename(folder)


def _require_own(names: Iterable[str], own: Collection[str], name: str) -> None:
    """Raise ``InputError`` for a folder that holds anything else, as all in it would be removed."""
    strange = [found for found in names if found not in own]
    if strange:
        raise InputError(
            f"{name}: this folder holds {quoted(strange[0])}, which packing did not write and "
            "would remove; give another folder."
        )


@contextmanager
def _locked(work: Path, name: str) -> Iterator[None]:
    """The folder ``work``, made and locked."""
    while True:
        work.mkdir(parents=True, exist_ok=True)
        _require_own(os.listdir(work), (_LOCK, _OLD, _WHOLE), printable(work))
        with (work / _LOCK).open("wb") as file:
            try:
                lock(file)
            except BlockingIOError:
                raise InputError(
                    f"{name}: another process is packing this folder; wait for it or give another "
                    "folder."
                ) from None
            # A writer that ended meanwhile has removed the file that is locked here.
            if not (work / _LOCK).exists() or not _same_file(file.fileno(), work / _LOCK):
                continue
            yield
            return


def _same_file(descriptor: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat())


def _synchronise(folder: Path) -> None:
    """Have the system write the folder's files, and its list of them, to the disk."""
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    for path in [*files, folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
