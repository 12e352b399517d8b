"""Checkpoints: all that a training needs to go on as if it had never stopped, in one file.

A safetensors file with a manifest, written beside its place and renamed, so that it is whole or
that of before, whenever the process is killed. The manifest is validated by a typed schema, and the
arrays by its hash and by the shapes that the training expects.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from scrl.data.files import check_file, printable, read_file
from scrl.data.strict_arrays import open_arrays
from scrl.types import InputError
from scrl.whole_files import write_whole

FORMAT = "scrl streamed training 1"
#: Bytes of a checkpoint, at most.
MAX_BYTES = 1 << 33


class Manifest(BaseModel):
    """What a checkpoint says of itself.

    Attributes:
        format: ``FORMAT``.
        training: a digest of settings, seed and data; another training is refused.
        stage: of the training; the steps done in it stand in its arrays.
        curve: (steps done, log-evidence a rater) of the training so far.
        arrays: hash of the arrays.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str = Field(pattern=f"^{FORMAT}$")
    training: str = Field(pattern="^[0-9a-f]{64}$")
    stage: int = Field(ge=0, le=1000)
    curve: list[tuple[int, float]] = Field(max_length=1_000_000)
    arrays: str = Field(pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A moment of a training.

    Attributes:
        training, stage, curve: see ``Manifest``.
        arrays: of the state, by name.
    """

    training: str
    stage: int
    arrays: dict[str, np.ndarray]
    curve: list[tuple[int, float]] = field(default_factory=list)


def _digest(arrays: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256()
    for name in sorted(arrays):
        value = np.asarray(arrays[name], order="C")
        found.update(f"{name} {value.dtype.str} {value.shape}".encode())
        found.update(value.tobytes())
    return found.hexdigest()


def write_checkpoint(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write a checkpoint whole, in place of that of before."""
    manifest = Manifest(
        format=FORMAT, training=checkpoint.training, stage=checkpoint.stage,
        curve=checkpoint.curve, arrays=_digest(checkpoint.arrays),
    )  # fmt: skip
    arrays = {name: np.asarray(value, order="C") for name, value in checkpoint.arrays.items()}
    write_whole(path, save(arrays, metadata={"manifest": manifest.model_dump_json()}))


def read_checkpoint(path: str | Path, training: str) -> Checkpoint:
    """The checkpoint in a file.

    Args:
        training: the digest of the training that goes on.

    Raises:
        InputError: where the file is no checkpoint, is damaged, or is one of another training.
    """
    try:
        content = read_tensors(path, MAX_BYTES)
        arrays = load(content)
        manifest = Manifest.model_validate_json(_metadata(content)["manifest"])
    except (SafetensorError, ValidationError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(foreign(path)) from error
    if manifest.arrays != _digest(arrays):
        raise InputError(foreign(path))
    if manifest.training != training:
        raise InputError(
            f"{printable(path)}: this checkpoint is of a training with other data, settings or "
            "another seed; give those again, or another file."
        )
    return Checkpoint(manifest.training, manifest.stage, arrays, list(manifest.curve))


def foreign(path: str | Path) -> str:
    """The message on a file that is no checkpoint."""
    name = printable(path)
    return f"{name}: this is not a checkpoint that scrl wrote, or it is damaged; delete it."


def read_tensors(path: str | Path, most: int) -> bytes:
    """The bytes of a safetensors file, whose header is checked before the rest is read.

    Args:
        most: bytes of the file, at most.

    Raises:
        InputError: where this is no ordinary file, or it is larger.
        ValueError: a phrase that says what is wrong with the header.
    """
    check_file(path, most)
    if not Path(path).stat().st_size:
        raise ValueError("it is empty")
    try:
        with Path(path).open("rb") as file:
            # Of the mapped file no more than the header is read.
            open_arrays(mmap(file.fileno(), 0, access=ACCESS_READ))  # type: ignore[arg-type]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("its header is damaged") from error
    return read_file(path, most)


def _metadata(content: bytes) -> dict[str, Any]:
    """The metadata of a safetensors file, whose header ``load`` has checked."""
    size = int.from_bytes(content[:8], "little")
    found = json.loads(content[8 : 8 + size])["__metadata__"]
    if not isinstance(found, dict):
        raise ValueError("no metadata")
    return found
