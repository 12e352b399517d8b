"""The held-out split: which raters are held out, and which part of their ballots is hidden.

Raters are held out in five folds. Of a held-out ballot a random part is hidden: the rest is what a
model may read, and the strict pairs among the hidden completions are what it has to predict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrl.types import InputError, Ratings

#: Folds of cross-validation over raters.
FOLDS = 5
#: Strict pairs that are found at once.
MAX_PAIRS = 1_000_000


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold of cross-validation over raters.

    Attributes:
        held_out: the raters that are held out, by number, rising ``[held]``.
        train: all ballots of the other raters.
        visible, hidden: the two parts of the held-out raters' ballots.
    """

    held_out: np.ndarray
    train: Ratings
    visible: Ratings
    hidden: Ratings


def comparable_ballots(ratings: Ratings, purpose: str) -> tuple[Ratings, np.ndarray]:
    """The ballots of two completions or more, and their raters ``[raters]``.

    Raises:
        InputError: where they are too few for ``purpose``, held out in folds.
    """
    ratings = ratings.select(ratings.sizes >= 2)
    raters = np.unique(ratings.ballot_rater)
    if len(raters) < 2 * FOLDS:
        raise InputError(
            f"{ratings.name}: raters who ranked two completions or more: {len(raters)}; "
            f"{purpose} needs at least {2 * FOLDS}."
        )
    return ratings, raters


def cross_validation_folds(
    ratings: Ratings, raters: np.ndarray, order: np.ndarray, hidden: np.ndarray
) -> Iterator[Fold]:
    """Hold out every rater once.

    Args:
        raters: who is held out, rising ``[raters]``.
        order: a random permutation of ``range(len(raters))``; rater i is in fold ``order[i] % 5``.
        hidden: which entries are hidden while their rater is held out ``[entries]``.
    """
    fold = np.full(len(ratings.raters), -1)
    fold[raters] = order % FOLDS
    ballot_fold = fold[ratings.ballot_rater]
    for k in range(FOLDS):
        held_out = ballot_fold == k
        entries = held_out[ratings.entry_ballot]
        yield Fold(
            np.flatnonzero(fold == k),
            ratings.select(~held_out),
            ratings.keep(~hidden & entries),
            ratings.keep(hidden & entries),
        )


def hidden_entries(ratings: Ratings, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Which entries to hide ``[entries]``: of each ballot this fraction, rounded, at random.

    Where that would be fewer than two, which leaves no pair to predict (a ballot of two or three,
    say), the whole ballot is hidden with this probability.
    """
    draw = rng.random(len(ratings.item))
    order = np.lexsort((draw, ratings.entry_ballot))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    place -= ratings.offsets[ratings.entry_ballot]
    partial = np.round(fraction * ratings.sizes)
    whole = np.where(rng.random(ratings.ballots) < fraction, ratings.sizes, 0)
    return place < np.where(partial >= 2, partial, whole)[ratings.entry_ballot]


def visible_slots(mask: np.ndarray, hidden: str, rng: np.random.Generator) -> np.ndarray:
    """Which slots of padded ballots stay visible ``[rows, contests, slots]``.

    Args:
        mask: the real slots, same shape.
        hidden: how many completions of each ballot are hidden at random: ``"none"``, ``"one"``, or
            ``"half"`` (rounded down, at least one).
    """
    draw = np.where(mask, rng.random(mask.shape), -1.0)
    place = (-draw).argsort(-1).argsort(-1)
    size = mask.sum(-1, keepdims=True)
    count = {"none": 0 * size, "one": np.minimum(size, 1), "half": np.maximum(size // 2, 1)}
    return mask & (place >= count[hidden])


def strict_pair_counts(ratings: Ratings) -> np.ndarray:
    """How many pairs of completions each ballot does not tie ``[ballots]``.

    No pair is built: they are all pairs less those within a place.
    """
    places = int(ratings.rank.max(initial=0)) + 1
    _, place = np.unique(ratings.entry_ballot * places + ratings.rank, return_inverse=True)
    tied = np.bincount(place.ravel())[place.ravel()]
    within = np.bincount(ratings.entry_ballot, tied - 1, ratings.ballots)
    return (ratings.sizes * (ratings.sizes - 1) - within.astype(np.int64)) // 2


def strict_pairs(ratings: Ratings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of completions on one ballot that the ballot does not tie.

    Time and memory follow the number of these pairs, not that of all pairs: ballots may tie most of
    a long list last. They stand by the ballot's size, the ballot, and the pair's entries.

    Returns:
        The rater, the better item and the worse item of each ``[pairs]``.
    """
    count = strict_pair_counts(ratings)
    order = np.lexsort((np.arange(ratings.ballots), ratings.sizes))
    order = order[count[order] > 0]
    block = np.cumsum(count[order]) // MAX_PAIRS
    parts = [_strict_pairs_of(ratings, order[block == b]) for b in np.unique(block)]
    if not parts:
        return (np.empty(0, int),) * 3
    rater, better, worse = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rater, better, worse


def sampled_strict_pairs(
    ratings: Ratings, limit: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The strict pairs, or of raters with most of them as many random ones.

    Every rater has the pairs that ``strict_pairs`` has, or draws of them with replacement, so that
    means over a rater's pairs are unbiased.

    Args:
        limit: of the pairs of all raters.
        rng: consumed where pairs are drawn.

    Returns:
        The rater, the better item and the worse item of each ``[pairs]``, and how many of the
        rater's strict pairs each stands for ``[pairs]``.
    """
    count = strict_pair_counts(ratings)
    if count.sum() <= limit:
        pairs = strict_pairs(ratings)
        return *pairs, np.ones(len(pairs[0]))
    total = np.bincount(ratings.ballot_rater, count, len(ratings.raters)).astype(np.int64)
    drawn = np.minimum(total, _highest_cap(total, limit))
    rater = np.repeat(np.arange(len(total)), drawn)
    # A number among the pairs of the rater's ballots, which are adjacent.
    number = (rng.random(len(rater)) * total[rater]).astype(np.int64)
    number += (np.cumsum(total) - total)[rater]
    ballots = _RankedBallots.of(ratings, np.arange(ratings.ballots))
    better, worse = ballots.pairs(np.minimum(number, count.sum() - 1))
    return rater, ratings.item[better], ratings.item[worse], (total / np.maximum(drawn, 1))[rater]


def _highest_cap(total: np.ndarray, limit: int) -> int:
    """The largest number of pairs for each rater, at least 1, with which all are within a limit."""
    low, high = 1, int(total.max())
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if np.minimum(total, middle).sum() <= limit else (low, middle - 1)
        )
    return low


@dataclass(frozen=True, eq=False)
class _RankedBallots:
    """Some ballots by rank, and where the pairs of each entry stand among all strict pairs.

    Attributes:
        own: position of the ballot of each entry ``[entries]``.
        entry: of the ratings ``[entries]``; stop: where the next place begins ``[entries]``.
        worse: how many entries are worse ``[entries]``.
    """

    own: np.ndarray
    entry: np.ndarray
    stop: np.ndarray
    worse: np.ndarray

    @classmethod
    def of(cls, ratings: Ratings, ballots: np.ndarray) -> _RankedBallots:
        """These ballots, in their order."""
        size, start = ratings.sizes[ballots], ratings.offsets[ballots]
        first = np.cumsum(size) - size
        own = np.repeat(np.arange(len(ballots)), size)
        entry = np.arange(len(own)) - first[own] + start[own]
        by_rank = np.lexsort((ratings.rank[entry], own))
        rank = ratings.rank[entry][by_rank]
        # Where the next place begins: all from there to the ballot's end are worse.
        new = np.r_[True, (rank[1:] != rank[:-1]) | (own[1:] != own[:-1])]
        stop = np.append(np.flatnonzero(new), len(own))[np.cumsum(new)]
        return cls(own, entry[by_rank], stop, first[own] + size[own] - stop)

    def pairs(self, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The better and the worse entry of the strict pairs of these numbers ``[pairs]``."""
        ends = np.cumsum(self.worse)
        at = np.searchsorted(ends, number, side="right")
        below = self.stop[at] + number - (ends - self.worse)[at]
        return self.entry[at], self.entry[below]


def _strict_pairs_of(
    ratings: Ratings, ballots: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The strict pairs of these ballots, in their order."""
    ranked = _RankedBallots.of(ratings, ballots)
    size, start = ratings.sizes[ballots], ratings.offsets[ballots]
    at = np.repeat(np.arange(len(ranked.own)), ranked.worse)
    below = np.arange(len(at)) + np.repeat(
        ranked.stop - (np.cumsum(ranked.worse) - ranked.worse), ranked.worse
    )
    better, worse, ballot = ranked.entry[at], ranked.entry[below], ranked.own[at]
    low, high = np.minimum(better, worse), np.maximum(better, worse)
    cells = np.cumsum(size**2) - size**2
    key = cells[ballot] + (low - start[ballot]) * size[ballot] + high - start[ballot]
    order = np.argsort(key, kind="stable")
    rater = ratings.ballot_rater[ballots[ballot[order]]]
    return rater, ratings.item[better[order]], ratings.item[worse[order]]
