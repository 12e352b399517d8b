"""Packed ratings: a folder of flat arrays, mapped into memory and read in batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scrl.data.batches import Bucket
from scrl.data.files import printable, quoted
from scrl.packed_ratings.checks import check_arrays, check_sizes
from scrl.packed_ratings.manifest import (
    ARRAYS,
    Manifest,
    file_digest,
    read_catalogue,
    read_manifest,
)
from scrl.random_streams import HostStream, host_rng
from scrl.types import Catalogue, InputError, Ratings


class Shape(NamedTuple):
    """A bucket: ballots of a rater and completions of a ballot, padded, and its raters."""

    contests: int
    slots: int
    rows: int


@dataclass(frozen=True, eq=False)
class PackedRatings:
    """Ratings on disk. Only the catalogue is held in memory; arrays are mapped.

    A rater stands in exactly one bucket, or in none where no ballot ranks two completions.

    Attributes:
        folder: where the arrays are.
        name: of the data.
        catalogue: prompts, completions, texts and features.
        raters, ballots, entries: how many there are.
        shapes: the buckets, ``(contests, slots, rows)``.
        types: names of rater types.
        notes: remarks of the reader.
        content: SHA-256 of the data, the same whenever they were packed.
    """

    folder: Path
    name: str
    catalogue: Catalogue
    raters: int
    ballots: int
    entries: int
    shapes: tuple[Shape, ...]
    types: tuple[str, ...]
    notes: tuple[str, ...]
    content: str
    _manifest: Manifest = field(repr=False)
    _array: dict[str, np.ndarray] = field(repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> PackedRatings:
        """Packed ratings in a folder.

        Every array is read once: hashes, sizes, the ranges of numbers and what arrays say together
        are checked, so that every batch can be made of a folder that passes.

        Raises:
            InputError: where the folder is missing or damaged.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        check_sizes(folder, manifest)
        arrays = _mapped(folder, manifest)
        catalogue = read_catalogue(folder, manifest, arrays)
        check_arrays(folder, manifest, catalogue)
        return cls(
            folder, printable(manifest.name), catalogue, manifest.raters, manifest.ballots,
            manifest.entries, tuple(Shape(b.contests, b.slots, b.rows) for b in manifest.shapes),
            manifest.types, manifest.notes, manifest.content, manifest, arrays,
        )  # fmt: skip

    def verify(self) -> None:
        """Compare the SHA-256 of every array with the manifest's again, as ``open`` did.

        Raises:
            InputError: for the first that differs.
        """
        for name, entry in self._manifest.arrays.items():
            if file_digest(self.folder / name) != entry.sha256:
                raise InputError(
                    f"{printable(self.folder)}: {name} is not as it was written (its hash "
                    "differs); pack the file again."
                )

    def rater_name(self, rater: int) -> str:
        """The name of a rater, by its number."""
        start, stop = self._array["rater_name_start"][rater : rater + 2]
        return bytes(self._array["rater_name"][start:stop]).decode("utf-8", "surrogatepass")

    def raters_of(self, shape: int) -> np.ndarray:
        """The number of each row's rater in a bucket, int32 ``[rows]``."""
        start = sum(s.rows for s in self.shapes[:shape])
        return np.asarray(self._array["rater"][start : start + self.shapes[shape].rows])

    @property
    def rater_types(self) -> np.ndarray | None:
        """The type of each rater ``[raters]``, -1 where unknown; None where all are."""
        return self._array.get("rater_type")

    def held_out(self, fraction: float, seed: int) -> np.ndarray:
        """Which raters are held out: ``fraction`` of them, drawn with ``seed``, bool
        ``[raters]``.

        Raises:
            InputError: where the fraction is none from 0 to 1.
        """
        if not isinstance(fraction, int | float | np.number) or not 0 <= fraction <= 1:
            raise InputError(f"fraction is {quoted(fraction)}; give a number from 0 to 1.")
        count = round(fraction * self.raters)
        drawn = host_rng(seed, HostStream.STREAMED_HELD_OUT).permutation(self.raters)[:count]
        found = np.zeros(self.raters, bool)
        found[drawn] = True
        return found

    def batch(self, shape: int, rows: np.ndarray | slice, size: int | None = None) -> Bucket:
        """Raters of one bucket as padded arrays, equal to those of ``scrl.data.batches.buckets``.

        Args:
            shape: the number of the bucket.
            rows: of the bucket, whole numbers from 0 or a slice.
            size: rows of the batch, those after the real ones padded; as many as real by default.
        """
        contests, slots, count = self.shapes[shape]
        place = sum(s.rows for s in self.shapes[:shape]) + np.arange(count)[rows]
        a, n = self._array, len(place)
        first = a["ballot_start"][place]
        ballots_of_row = a["ballot_start"][place + 1] - first
        row, ballot = _ranges(first, ballots_of_row)
        start = a["entry_start"][ballot]
        length = a["entry_start"][ballot + 1] - start
        row, ballot, start, length = (x[length > 1] for x in (row, ballot, start, length))
        contest = np.arange(len(row)) - np.searchsorted(row, np.arange(n))[row]
        which, entry = _ranges(start, length)
        slot = entry - start[which]
        at = (row[which], contest[which], slot)
        item, rank = np.zeros((2, n, contests, slots), np.int32)
        mask = np.zeros((n, contests, slots), bool)
        weight = np.zeros((n, contests), np.float32)
        item[at], rank[at], mask[at] = a["item"][entry], a["rank"][entry], True
        rater_weight = np.asarray(a["rater_weight"][place])
        weight[row, contest] = a["ballot_weight"][ballot] / rater_weight[row]
        found = Bucket(
            np.asarray(a["rater"][place]), item, rank, mask, weight,
            rater_weight / self._manifest.least_weight, n,
        )  # fmt: skip
        return found if size is None else found.padded(size)

    def ratings(self) -> Ratings:
        """All ballots in memory, as ``scrl.load_ratings`` reads them from the same file."""
        a, c = self._array, self.catalogue
        order = np.argsort(a["ballot_rater"], kind="stable")
        start = a["entry_start"][order]
        size = a["entry_start"][order + 1] - start
        _, entry = _ranges(start, size)
        offsets = np.concatenate([[0], np.cumsum(size)])
        item = np.asarray(a["item"][entry])
        return Ratings(
            c, tuple(map(self.rater_name, range(self.raters))), a["ballot_rater"][order],
            c.item_prompt[item[offsets[:-1]]], a["ballot_weight"][order], offsets,
            c.members[item], a["rank"][entry], rater_type=self.rater_types, types=self.types,
            notes=self.notes, name=self.name,
        )  # fmt: skip


def _ranges(start: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers from each start on, and the number of the range that each belongs to."""
    which = np.repeat(np.arange(len(start)), length)
    ends = np.cumsum(length)
    return which, np.arange(len(which)) + np.repeat(start - (ends - length), length)


def _mapped(folder: Path, manifest: Manifest) -> dict[str, np.ndarray]:
    """The arrays of a folder, mapped into memory."""
    found = {}
    for name, entry in manifest.arrays.items():
        dtype, path = np.dtype(ARRAYS[name][0]), folder / name
        found[name] = (
            np.memmap(path, dtype, "r", shape=(entry.length,))
            if entry.length
            else np.empty(0, dtype)
        )
    return found
