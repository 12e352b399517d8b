"""Checks of the arrays in a folder of packed ratings: their sizes, and the ranges of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from scrl.data.files import printable
from scrl.packed_ratings.manifest import ARRAYS, OPTIONAL, Manifest
from scrl.types import InputError

#: Numbers that are checked at once.
BLOCK = 1 << 20


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Check that the arrays are there, and as long as the manifest and its counts say.

    Raises:
        InputError: for the first that is not.
    """
    counts = {
        "entries": manifest.entries, "ballots": manifest.ballots, "raters": manifest.raters,
        "ballots + 1": manifest.ballots + 1, "raters + 1": manifest.raters + 1,
    }  # fmt: skip
    if unknown := sorted(manifest.arrays.keys() - ARRAYS.keys()):
        _fail(folder, f"the manifest names an array that is none ({printable(unknown[0])})")
    for name, (dtype, length) in ARRAYS.items():
        entry = manifest.arrays.get(name)
        if entry is None:
            if name not in OPTIONAL:
                _fail(folder, f"the manifest names no array {name}")
            continue
        path = folder / name
        size = path.stat().st_size if path.is_file() else -1
        if entry.length != counts.get(length, entry.length) or (
            size != entry.length * np.dtype(dtype).itemsize
        ):
            _fail(folder, f"{name} is missing or has another size than it was written with")


def check_arrays(folder: Path, manifest: Manifest, items: int) -> None:
    """Check the ranges of all numbers, a block at a time, so that every batch can be made.

    Raises:
        InputError: for the first array with a number out of range.
    """
    m = manifest

    def check(name: str, fine: Callable[[np.ndarray], np.ndarray]) -> None:
        for block in _blocks(folder, name, m):
            if not fine(block).all():
                _fail(folder, f"{name} holds a number out of range")

    check("item", lambda x: (x >= 0) & (x < items))
    check("rank", lambda x: x >= 0)
    check("ballot_weight", lambda x: np.isfinite(x) & (x > 0))
    check("rater_weight", lambda x: np.isfinite(x) & (x >= m.least_weight))
    check("ballot_rater", lambda x: (x >= 0) & (x < m.raters))
    if "rater_type" in m.arrays:
        check("rater_type", lambda x: (x >= -1) & (x < len(m.types)))
    for name, last in (
        ("entry_start", m.entries),
        ("ballot_start", m.ballots),
        ("rater_name_start", m.arrays["rater_name"].length),
    ):
        _check_starts(folder, name, m, last, least=0 if name == "rater_name_start" else 1)
    seen = np.zeros(m.raters, bool)
    for block in _blocks(folder, "rater", m):
        if ((block < 0) | (block >= m.raters)).any():
            _fail(folder, "rater holds a number out of range")
        seen[block] = True
    if not seen.all():
        _fail(folder, "rater does not hold every rater once")
    _check_shapes(folder, m)


def _check_starts(folder: Path, name: str, manifest: Manifest, last: int, least: int) -> None:
    """Check numbers that begin at 0, rise by ``least`` or more, and end at ``last``."""
    before = None
    for block in _blocks(folder, name, manifest):
        steps = np.diff(block) if before is None else np.diff(block, prepend=before)
        if (steps < least).any() or (before is None and block[0] != 0):
            _fail(folder, f"{name} holds a number out of range")
        before = int(block[-1])
    if before != last:
        _fail(folder, f"{name} holds a number out of range")


def _check_shapes(folder: Path, manifest: Manifest) -> None:
    """Check that every rater's ballots fit the shape of its bucket."""
    if sum(shape.rows for shape in manifest.shapes) > manifest.raters:
        _fail(folder, "the manifest states more rows than raters")
    ballot = np.memmap(folder / "ballot_start", "<i8", "r")
    entry = np.memmap(folder / "entry_start", "<i8", "r")
    start = 0
    for shape in manifest.shapes:
        for first in range(start, start + shape.rows, BLOCK):
            own = ballot[first : min(first + BLOCK, start + shape.rows) + 1]
            size = np.diff(entry[own[0] : own[-1] + 1])
            contests = np.add.reduceat((size > 1).astype(np.int64), own[:-1] - own[0])
            if contests.max() > shape.contests or contests.min() < 1 or size.max() > shape.slots:
                _fail(folder, "a rater's ballots do not fit the shape of the bucket")
        start += shape.rows


def _blocks(folder: Path, name: str, manifest: Manifest) -> Iterator[np.ndarray]:
    dtype = np.dtype(ARRAYS[name][0])
    with (folder / name).open("rb") as file:
        while len(block := np.fromfile(file, dtype, BLOCK)):
            yield block


def _fail(folder: Path, what: str) -> None:
    raise InputError(f"{printable(folder)}: {what}; pack the file again.")
