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


def strict_pairs(ratings: Ratings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of completions on one ballot that the ballot does not tie.

    Returns:
        The rater, the better item and the worse item of each ``[pairs]``.
    """
    rater, better, worse = [], [], []
    for size in np.unique(ratings.sizes[ratings.sizes >= 2]):
        ballots = np.flatnonzero(ratings.sizes == size)
        entry = ratings.offsets[ballots][:, None] + np.arange(size)
        first, second = np.triu_indices(size, 1)
        a, b = entry[:, first].ravel(), entry[:, second].ravel()
        swap = ratings.rank[a] > ratings.rank[b]
        strict = ratings.rank[a] != ratings.rank[b]
        rater.append(np.repeat(ratings.ballot_rater[ballots], len(first))[strict])
        better.append(ratings.item[np.where(swap, b, a)][strict])
        worse.append(ratings.item[np.where(swap, a, b)][strict])
    if not rater:
        return (np.empty(0, int),) * 3
    return np.concatenate(rater), np.concatenate(better), np.concatenate(worse)
