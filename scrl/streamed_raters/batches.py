"""Which rows make up each batch: a function of the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.data.batches import Bucket, padded_size
from scrl.random_streams import HostStream, host_rng
from scrl.streamed_raters.sources import BallotSource

#: Slots × slots of all ballots in a batch, at most.
MAX_STAGE_CELLS = 1 << 24


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """The batches of an epoch.

    Attributes:
        source: the ballots.
        rows: of each shape, the rows that are trained on, rising.
        size: of each shape, rows in a batch; it does not depend on the devices.
        multiple: of which a padded batch's rows are a whole number: how many devices share them.
    """

    source: BallotSource
    rows: tuple[np.ndarray, ...]
    size: tuple[int, ...]
    multiple: int = 1

    @classmethod
    def of(
        cls, source: BallotSource, kept: np.ndarray, batch_entries: int, multiple: int = 1
    ) -> BatchPlan:
        """A plan for some of the raters.

        Args:
            kept: whether each rater is read ``[raters]``.
            batch_entries: slots in a batch, at most.
            multiple: see there.
        """
        rows, sizes = [], []
        for shape, (contests, slots, _) in enumerate(source.shapes):
            own = np.flatnonzero(kept[source.raters_of(shape)])
            cells = contests * slots
            most = max(1, min(batch_entries // cells, MAX_STAGE_CELLS // (cells * slots)))
            rows.append(own)
            sizes.append(min(most, padded_size(max(len(own), 1))))
        return cls(source, tuple(rows), tuple(sizes), multiple)

    @property
    def batches(self) -> int:
        """The number of batches in an epoch."""
        pairs = zip(self.rows, self.size, strict=True)
        return sum(-(-len(rows) // size) for rows, size in pairs)

    @property
    def raters(self) -> np.ndarray:
        """The raters that are read, by number."""
        pairs = enumerate(self.rows)
        return np.concatenate([self.source.raters_of(shape)[rows] for shape, rows in pairs])

    def epoch(self, seed: int, epoch: int) -> list[tuple[int, np.ndarray]]:
        """The shape and the rows of each batch, in random order."""
        rng = host_rng(seed, HostStream.STREAMED_BATCHES, epoch)
        found = self._parts([rng.permutation(rows) for rows in self.rows])
        return [found[i] for i in rng.permutation(len(found))]

    def in_order(self) -> list[tuple[int, np.ndarray]]:
        """The shape and the rows of each batch, in the order of the source."""
        return self._parts(self.rows)

    def _parts(self, rows: Sequence[np.ndarray]) -> list[tuple[int, np.ndarray]]:
        return [
            (shape, own[i : i + size])
            for shape, (own, size) in enumerate(zip(rows, self.size, strict=True))
            for i in range(0, len(own), size)
        ]

    def padded_rows(self, shape: int) -> int:
        """Rows of a padded batch."""
        return -(-self.size[shape] // self.multiple) * self.multiple

    def batch(self, shape: int, rows: np.ndarray, part: slice = slice(None)) -> Bucket:
        """The ballots of a batch, padded.

        Args:
            part: of the padded batch's rows, that this process reads; no others are read.
        """
        start, stop, _ = part.indices(self.padded_rows(shape))
        return self.source.batch(shape, rows[start:stop]).padded(stop - start)
