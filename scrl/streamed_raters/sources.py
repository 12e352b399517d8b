"""What training in batches reads: padded ballots whose rows stand in few shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from scrl.data.batches import Bucket, buckets
from scrl.data.files import quoted
from scrl.types import Catalogue, InputError, Ratings

_COLUMNS = ("rater", "item", "rank", "mask", "weight", "rater_weight")


class BallotSource(Protocol):
    """Ballots in buckets of padded shapes: ``packed_ratings.PackedRatings``, or ``InMemory``.

    A rater stands in one row of one bucket, or in none.
    """

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def name(self) -> str: ...

    @property
    def raters(self) -> int:
        """The number of raters."""
        ...

    @property
    def content(self) -> str:
        """A digest of the data, by which a checkpoint knows them again."""
        ...

    @property
    def shapes(self) -> Sequence[tuple[int, int, int]]:
        """Contests, slots and rows of each bucket."""
        ...

    def raters_of(self, shape: int) -> np.ndarray:
        """The rater of each row of a bucket ``[rows]``."""
        ...

    def batch(self, shape: int, rows: np.ndarray) -> Bucket:
        """Rows of a bucket, in this order."""
        ...


@dataclass(frozen=True, eq=False)
class InMemory:
    """Ratings in memory as a ``BallotSource``.

    Attributes:
        ratings: with absent completions resolved; buckets: their ballots.
    """

    ratings: Ratings
    buckets: tuple[Bucket, ...]

    @classmethod
    def of(cls, ratings: Ratings) -> InMemory:
        """The ballots of ratings; absent completions are resolved here."""
        resolved = ratings.with_absent_resolved()
        return cls(resolved, tuple(buckets(resolved)))

    @property
    def catalogue(self) -> Catalogue:
        return self.ratings.catalogue

    @property
    def name(self) -> str:
        return self.ratings.name

    @property
    def raters(self) -> int:
        return len(self.ratings.raters)

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        return [(*bucket.item.shape[1:], bucket.size) for bucket in self.buckets]

    @cached_property
    def content(self) -> str:
        digest = hashlib.sha256(repr(self.shapes).encode())
        for bucket in self.buckets:
            for name in _COLUMNS:
                digest.update(np.ascontiguousarray(getattr(bucket, name)).tobytes())
        return digest.hexdigest()

    def raters_of(self, shape: int) -> np.ndarray:
        return self.buckets[shape].rater[: self.buckets[shape].size]

    def batch(self, shape: int, rows: np.ndarray) -> Bucket:
        return self.buckets[shape].rows(rows)


def ballot_source(source: BallotSource | Ratings) -> BallotSource:
    """Ratings as a source; a source as it is.

    Raises:
        InputError: where no ballot ranks two completions.
    """
    found = InMemory.of(source) if isinstance(source, Ratings) else source
    if not hasattr(found, "shapes"):
        raise InputError(
            f"The source is {quoted(found)}; give packed ratings (PackedRatings.open) or ratings."
        )
    if not any(rows for *_, rows in found.shapes):
        raise InputError(f"{found.name}: no ballot ranks two completions, so there is no model.")
    return found
