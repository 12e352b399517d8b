"""Vanilla Bradley–Terry over all raters' pairs, counted batch by batch."""

from __future__ import annotations

import numpy as np

from scrl.choice_models import PairCounts, fit_pair_counts
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.sources import BallotSource, ballot_source
from scrl.types import Catalogue, InputError, Ratings

#: Ballot slots in a batch that is counted.
BATCH_ENTRIES = 131_072
#: Pairs of one prompt's completions, over all prompts, that are counted at most: 1.6 GB.
MAX_CELLS = 200_000_000


def streamed_pair_counts(
    source: BallotSource | Ratings, raters: np.ndarray | None = None
) -> PairCounts:
    """Count the pairs that ballots compare, each with its rater's and its ballot's weight.

    Args:
        raters: whether each counts, bool ``[raters]``; default all.

    Raises:
        InputError: where prompts have too many completions to count their pairs.
    """
    source = ballot_source(source)
    raters = np.ones(source.raters, bool) if raters is None else raters
    offsets = source.catalogue.offsets
    offered = np.diff(offsets)
    start = np.concatenate([[0], np.cumsum(offered**2)])
    if start[-1] > MAX_CELLS:
        raise InputError(
            f"{source.name}: the pairs of all prompts are {start[-1]:,}; at most {MAX_CELLS:,} "
            "can be counted."
        )
    wins = np.zeros(start[-1])
    plan = BatchPlan.of(source, raters, BATCH_ENTRIES)
    for shape, rows in plan.in_order():
        bucket = source.batch(shape, rows)
        prompt = source.catalogue.item_prompt[bucket.item]
        place = bucket.item - offsets[prompt]
        weight = bucket.weight * bucket.rater_weight[:, None]
        rank, mask = bucket.rank, bucket.mask
        cell = start[prompt] + place * offered[prompt]
        for i in range(rank.shape[2]):
            ahead = (rank[..., [i]] < rank) + 0.5 * (rank[..., [i]] == rank)
            ahead = ahead * (mask & mask[..., [i]]) * weight[..., None]
            ahead[..., i] = 0.0
            used = ahead > 0
            at = (cell[..., [i]] + place)[used]
            wins += np.bincount(at, ahead[used], minlength=len(wins))
    return _as_pairs(wins, source.catalogue, start)


def _as_pairs(wins: np.ndarray, catalogue: Catalogue, start: np.ndarray) -> PairCounts:
    """The compared pairs of a table of wins, prompt after prompt."""
    offered = np.diff(catalogue.offsets)
    prompt = np.repeat(np.arange(len(offered)), offered**2)
    first, second = np.divmod(np.arange(len(wins)) - start[prompt], offered[prompt])
    back = start[prompt] + second * offered[prompt] + first
    upper = np.flatnonzero((first < second) & (wins + wins[back] > 0))
    base = catalogue.offsets[prompt[upper]]
    return PairCounts(base + first[upper], base + second[upper], wins[upper], wins[back[upper]])


def streamed_vanilla(
    source: BallotSource | Ratings, raters: np.ndarray | None = None
) -> np.ndarray:
    """Bradley–Terry rewards of all raters' pairs ``[items]``, in log-odds; see
    ``streamed_pair_counts``."""
    source = ballot_source(source)
    return fit_pair_counts(streamed_pair_counts(source, raters), source.catalogue.offsets)
