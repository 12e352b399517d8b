"""Checks of the arrays in a folder of packed ratings: sizes, hashes, ranges, and what they say
together."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from scrl.data.files import printable
from scrl.data.limits import MAX_WEIGHT, MIN_WEIGHT
from scrl.packed_ratings.manifest import ARRAYS, OPTIONAL, Manifest
from scrl.types import Catalogue, InputError

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


def check_arrays(folder: Path, manifest: Manifest, catalogue: Catalogue) -> None:
    """Check the hashes of all arrays, their ranges, and what they say together, a block at a time,
    so that every batch can be made.

    Raises:
        InputError: for the first array with a number out of range, or that was changed.
    """
    m = manifest
    fine: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "item": lambda x: (x >= 0) & (x < catalogue.items),
        "rank": lambda x: x >= 0,
        "ballot_weight": lambda x: (x >= MIN_WEIGHT) & (x <= MAX_WEIGHT),
        # Means of weights may be rounded.
        "rater_weight": lambda x: (x >= m.least_weight) & (x <= MAX_WEIGHT * (1 + 1e-9)),
        "ballot_rater": lambda x: (x >= 0) & (x < m.raters),
        "rater": lambda x: (x >= 0) & (x < m.raters),
        "rater_type": lambda x: (x >= -1) & (x < len(m.types)),
    }
    for name, entry in m.arrays.items():
        found = hashlib.sha256()
        for block in _blocks(folder, name):
            found.update(block.data)
            if name in fine and not fine[name](block).all():
                _fail(folder, f"{name} holds a number out of range")
        if found.hexdigest() != entry.sha256:
            _fail(folder, f"{name} is not as it was written (its hash differs)")
    for name, last in (
        ("entry_start", m.entries),
        ("ballot_start", m.ballots),
        ("rater_name_start", m.arrays["rater_name"].length),
    ):
        _check_starts(folder, name, last, least=0 if name == "rater_name_start" else 1)
    _check_raters(folder, m)
    _check_names(folder, m)
    longest = _check_ballots(folder, m, catalogue)
    _check_shapes(folder, m, max(longest, int(np.diff(catalogue.offsets).max())))


def _check_starts(folder: Path, name: str, last: int, least: int) -> None:
    """Check numbers that begin at 0, rise by ``least`` or more, and end at ``last``."""
    before = None
    for block in _blocks(folder, name):
        steps = np.diff(block) if before is None else np.diff(block, prepend=before)
        if (steps < least).any() or (before is None and block[0] != 0):
            _fail(folder, f"{name} holds a number out of range")
        before = int(block[-1])
    if before != last:
        _fail(folder, f"{name} holds a number out of range")


def _check_raters(folder: Path, manifest: Manifest) -> None:
    """Check that every rater stands once, and that ballots name the rater whose they are."""
    rater, start = _mapped(folder, "rater"), _mapped(folder, "ballot_start")
    seen = np.zeros(manifest.raters, bool)
    of_ballot = _mapped(folder, "ballot_rater")
    for first, last in _spans(start):
        own = rater[first:last]
        seen[own] = True
        ballots = np.repeat(own, np.diff(start[first : last + 1]))
        if (ballots != of_ballot[start[first] : start[last]]).any():
            _fail(folder, "ballot_rater holds others than the raters whose ballots these are")
    if not seen.all():
        _fail(folder, "rater does not hold every rater once")


def _check_names(folder: Path, manifest: Manifest) -> None:
    """Check that the names of raters are UTF-8, each by itself."""
    if not manifest.arrays["rater_name"].length:
        return
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    try:
        for block in _blocks(folder, "rater_name"):
            decoder.decode(block.tobytes())
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        _fail(folder, "rater_name holds bytes that are no text")
    text = _mapped(folder, "rater_name")
    for start in _blocks(folder, "rater_name_start"):
        # A byte within a character begins with the bits 10.
        if ((text[start[start < len(text)]] & 0xC0) == 0x80).any():
            _fail(folder, "rater_name_start stands within a character")


def _check_ballots(folder: Path, manifest: Manifest, catalogue: Catalogue) -> int:
    """Check that a ballot ranks completions of one prompt, and that its ranks are places.

    Returns:
        The completions on the longest ballot.
    """
    start, item, rank = (_mapped(folder, name) for name in ("entry_start", "item", "rank"))
    longest = 0
    for first, last in _spans(start):
        own = slice(start[first], start[last])
        size = np.diff(start[first : last + 1])
        prompt = catalogue.item_prompt[item[own]]
        if (prompt != np.repeat(prompt[start[first:last] - start[first]], size)).any():
            _fail(folder, "a ballot ranks completions of several prompts")
        if (rank[own] >= np.repeat(size, size)).any():
            _fail(folder, "a ballot has a rank beyond its completions")
        longest = max(longest, int(size.max()))
    return longest


def _check_shapes(folder: Path, manifest: Manifest, longest: int) -> None:
    """Check that every rater's ballots fit the shape of the bucket, which is no wider than needed.

    Args:
        longest: completions of the longest ballot or the largest prompt.
    """
    if sum(shape.rows for shape in manifest.shapes) > manifest.raters:
        _fail(folder, "the manifest states more rows than raters")
    ballot, entry = _mapped(folder, "ballot_start"), _mapped(folder, "entry_start")
    start = 0
    for shape in manifest.shapes:
        stop, most = start + shape.rows, 0
        for first in range(start, stop, BLOCK):
            contests, slots = _needed(ballot, entry, first, min(first + BLOCK, stop))
            if contests.min() < 1 or slots > shape.slots:
                _fail(folder, "a rater's ballots do not fit the shape of the bucket")
            most = max(most, int(contests.max()))
        if most != shape.contests or shape.slots > longest:
            _fail(folder, "a rater's ballots do not fit the shape of the bucket")
        start = stop
    for first in range(start, manifest.raters, BLOCK):
        contests, _ = _needed(ballot, entry, first, min(first + BLOCK, manifest.raters))
        if contests.any():
            _fail(folder, "a rater with a ballot of two completions stands in no bucket")


def _needed(ballot: np.ndarray, entry: np.ndarray, first: int, last: int) -> tuple[np.ndarray, int]:
    """Ballots of two completions or more of each rater from ``first`` to ``last``, and the
    completions of the longest ballot."""
    own = ballot[first : last + 1]
    size = np.diff(entry[own[0] : own[-1] + 1])
    return np.add.reduceat((size > 1).astype(np.int64), own[:-1] - own[0]), int(size.max())


def _spans(start: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of groups of which each has about a block's numbers, or is one group.

    Args:
        start: where each group begins, and the end of the last.
    """
    first, groups = 0, len(start) - 1
    while first < groups:
        last = int(np.searchsorted(start, start[first] + BLOCK, "right")) - 1
        last = min(max(last, first + 1), groups)
        yield first, last
        first = last


def _mapped(folder: Path, name: str) -> np.ndarray:
    return np.memmap(folder / name, ARRAYS[name][0], "r")


def _blocks(folder: Path, name: str) -> Iterator[np.ndarray]:
    dtype = np.dtype(ARRAYS[name][0])
    with (folder / name).open("rb") as file:
        while len(block := np.fromfile(file, dtype, BLOCK)):
            yield block


def _fail(folder: Path, what: str) -> None:
    raise InputError(f"{printable(folder)}: {what}; pack the file again.")
