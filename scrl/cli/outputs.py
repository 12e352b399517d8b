"""What a command writes: tried before the work, and kept elsewhere where it then cannot be written.

A place is tried by writing a little there, since permissions do not tell of a disk that is full or
mounted read-only.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scrl.types import InputError
from scrl.whole_files import write_whole

#: Bytes that are written to try a place.
_TRIED_BYTES = 4096
#: Options whose files are written.
_WRITTEN = ("out", "checkpoint")


def check_output(path: Path | None, option: str = "--out") -> None:
    """Raise ``InputError`` before the work where a file could not be written after it."""
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(
            f"{option} {path}: cannot be written; give a file in a folder that exists."
        )
    if path.exists() and not path.is_file():  # a device or a pipe, which is written itself
        return
    _try_folder(Path(os.path.realpath(path)).parent, f"{option} {path}", "a file elsewhere")


def check_apart(chosen: Mapping[str, Any]) -> None:
    """Raise ``InputError`` where a file that a command writes is one that it reads or writes too.

    Args:
        chosen: the arguments of the command, by name.
    """
    for name in _WRITTEN:
        path = chosen.get(name)
        if not isinstance(path, Path) or (path.exists() and not path.is_file()):
            continue
        for other, value in chosen.items():
            if other == name or not isinstance(value, Path):
                continue
            used = other in _WRITTEN or value.is_file()
            if used and os.path.realpath(value) == os.path.realpath(path):
                dashes = "--" if other in _WRITTEN else ""
                raise InputError(
                    f"--{name} {path}: the command also uses this file as {dashes}{other}; give "
                    "another one."
                )


def check_folder(path: Path | None, option: str) -> None:
    """Make a folder, and raise ``InputError`` before the work where no file could be written in it
    after."""
    if path is None:
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{option} {path}: {error.strerror}; give a folder.") from error
    _try_folder(path, f"{option} {path}", "another folder")


def _try_folder(folder: Path, name: str, instead: str) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".scrl-") as file:
            file.write(bytes(_TRIED_BYTES))
            file.flush()
    except OSError as error:
        raise InputError(
            f"{name}: cannot be written ({error.strerror}); give {instead}."
        ) from error


def write_result(path: Path | None, result: Mapping[str, Any]) -> None:
    """Write ``result`` as JSON; nothing where there is no path.

    Raises:
        InputError: it cannot be written there; the message says where it is instead.
    """
    if path is None:
        return
    text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    keep(path, lambda place: write_whole(place, text), "result")


def keep(path: Path, write: Callable[[Path], object], what: str, option: str = "--out") -> None:
    """Write what took long to compute, and where that fails, a file of the system's temporary
    folder instead.

    Args:
        path: the file. write: writes at the path that it is given. what: it is, one noun.

    Raises:
        InputError: it cannot be written at ``path``; the message says where it is instead.
    """
    try:
        write(path)
    except (OSError, InputError) as error:
        rescued = _rescued(path, write, what)
        where = f"the {what} is in {rescued}" if rescued else f"the {what} is lost"
        raise InputError(f"{option} {path}: {_reason(error)}; {where}.") from error


def keep_all(*steps: Callable[[], object]) -> None:
    """Call every function, also after one has failed: a full disk at one place loses nothing at
    another.

    Raises:
        InputError: with the sentences of all that failed.
    """
    faults = []
    for step in steps:
        try:
            step()
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(" ".join(faults))


def _reason(error: OSError | InputError) -> str:
    cause = error if isinstance(error, OSError) else error.__cause__
    return (isinstance(cause, OSError) and cause.strerror) or str(error).rstrip(".")


def _rescued(path: Path, write: Callable[[Path], object], what: str) -> Path | None:
    """The file of the temporary folder; None where that cannot be written either."""
    name = f"scrl-{what}-{secrets.token_hex(4)}{path.suffix}"
    rescued = Path(tempfile.gettempdir()) / name
    try:
        write(rescued)
    except (OSError, InputError):
        return None
    return rescued
