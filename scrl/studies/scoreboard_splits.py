"""The scoreboard's splits: training pairs, and held-out raters' context and query pairs.

Every seed of a scenario draws other raters. Raters of ratings are held out in five folds: half of
each held-out ballot is hidden, pairs among the visible completions are the context, and pairs among
the hidden ones are the queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.data.held_out_splits import comparable_ballots, cross_validation_folds, hidden_entries
from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import (
    Comparisons,
    comparisons_from_ratings,
    disputed_pairs,
    sample_comparisons,
)
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings

#: Of ratings: a pair is disputed where at least this share of the training raters who compared it,
#: and at least so many raters compared it, go each way.
MIN_DISPUTED_SHARE, MIN_DISPUTED_RATERS = 1 / 3, 5


@dataclass(frozen=True)
class SplitSizes:
    """Sizes of a split. With ratings every rater is held out once, and numbers of pairs are maxima.

    Attributes:
        raters, pairs: training raters, and pairs of each.
        held_out, context, queries: held-out raters, and context and query pairs of each.
    """

    raters: int = 2000
    pairs: int = 16
    held_out: int = 1000
    context: int = 8
    queries: int = 16

    def to_dict(self) -> dict[str, int]:
        """The sizes under the keys of result files."""
        return {
            "raters": self.raters,
            "pairs": self.pairs,
            "held": self.held_out,
            "context": self.context,
            "asked": self.queries,
        }


#: Sizes for ratings, whose ballots are longer.
RATINGS_SIZES = SplitSizes(raters=0, pairs=128, held_out=0, context=64, queries=128)


@dataclass(frozen=True, eq=False)
class PairSplit:
    """Training pairs, and the context and query pairs of held-out raters.

    Attributes:
        seed: of all random draws.
        train: pairs of the training raters.
        context, queries: pairs of the held-out raters ``[held, pairs, 2]``.
        disputed: which query pairs are disputed ``[held, pairs]``.
        held_out: the held-out raters, by number ``[held]``.
    """

    seed: int
    train: Comparisons
    context: Comparisons
    queries: Comparisons
    disputed: np.ndarray
    held_out: np.ndarray


def pair_splits(
    source: Scenario | Ratings, seeds: Sequence[int], sizes: SplitSizes
) -> Iterator[PairSplit]:
    """One split for each seed of a scenario, five for each seed of ratings.

    Raises:
        InputError: where there are too few raters or pairs.
    """
    for seed in seeds:
        if source.is_scenario:
            yield _scenario_split(source, seed, sizes)
        else:
            yield from _ratings_splits(source, seed, sizes)


def _scenario_split(scenario: Scenario, seed: int, sizes: SplitSizes) -> PairSplit:
    train = sample_comparisons(scenario, seed, sizes.raters, sizes.pairs, 0)
    context = sample_comparisons(scenario, seed, sizes.held_out, sizes.context, 1)
    queries = sample_comparisons(scenario, seed, sizes.held_out, sizes.queries, 2, strict=True)
    disputed = _at_pairs(disputed_pairs(scenario), queries)
    return PairSplit(seed, train, context, queries, disputed, np.arange(sizes.held_out))


def _ratings_splits(ratings: Ratings, seed: int, sizes: SplitSizes) -> Iterator[PairSplit]:
    ratings, raters = comparable_ballots(ratings.with_absent_resolved(), "holding some of them out")
    rng = host_rng(seed, HostStream.RATER_FOLDS)
    order = rng.permutation(len(raters))
    hidden = hidden_entries(ratings, 0.5, rng)
    for fold in cross_validation_folds(ratings, raters, order, hidden):
        training_raters = np.setdiff1d(raters, fold.held_out)
        train = comparisons_from_ratings(fold.train, sizes.pairs, seed, training_raters)
        context = comparisons_from_ratings(fold.visible, sizes.context, seed, fold.held_out)
        queries = comparisons_from_ratings(fold.hidden, sizes.queries, seed, fold.held_out)
        disputed = _at_pairs(_disputed_in(train), queries)
        yield PairSplit(seed, train, context, queries, disputed, fold.held_out)


def _at_pairs(matrix: np.ndarray, comparisons: Comparisons) -> np.ndarray:
    """``matrix [items, items]`` at each pair ``[raters, pairs]``."""
    return matrix[comparisons.pairs[..., 0], comparisons.pairs[..., 1]]


def _disputed_in(train: Comparisons) -> np.ndarray:
    """Pairs on which at least a third of the training raters go each way ``[items, items]``."""
    wins = np.zeros((train.items,) * 2)
    np.add.at(wins, tuple(train.flat_pairs().T), 1.0)
    total = wins + wins.T
    minority = np.minimum(wins, wins.T)
    return (minority >= MIN_DISPUTED_SHARE * total) & (total >= MIN_DISPUTED_RATERS)
