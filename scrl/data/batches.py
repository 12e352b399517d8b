"""Ratings as padded arrays ``[raters, contests, slots]``, in buckets of similar size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.data.weights import rater_weights, relative_ballot_weights
from scrl.types import Ratings


@dataclass(frozen=True, eq=False)
class Bucket:
    """Raters whose ballots fit one shape.

    Attributes:
        rater: index of each row's rater ``[raters]``, -1 for padding; real rows come first.
        item: catalogue item of each slot ``[raters, contests, slots]``, 0 for padding.
        rank: place on the ballot, same shape (0 = best, equal = tied).
        mask: True where a slot holds a completion, same shape.
        weight: of each ballot over its rater's ``[raters, contests]``, 0 for padding.
        rater_weight: of each row's rater, the least is 1 ``[raters]``, 0 for padding.
        size: how many rows are real.
    """

    rater: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    mask: np.ndarray
    weight: np.ndarray
    rater_weight: np.ndarray
    size: int

    @property
    def cells(self) -> int:
        """Slots of one row."""
        return self.item.shape[1] * self.item.shape[2]

    def padded(self, rows: int) -> Bucket:
        """The bucket with rows of padding, ``rows`` in all."""

        def longer(array: np.ndarray, fill: int = 0) -> np.ndarray:
            width = [(0, rows - len(array))] + [(0, 0)] * (array.ndim - 1)
            return np.pad(array, width, constant_values=fill)

        item, rank, mask, weight = map(longer, (self.item, self.rank, self.mask, self.weight))
        rater, rater_weight = longer(self.rater, -1), longer(self.rater_weight)
        return Bucket(rater, item, rank, mask, weight, rater_weight, self.size)

    def rows(self, chosen: np.ndarray | slice) -> Bucket:
        """These real rows, without padding."""
        columns = (self.rater, self.item, self.rank, self.mask, self.weight)
        rater, item, rank, mask, weight = (column[: self.size][chosen] for column in columns)
        rater_weight = self.rater_weight[: self.size][chosen]
        return Bucket(rater, item, rank, mask, weight, rater_weight, len(rater))

    def parts(self, rows: int) -> list[Bucket]:
        """The real rows in parts of ``rows`` each, the last one padded."""
        starts = range(0, self.size, rows)
        return [self.rows(slice(start, start + rows)).padded(rows) for start in starts]


def next_power_of_two(n: int) -> int:
    """The least power of two that is at least ``n``."""
    return 1 << max(int(n) - 1, 0).bit_length()


def padded_size(n: int) -> int:
    """The least of 1, 2, 3, 4, 6, 8, 12, 16, 24 … that is ``n`` or more, so that shapes recur."""
    power = next_power_of_two(n)
    return 3 * power // 4 if 3 * power // 4 >= n and power >= 4 else power


def padded_sizes(need: np.ndarray, natural: int = 0) -> np.ndarray:
    """A padded size for each length in ``need``: the largest size, or a quarter, a 16th … of it.

    Sizes are few, because each is a compiled program; a row is padded at most fourfold.

    Args:
        natural: the largest size, where it is at most twice the largest need.
    """
    largest = int(need.max())
    top = padded_size(natural if largest <= natural <= 2 * largest else largest)
    level = np.floor(np.log(top / need) / np.log(4) + 1e-9)
    return np.ceil(top / 4**level).astype(np.int64)


def buckets(ratings: Ratings, min_size: int = 2) -> list[Bucket]:
    """The raters with a ballot of ``min_size`` completions or more, grouped by padded shape.

    Shorter ballots are left out, since alone they compare nothing. A ballot nearly as long as its
    prompt is padded to the prompt's length, so that shapes do not depend on who ranks what.

    Args:
        ratings: with absent completions resolved.
    """
    r = ratings.select(ratings.sizes >= min_size)
    if r.ballots == 0:
        return []
    rater_weight = rater_weights(ratings)
    ballot_weight = relative_ballot_weights(ratings)[ratings.sizes >= min_size]
    rater_weight /= rater_weight.min()
    contests = np.bincount(r.ballot_rater, minlength=len(r.raters))
    longest = np.zeros(len(r.raters), np.int64)
    offered = int(np.diff(r.catalogue.offsets).max())
    np.maximum.at(longest, r.ballot_rater, r.sizes)
    present = np.flatnonzero(contests)
    shape = np.stack(
        [padded_sizes(contests[present]), padded_sizes(longest[present], offered)], axis=1
    )
    first = np.searchsorted(r.ballot_rater, np.arange(len(r.raters)))
    position = np.arange(r.ballots) - first[r.ballot_rater]
    slot = np.arange(len(r.item)) - r.offsets[r.entry_ballot]
    out = []
    for c, s in np.unique(shape, axis=0):
        rows = present[(shape == (c, s)).all(1)]
        n = len(rows)
        row_of = np.full(len(r.raters), -1)
        row_of[rows] = np.arange(len(rows))
        item = np.zeros((n, c, s), np.int32)
        rank = np.zeros((n, c, s), np.int32)
        mask = np.zeros((n, c, s), bool)
        weight = np.zeros((n, c), np.float32)
        b = np.flatnonzero(row_of[r.ballot_rater] >= 0)
        weight[row_of[r.ballot_rater[b]], position[b]] = ballot_weight[b]
        e = np.flatnonzero(row_of[r.ballot_rater[r.entry_ballot]] >= 0)
        at = (row_of[r.ballot_rater[r.entry_ballot[e]]], position[r.entry_ballot[e]], slot[e])
        item[at], rank[at], mask[at] = r.item[e], r.rank[e], True
        out.append(Bucket(rows.astype(np.int32), item, rank, mask, weight, rater_weight[rows], n))
    return out


def empty_bucket() -> Bucket:
    """One rater with an empty ballot."""
    nothing = np.zeros((1, 1, 2), np.int32)
    return Bucket(
        np.zeros(1, np.int32), nothing, nothing, nothing > 0, np.zeros((1, 1)), np.ones(1), 1
    )
