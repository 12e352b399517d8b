"""What stands in a folder of packed ratings: the manifest, the catalogue, and their checks."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scrl.data.files import printable, quoted
from scrl.data.limits import MAX_NAME_LENGTH, MAX_WEIGHT, MIN_WEIGHT
from scrl.data.stored_ratings import check_catalogue
from scrl.data.strict_json import strict_json
from scrl.data.table import MAX_FEATURE
from scrl.types import Catalogue, InputError

FORMAT, VERSION = "scrl packed ratings", 1
MANIFEST, CATALOGUE, WORK = "manifest.json", "catalogue.json", "work"
#: Of raters, in any folder.
MAX_RATERS = 20_000_000
#: Bytes of the two JSON files, at most.
MAX_MANIFEST, MAX_CATALOGUE = 10_000_000, 4_000_000_000
#: Bytes that are hashed or checked at once.
BLOCK = 1 << 22
#: The arrays: name -> (type, what their length is).
ARRAYS = {
    "item": ("<i4", "entries"),
    "rank": ("<i2", "entries"),
    "entry_start": ("<i8", "ballots + 1"),
    "ballot_weight": ("<f8", "ballots"),
    "ballot_rater": ("<i4", "ballots"),
    "ballot_start": ("<i8", "raters + 1"),
    "rater": ("<i4", "raters"),
    "rater_weight": ("<f8", "raters"),
    "rater_type": ("<i4", "raters"),
    "rater_name": ("u1", "bytes"),
    "rater_name_start": ("<i8", "raters + 1"),
    "prompt_features": ("<f4", "prompts * features"),
    "completion_features": ("<f4", "completions * features"),
}
#: All names that stand in a folder, whole or not.
NAMES = frozenset({*ARRAYS, MANIFEST, CATALOGUE, WORK})
OPTIONAL = {"rater_type", "prompt_features", "completion_features"}
Count = Annotated[int, Field(ge=0, lt=1 << 48)]
Word = Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ArrayEntry(_Strict):
    """A file with numbers of one type: how many, and the SHA-256 of its bytes."""

    length: Count
    sha256: Digest


class Bucket(_Strict):
    """Raters of one padded shape."""

    contests: Annotated[int, Field(ge=1, lt=1 << 31)]
    slots: Annotated[int, Field(ge=2, lt=1 << 31)]
    rows: Annotated[int, Field(ge=1, lt=1 << 31)]


class Manifest(_Strict):
    """The manifest of a folder of packed ratings.

    Attributes:
        shapes: the buckets in the order of the arrays; raters of no bucket come last.
        content: SHA-256 of what the data are, whenever and by whichever version they were packed.
        hash: SHA-256 of the other fields.
    """

    format: Literal["scrl packed ratings"]
    version: Literal[1]
    made_by: dict[str, str]
    name: Word
    raters: Annotated[int, Field(ge=1, le=MAX_RATERS)]
    ballots: Annotated[int, Field(ge=1, lt=1 << 40)]
    entries: Annotated[int, Field(ge=1, lt=1 << 40)]
    least_weight: Annotated[float, Field(ge=MIN_WEIGHT, le=MAX_WEIGHT)]
    types: tuple[Word, ...] = Field(strict=False)
    notes: tuple[str, ...] = Field(strict=False)
    shapes: tuple[Bucket, ...] = Field(strict=False)
    arrays: dict[str, ArrayEntry]
    catalogue: Digest
    content: Digest
    hash: Digest


class _CatalogueFile(_Strict):
    prompts: tuple[str, ...] = Field(strict=False, min_length=1)
    completions: tuple[str, ...] = Field(strict=False, min_length=1)
    prompt_texts: tuple[str, ...] = Field(strict=False)
    completion_texts: tuple[str, ...] = Field(strict=False)
    members: list[int]
    offsets: list[int]
    read_by: str


def digest(fields: dict[str, Any]) -> str:
    """SHA-256 of plain values as JSON with sorted keys."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read block by block."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_catalogue(folder: Path, catalogue: Catalogue) -> str:
    """Write the catalogue without its features, and return the SHA-256 of the file."""
    content = {
        **{n: list(getattr(catalogue, n)) for n in ("prompts", "completions")},
        **{n: list(getattr(catalogue, n)) for n in ("prompt_texts", "completion_texts")},
        "members": catalogue.members.tolist(), "offsets": catalogue.offsets.tolist(),
        "read_by": catalogue.read_by,
    }  # fmt: skip
    path = folder / CATALOGUE
    with path.open("w", encoding="utf-8", newline="") as file:
        json.dump(content, file, ensure_ascii=True)
    return file_digest(path)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises:
        InputError: where there is none, or it is not as it was written.
    """
    name = printable(folder)
    path = folder / MANIFEST
    if not os.path.isfile(path):
        there = os.path.exists(folder)
        what = "is no folder of packed ratings" if there else "there is no such folder"
        raise InputError(f"{name}: {what}; make one with scrl pack FILE FOLDER.")
    data = _limited(path, MAX_MANIFEST)
    try:
        plain = strict_json(data)
        own = isinstance(plain, dict) and plain.get("format") == FORMAT
        if own and plain.get("version") != VERSION:
            raise InputError(
                f"{name}: the folder was packed by another version of this program "
                f"(format {quoted(plain.get('version'))}, here {VERSION}); pack the file again."
            )
        manifest = Manifest.model_validate_json(data)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: {MANIFEST} {_fault(error)}; pack the file again.") from None
    without = {key: value for key, value in plain.items() if key != "hash"}
    if digest(without) != manifest.hash:
        raise InputError(
            f"{name}: {MANIFEST} is not as it was written (its hash differs); pack the file again."
        )
    return manifest


def read_catalogue(folder: Path, manifest: Manifest, features: dict[str, np.ndarray]) -> Catalogue:
    """The catalogue of a folder.

    Args:
        features: arrays ``prompt_features`` and ``completion_features``, flat, where they are
            there.

    Raises:
        InputError: where it is missing, damaged, or names what is not there.
    """
    name, path = printable(folder), folder / CATALOGUE
    damaged = f"{name}: {CATALOGUE} is missing or damaged; pack the file again."
    if not path.is_file() or not path.stat().st_size:
        raise InputError(damaged)
    if not _ends_as_written(path) or file_digest(path) != manifest.catalogue:
        raise InputError(damaged)
    data = _limited(path, MAX_CATALOGUE)
    try:
        found = _CatalogueFile.model_validate_json(data)
        members, offsets = np.array(found.members, np.int64), np.array(found.offsets, np.int64)
    except (ValidationError, OverflowError, RecursionError):
        raise InputError(damaged) from None
    prompts, completions = len(found.prompts), len(found.completions)
    whole = (
        len(set(found.prompts)) == prompts == len(found.prompt_texts) == len(offsets) - 1
        and len(found.completion_texts) == completions
        and offsets[0] == 0 and offsets[-1] == len(members) and (np.diff(offsets) > 0).all()
        and members.min() >= 0 and members.max() < completions
    )  # fmt: skip
    shaped = {}
    for which, rows in (("prompt_features", prompts), ("completion_features", completions)):
        values = features.get(which)
        if values is not None:
            fine = len(values) > 0 and len(values) % rows == 0
            whole = whole and fine and bool((np.abs(values) <= MAX_FEATURE).all())
            shaped[which] = values.reshape(rows, -1) if whole else None
    if not whole:
        raise InputError(damaged)
    catalogue = Catalogue(
        found.prompts, found.completions, members, offsets, found.prompt_texts,
        found.completion_texts, read_by=found.read_by, **shaped,
    )  # fmt: skip
    try:
        check_catalogue(catalogue)
    except ValueError:
        raise InputError(damaged) from None
    return catalogue


def _ends_as_written(path: Path) -> bool:
    """Whether a file begins and ends as the JSON of an object does, before more of it is read."""
    with path.open("rb") as file:
        first = file.read(1)
        file.seek(-1, os.SEEK_END)
        return first == b"{" and file.read(1) == b"}"


def _limited(path: Path, most: int) -> bytes:
    if path.stat().st_size > most:
        raise InputError(f"{printable(path)}: the file is larger than {most:,} bytes.")
    return path.read_bytes()


def _fault(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        return f"is damaged (at {quoted(where)[1:-1]})"
    return "is no readable JSON"


def write_manifest(folder: Path, about: dict[str, Any]) -> None:
    """Write the manifest; ``about`` are its fields without format, version and hash."""
    fields = {"format": FORMAT, "version": VERSION, **about}
    text = json.dumps({**fields, "hash": digest(fields)}, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
