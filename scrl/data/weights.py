"""The weights of raters, and weighted raters as repeated ones.

A rater's weight is the mean of the weights of its ballots: it says how much the rater counts among
raters. A ballot's weight over its rater's says how much it counts among the rater's ballots.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scrl.types import Ratings


def rater_weights(ratings: Ratings) -> np.ndarray:
    """The mean weight of each rater's ballots ``[raters]``.

    A rater without ballots has the mean weight of the others.
    """
    raters, rater = len(ratings.raters), ratings.ballot_rater
    count = np.bincount(rater, minlength=raters)
    low, high = np.full(raters, np.inf), np.zeros(raters)
    np.minimum.at(low, rater, ratings.ballot_weight)
    np.maximum.at(high, rater, ratings.ballot_weight)
    mean = np.bincount(rater, ratings.ballot_weight, raters) / np.maximum(count, 1)
    # The mean of equal weights is that weight, without rounding.
    mean = np.where(low == high, high, mean)
    return np.where(count > 0, mean, mean[count > 0].mean() if ratings.ballots else 1.0)


def relative_ballot_weights(ratings: Ratings) -> np.ndarray:
    """Each ballot's weight over its rater's, with mean 1 among a rater's ballots ``[ballots]``."""
    return ratings.ballot_weight / rater_weights(ratings)[ratings.ballot_rater]


def with_rater_weights(ratings: Ratings) -> Ratings:
    """Ballots weighted so that a rater's ballots on one prompt together have the rater's weight."""
    key = ratings.ballot_rater.astype(np.int64) * len(ratings.catalogue.prompts)
    _, group = np.unique(key + ratings.ballot_prompt, return_inverse=True)
    total = np.bincount(group, ratings.ballot_weight)[group]
    weight = rater_weights(ratings)[ratings.ballot_rater] * ratings.ballot_weight / total
    return replace(ratings, ballot_weight=weight)


def proportional_counts(share: np.ndarray, total: int) -> np.ndarray:
    """Integers that sum to ``total`` in proportion to ``share``, by rounding cumulative sums.

    Args:
        share: that sum to one.
        total: 0 or more.
    """
    edges = np.round(np.concatenate([[0.0], np.cumsum(share)]) * total).astype(int)
    return np.diff(edges)


def repeated_rows(weight: np.ndarray, limit: int, fill: int = 0) -> np.ndarray:
    """Indices ``[repetitions]`` in which each row recurs in proportion to its weight.

    Whole multiples of the least weight recur exactly so often, if they fit. Equal weights give each
    row once.

    Args:
        weight: positive ``[rows]``.
        limit: of the repetitions, if there are fewer rows.
        fill: all rows are repeated while there are no more than this number, so that fractions of
            the least weight are rounded little.
    """
    rows = np.arange(len(weight))
    if len(weight) == 0 or (weight == weight[0]).all():
        return rows
    limit, total = max(limit, len(weight)), float(np.sum(weight / weight.min()))
    total = min(round(total * max(1, fill // total)), limit)
    return np.repeat(rows, proportional_counts(weight / weight.sum(), total))
