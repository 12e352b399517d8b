"""The flat arrays of a folder: written in order of buckets, and checked when they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scrl.packed_ratings.manifest import ARRAYS, file_digest
from scrl.packed_ratings.partitions import Ballots


class PackedArrays:
    """Writes the arrays of a folder.

    Raters stand by group, then by partition, then by number, so that the ballots of a partition are
    one run within each group, and every run is written at once.

    Args:
        folder: where they are written.
        ballots, entries: of each rater ``[raters]``.
        group: of each rater ``[raters]``.
        partitions: how many there are.

    Attributes:
        order: the rater at each place ``[raters]``.
    """

    def __init__(
        self, folder: Path, ballots: np.ndarray, entries: np.ndarray, group: np.ndarray,
        partitions: int,
    ) -> None:  # fmt: skip
        self.folder, self.group = folder, group
        raters = np.arange(len(group))
        self.order = np.lexsort([raters, raters % partitions, group])
        self._lengths: dict[str, int] = {}
        groups = int(group.max()) + 1

        def starts(of_rater: np.ndarray) -> np.ndarray:
            totals = np.bincount(group, of_rater, groups).astype(np.int64)
            return np.cumsum(totals) - totals

        # Where the next ballot and entry of each group are written.
        self._ballot, self._entry = starts(ballots), starts(entries)
        self.write("rater", self.order)
        self.write(
            "ballot_start", np.concatenate([[0], np.cumsum(ballots[self.order], dtype=np.int64)])
        )
        self._size("entry_start", int(ballots.sum()) + 1)
        for name in ("ballot_weight", "ballot_rater"):
            self._size(name, int(ballots.sum()))
        for name in ("item", "rank"):
            self._size(name, int(entries.sum()))

    def _size(self, name: str, length: int) -> None:
        """Make an array of zeros."""
        self._lengths[name] = length
        with (self.folder / name).open("wb") as file:
            file.truncate(length * np.dtype(ARRAYS[name][0]).itemsize)

    def write(self, name: str, values: np.ndarray) -> None:
        """Write a whole array."""
        self._size(name, len(values))
        self._put(name, 0, values)

    def _put(self, name: str, start: int, values: np.ndarray) -> None:
        dtype = np.dtype(ARRAYS[name][0])
        with (self.folder / name).open("r+b") as file:
            file.seek(start * dtype.itemsize)
            # ``ndarray.tofile`` says nothing where the disk is full.
            file.write(np.ascontiguousarray(values, dtype).data)

    def add(self, ballots: Ballots) -> None:
        """Write the ballots of a partition; partitions come in their order."""
        group = self.group[ballots.rater]
        for number in np.unique(group):
            own = ballots.select(group == number)
            ballot, entry = int(self._ballot[number]), int(self._entry[number])
            self._put("ballot_weight", ballot, own.weight)
            self._put("ballot_rater", ballot, own.rater)
            self._put("entry_start", ballot + 1, entry + np.cumsum(own.size))
            self._put("item", entry, own.item)
            self._put("rank", entry, own.rank)
            self._ballot[number] += len(own.rater)
            self._entry[number] += len(own.item)

    def finished(self) -> dict[str, dict[str, Any]]:
        """The manifest's entry of each array."""
        return {
            name: {"length": length, "sha256": file_digest(self.folder / name)}
            for name, length in self._lengths.items()
        }
