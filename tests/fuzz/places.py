"""Where inputs lie that a parser reads from the disk."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from scrl.types import InputError


@cache
def own_folder() -> Path:
    """A folder of this process, which goes with it."""
    folder = tempfile.mkdtemp(prefix="scrl-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def file_of(data: bytes, name: str) -> Path:
    """A file of this content."""
    path = own_folder() / name
    path.write_bytes(data)
    return path


def folder_of(data: bytes, name: str) -> Path:
    """The folder of files that an archive of the corpus stands for.

    Raises:
        InputError: where the archive cannot be unpacked: that is no input of the parser.
    """
    folder = own_folder() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                parts = [part[:100] for part in Path(entry.filename).parts if part not in "/.."]
                path = folder.joinpath(*(parts or ["x"]))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(entry))
    except Exception as error:
        raise InputError("This is no archive.") from error
    return folder
