"""Raters held out to choose between candidate models, by weight.

A rater of weight w is treated as w equal raters, of whom some may be held out: a file of weighted
raters and the same file written out are split alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.data.held_out_splits import hidden_entries, strict_pairs
from scrl.data.weights import rater_weights, relative_ballot_weights
from scrl.types import Ratings

#: Raters held out: their share, at least (of few raters half) and at most.
HELD_OUT, MIN_HELD_OUT, MAX_HELD_OUT = 0.25, 4, 200
#: Raters held out below which several disjoint parts of the raters are held out, and their number.
FEW, PARTS = 12, 2
#: Share of each held-out ballot that is hidden.
HIDDEN = 0.5


@dataclass(frozen=True, eq=False)
class HeldOutRaters:
    """A split of raters.

    Attributes:
        train: the ballots to fit to, with the visible part of the held-out raters' ballots: of few
            raters, each counts.
        whole, visible: the held-out raters' ballots, and that part of them.
        pairs: rater, better and worse item of each strict pair of the hidden part ``[pairs]``.
        weight: of each of these pairs ``[pairs]``, see ``pair_information``.
    """

    train: Ratings
    whole: Ratings
    visible: Ratings
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
    weight: np.ndarray


def hold_out(ratings: Ratings, rng: np.random.Generator) -> list[HeldOutRaters]:
    """Hold out raters, and hide a part of their ballots.

    Returns:
        One split; of few raters ``PARTS``, whose held-out raters are different ones, since those of
        one split say little; none where there are too few.

    Args:
        rng: consumed.
    """
    ratings = ratings.select(ratings.sizes >= 2)
    raters = np.unique(ratings.ballot_rater)
    weight = np.zeros(len(ratings.raters))
    weight[raters] = rater_weights(ratings)[raters]
    weight /= min(1.0, weight[raters].mean()) if len(raters) else 1.0  # as in ``tabulate``
    total = float(weight.sum())
    size = max(round(HELD_OUT * total), min(MIN_HELD_OUT, int(total // 2)))
    size = min(size, MAX_HELD_OUT)
    if size < 2:
        return []
    parts = PARTS if size < FEW else 1
    samples = systematic_counts(weight, size, rng, parts)
    splits = (_split(ratings, weight, copies, rng) for copies in samples)
    return [split for split in splits if split is not None]


def _split(
    ratings: Ratings, weight: np.ndarray, copies: np.ndarray, rng: np.random.Generator
) -> HeldOutRaters | None:
    """A split; None where no strict pair is hidden, or nothing is left to fit to.

    Args:
        weight: of each rater ``[raters]``; copies: how many of it are held out ``[raters]``.
    """
    rest = np.maximum(weight - copies, 0.0) / np.where(weight > 0, weight, 1.0)
    left = rest[ratings.ballot_rater]
    others = replace(ratings, ballot_weight=ratings.ballot_weight * left).select(left > 0)
    held_out = separate_raters(ratings, copies)
    hidden = hidden_entries(held_out, HIDDEN, rng)
    target = held_out.keep(hidden)
    pairs = strict_pairs(target)
    visible = held_out.keep(~hidden)
    train = joined(others, visible)
    if not len(pairs[0]) or not train.ballots:
        return None
    return HeldOutRaters(train, held_out, visible, pairs, pair_information(target))


def systematic_counts(
    weight: np.ndarray, size: int, rng: np.random.Generator, samples: int = 1
) -> np.ndarray:
    """How often each rater is drawn in systematic samples ``[samples, raters]``.

    The samples are disjoint where no rater's weight exceeds the total over size times samples.

    Args:
        weight: of each rater, 0 or more ``[raters]``; size: of a sample; rng: consumed.
    """
    order = rng.permutation(np.flatnonzero(weight))
    edges = np.cumsum(weight[order])
    first = np.arange(size) + rng.random()
    found = np.zeros((samples, len(weight)), np.int64)
    for sample in range(samples):
        points = (first + sample / samples) % size * edges[-1] / size
        drawn = order[np.minimum(np.searchsorted(edges, points, "right"), len(order) - 1)]
        found[sample] = np.bincount(drawn, minlength=len(weight))
    return found


def separate_raters(ratings: Ratings, copies: np.ndarray) -> Ratings:
    """Ratings in which each rater is as many raters of weight 1 as ``copies [raters]`` says."""
    first = np.cumsum(copies) - copies
    times = copies[ratings.ballot_rater]
    ballot = np.repeat(np.arange(ratings.ballots), times)
    number = np.arange(len(ballot)) - np.repeat(np.cumsum(times) - times, times)
    sizes = ratings.sizes[ballot]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    entry = np.repeat(ratings.offsets[ballot] - offsets[:-1], sizes) + np.arange(offsets[-1])
    features = ratings.rater_features
    return replace(
        ratings,
        raters=tuple(map(str, range(int(copies.sum())))),
        ballot_rater=first[ratings.ballot_rater[ballot]] + number,
        ballot_prompt=ratings.ballot_prompt[ballot],
        ballot_weight=relative_ballot_weights(ratings)[ballot],
        offsets=offsets,
        completion=ratings.completion[entry],
        rank=ratings.rank[entry],
        rater_type=None,
        rater_features=None if features is None else np.repeat(features, copies, axis=0),
        times=None,
    )


def joined(one: Ratings, other: Ratings) -> Ratings:
    """The ballots of two groups of raters on one catalogue, with features if both have some."""
    features = [r.rater_features for r in (one, other) if r.rater_features is not None]
    return replace(
        one,
        raters=(*(f"a{name}" for name in one.raters), *(f"b{name}" for name in other.raters)),
        ballot_rater=np.r_[one.ballot_rater, other.ballot_rater + len(one.raters)],
        ballot_prompt=np.r_[one.ballot_prompt, other.ballot_prompt],
        ballot_weight=np.r_[one.ballot_weight, other.ballot_weight],
        offsets=np.r_[one.offsets, other.offsets[1:] + one.offsets[-1]],
        completion=np.r_[one.completion, other.completion],
        rank=np.r_[one.rank, other.rank],
        rater_type=None,
        rater_features=np.concatenate(features) if len(features) == 2 else None,
        times=None,
    )


def pair_information(target: Ratings) -> np.ndarray:
    """The weight of each strict pair ``[pairs]``: pairs of one order are not independent.

    An order of n completions holds log2(n!) bits, which its pairs share.
    """
    sizes = target.sizes
    bits = np.array([np.log2(np.arange(1, n + 1)).sum() for n in range(sizes.max(initial=1) + 1)])
    rater, better, _ = strict_pairs(target)
    # The ballot of a pair: its rater's on the prompt of its items.
    prompts = len(target.catalogue.prompts)
    key = target.ballot_rater.astype(np.int64) * prompts + target.ballot_prompt
    distinct, of_ballot = np.unique(key, return_inverse=True)
    total = np.bincount(of_ballot.ravel(), bits[sizes] * target.ballot_weight)
    pair = np.searchsorted(
        distinct, rater.astype(np.int64) * prompts + target.catalogue.item_prompt[better]
    )
    return (total / np.maximum(np.bincount(pair, minlength=len(distinct)), 1))[pair]
