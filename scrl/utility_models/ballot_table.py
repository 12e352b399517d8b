"""Distinct ballots and distinct raters, the sufficient statistics of the rivals that use lists.

Equal ballots are one row and raters with equal ballots and features are one row with a mass, so a
file of weighted raters and the same file written out give one table, whatever the order of its
lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from scrl.types import Catalogue, InputError, Ratings

#: Lengths up to this multiple of the least one, and so many more, are padded to one length; and by
#: how much less padding pays for several parts.
SIMILAR, MORE, SAVING = 1.3, 4, 1.3


def similar_lengths(length: np.ndarray) -> list[np.ndarray | slice]:
    """Positions in parts of similar length, so that a long one does not pad all others.

    One part where several would save little. The parts are few: their lengths grow geometrically.

    Args:
        length: ``[rows]``.
    """
    count = np.bincount(length) if len(length) else np.zeros(1, np.int64)
    values = np.flatnonzero(count)
    part, least = np.zeros(len(values), np.int64), 0
    for at, value in enumerate(values):
        least = least or value
        if value > SIMILAR * least + MORE:
            part[at:] += 1
            least = value
    widest = np.zeros(part.max(initial=0) + 1, np.int64)
    widest[part] = values  # the last one of a part is the largest
    if len(widest) == 1 or SAVING * (count[values] @ widest[part]) > len(length) * values[-1]:
        return [slice(None)]
    of = part[np.searchsorted(values, length)]
    return [np.flatnonzero(of == number) for number in range(len(widest))]


@dataclass(frozen=True, eq=False)
class BallotSlots:
    """Ballots as padded rows, best completion first.

    Attributes:
        item: catalogue items ``[ballots, places]``, 0 in padding; mask: the real slots.
        tie_start, tie_stop: the range of slots tied with each slot, itself included.
        has_ties: whether any two slots are tied.
    """

    item: np.ndarray
    mask: np.ndarray
    tie_start: np.ndarray
    tie_stop: np.ndarray
    has_ties: bool

    @cached_property
    def stage_weights(self) -> np.ndarray:
        """How much each slot counts among those chosen from at each stage, ``[stages, places]``,
        or ``[ballots, stages, places]`` where ballots have ties: 1 if it is chosen there or later,
        ½ if tied."""
        place = np.arange(self.mask.shape[1])
        if not self.has_ties:
            return (place >= place[:, None]).astype(float)
        start, stop = self.tie_start[..., None], self.tie_stop[..., None]
        weight = 0.5 * (place >= start) + 0.5 * (place >= stop)
        return np.where(place == place[:, None], 1.0, weight)

    def take(self, ballots: np.ndarray | slice) -> BallotSlots:
        """These ballots, in this order."""
        item, mask, start, stop = (
            x[ballots] for x in (self.item, self.mask, self.tie_start, self.tie_stop)
        )
        return BallotSlots(item, mask, start, stop, self.has_ties)

    def narrowed(self) -> BallotSlots:
        """The same ballots without the places that none of them has."""
        places = max(1, int(self.mask.sum(1).max(initial=1)))
        if places == self.mask.shape[1]:
            return self
        item, mask, start, stop = (
            x[:, :places] for x in (self.item, self.mask, self.tie_start, self.tie_stop)
        )
        return BallotSlots(item, mask, start, stop, self.has_ties)

    @cached_property
    def parts(self) -> tuple[tuple[np.ndarray | slice, BallotSlots], ...]:
        """Ballots of similar length together: their numbers, and the ballots, no longer padded to
        the longest of all. Time and memory of sums over parts follow the entries."""
        parts = similar_lengths(self.mask.sum(1))
        if len(parts) == 1:
            return ((slice(None), self),)
        return tuple((rows, self.take(rows).narrowed()) for rows in parts)

    @property
    def padded(self) -> int:
        """The slots of all ``parts``, padding included."""
        return sum(part.mask.size for _, part in self.parts)


@dataclass(frozen=True, eq=False)
class BallotTable:
    """The ballots of ratings, each distinct ballot and each distinct rater once.

    Attributes:
        catalogue: of the ratings.
        slots: the distinct ballots, also those of one completion, which say who answered.
        prompt: of each distinct ballot ``[ballots]``.
        cast: how much each distinct rater cast each ballot, sparse ``[rows, ballots]``: 1, or more
            where it was cast several times; relative weights within a rater count here.
        mass: how many raters each row stands for ``[rows]``: the mean weight of their ballots.
        row: the row of each rater of the ratings ``[raters]``, -1 for raters without ballots.
        features: of the distinct raters ``[rows, features]`` in the units of the file, NaN where
            unknown; None without features. Raters with other features are other rows.
    """

    catalogue: Catalogue
    slots: BallotSlots
    prompt: np.ndarray
    cast: csr_matrix
    mass: np.ndarray
    row: np.ndarray
    features: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """The number of distinct raters."""
        return len(self.mass)

    def take(self, rows: np.ndarray) -> BallotTable:
        """Only these distinct raters and their ballots.

        Args:
            rows: ascending ``[rows]``.
        """
        cast = self.cast[rows]
        ballots = np.unique(cast.indices)
        slots = self.slots.take(ballots).narrowed()
        renumbered = np.full(self.rows + 1, -1)  # the last is that of raters without ballots
        renumbered[rows] = np.arange(len(rows))
        return BallotTable(
            self.catalogue, slots, self.prompt[ballots], cast[:, ballots],
            self.mass[rows], renumbered[self.row],
            None if self.features is None else self.features[rows],
        )  # fmt: skip


def tabulate(ratings: Ratings) -> BallotTable:
    """The distinct ballots and raters of ratings.

    Weights below one on average are scaled to a mean of one, since a prior needs a scale.
    """
    item, tied = _padded_ballots(ratings)
    key = np.concatenate([item, tied], axis=1)
    distinct, ballot = np.unique(key, axis=0, return_inverse=True)
    item, tied = np.split(distinct, 2, axis=1)
    mask = item >= 0
    item = np.where(mask, item, 0)
    starts = np.maximum.accumulate(np.where(tied == 0, np.arange(item.shape[1]), 0), axis=1)
    slots = BallotSlots(item, mask, starts, _tie_stops(tied), bool(tied.any()))
    prompt = ratings.catalogue.item_prompt[item[:, 0]] if len(item) else np.empty(0, np.int64)
    return BallotTable(ratings.catalogue, slots, prompt, *_distinct_raters(ratings, ballot.ravel()))


def training_table(ratings: Ratings) -> BallotTable:
    """The table of ratings that a rival is fitted to.

    Raises:
        InputError: where there is no ballot.
    """
    if not ratings.ballots:
        raise InputError(f"{ratings.name}: there is no ballot to learn from.")
    return tabulate(ratings)


def likely_types(table: BallotTable, probability: np.ndarray) -> np.ndarray:
    """The most probable type of each rater of the ratings ``[raters]``, -1 without ballots.

    Args:
        probability: of each distinct rater's types ``[rows, types]``.
    """
    return np.where(table.row >= 0, probability.argmax(axis=1)[table.row], -1)


def _padded_ballots(ratings: Ratings) -> tuple[np.ndarray, np.ndarray]:
    """Items by rank, tied ones by number, -1 in padding, and whether each is tied with the one
    before it; both ``[ballots, places]``."""
    places = int(ratings.sizes.max(initial=1))
    order = np.lexsort((ratings.item, ratings.rank, ratings.entry_ballot))
    slot = np.arange(len(order)) - ratings.offsets[ratings.entry_ballot]
    at = ratings.entry_ballot, slot
    item = np.full((ratings.ballots, places), -1, np.int64)
    tied = np.zeros((ratings.ballots, places), np.int64)
    item[at] = ratings.item[order]
    rank = ratings.rank[order]
    tied[at] = np.r_[False, rank[1:] == rank[:-1]][: len(order)] & (slot > 0)
    return item, tied


def _tie_stops(tied: np.ndarray) -> np.ndarray:
    """One past the last slot tied with each slot ``[ballots, places]``."""
    places = tied.shape[1]
    follows = np.concatenate([tied[:, 1:], np.zeros((len(tied), 1), tied.dtype)], axis=1)
    ends = np.where(follows == 0, np.arange(1, places + 1), places)
    return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]


def _distinct_raters(
    ratings: Ratings, ballot: np.ndarray
) -> tuple[csr_matrix, np.ndarray, np.ndarray, np.ndarray | None]:
    """``cast``, ``mass``, ``row`` and ``features`` of a table.

    Args:
        ballot: the distinct ballot of each ballot ``[ballots]``.
    """
    raters, weight = len(ratings.raters), ratings.ballot_weight
    count = np.bincount(ratings.ballot_rater, minlength=raters)
    mean = np.bincount(ratings.ballot_rater, weight, raters) / np.maximum(count, 1)
    share = np.round(weight / mean[ratings.ballot_rater], 12)
    shape = raters, int(ballot.max(initial=-1)) + 1
    cast = csr_matrix((share, (ratings.ballot_rater, ballot)), shape=shape)
    cast.sum_duplicates()
    present = np.flatnonzero(count)
    features = ratings.rater_features
    if features is not None:  # one NaN and one zero, so that equal features have equal bytes
        features = np.where(np.isnan(features), np.float32(np.nan), features + np.float32(0))
    keys: dict[bytes, list[int]] = {}
    for rater in present:
        part = slice(cast.indptr[rater], cast.indptr[rater + 1])
        key = cast.indices[part].astype(">i8").tobytes() + cast.data[part].tobytes()
        if features is not None:
            key += features[rater].tobytes()
        keys.setdefault(key, []).append(rater)
    row, first = np.full(raters, -1), []
    for number, key in enumerate(sorted(keys)):
        row[keys[key]] = number
        first.append(keys[key][0])
    mass = np.bincount(row[present], mean[present], len(first))
    if len(present):
        mass = mass / min(1.0, mass.sum() / len(present))
    return cast[first], mass, row, None if features is None else features[first]
