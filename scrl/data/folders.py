"""Folders of a hub's download: one table in one or several files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from scrl.data.files import printable, too_large
from scrl.data.streams import Content, file_content
from scrl.types import InputError

#: Formats in the order of preference; the first that a folder holds is read.
_FORMATS = (".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".json", ".csv", ".csv.gz", ".tsv")
#: Files that describe a folder, and no ratings.
_ABOUT = {"dataset_info.json", "dataset_infos.json", "state.json", "config.json"}
_MAX_FILES, _MAX_DEPTH = 1000, 3
#: Files and folders that are looked at.
_MAX_SEEN = 100_000


def folder_contents(folder: Path, limit: int) -> tuple[list[Content], list[str]]:
    """The files of one table in a folder, and notes on those that are not read.

    Where names tell a training part (``train-00000-of-00002.parquet``), only that one is read.

    Raises:
        InputError: where there is none, or all together are larger than ``limit`` bytes.
    """
    name = printable(folder)
    found = _files(folder)
    kind = next((kind for kind in _FORMATS if any(p.name.endswith(kind) for p in found)), None)
    if kind is None:
        raise InputError(
            f"{name}: this folder holds no .parquet, .jsonl, .json, .csv or .tsv file; give one "
            "that does, or a file."
        )
    files = [path for path in found if path.name.endswith(kind)]
    train = [path for path in files if "train" in path.relative_to(folder).as_posix().lower()]
    chosen = train or files
    try:
        size = sum(path.stat().st_size for path in chosen)
    except OSError as error:
        raise InputError(f"{name}: a file cannot be read ({error.strerror}).") from None
    if size > limit:
        raise InputError(too_large(name, size, limit))
    notes = []
    if len(chosen) > 1:
        notes.append(f"Read {len(chosen)} files: {_listed(chosen)}.")
    if left := [path for path in found if path not in chosen]:
        notes.append(f"Not read: {_listed(left)}.")
    return [file_content(path, limit) for path in chosen], notes


def _files(folder: Path) -> list[Path]:
    """Files that may hold ratings, by name, hidden ones left out."""
    found: list[Path] = []
    seen = 0
    # What cannot be listed, such as another person's folder, holds nothing that could be read.
    for root, folders, names in os.walk(folder):
        depth = len(Path(root).relative_to(folder).parts)
        folders[:] = [name for name in folders if not name.startswith(".")]
        if depth + 1 >= _MAX_DEPTH:
            folders.clear()
        seen += len(names) + len(folders)
        if seen > _MAX_SEEN:
            raise InputError(
                f"{printable(folder)}: the folder holds more than {_MAX_SEEN:,} files and folders; "
                "give the one with the table."
            )
        for name in names:
            path = Path(root, name)
            if name.startswith(".") or name in _ABOUT or not name.endswith(_FORMATS):
                continue
            if path.is_file():
                found.append(path)
            if len(found) > _MAX_FILES:
                raise InputError(f"{printable(folder)}: there are more than {_MAX_FILES:,} files.")
    return sorted(found)


def _listed(paths: Sequence[Path]) -> str:
    shown = ", ".join(printable(path.name) for path in paths[:5])
    return shown + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
