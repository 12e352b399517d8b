"""Who is trained on, who is judged by what, and how much of it can be right.

Of a scenario every seed draws other raters. Of data raters are held out in five folds; half of the
completions of a held-out ballot are hidden, the pairs among the rest are what its rater has said,
those among the hidden are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scrl.evaluation.splits import comparable_ballots, cross_validation_folds, hidden_entries
from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import (
    Comparisons,
    comparisons_from_ratings,
    disputed_pairs,
    pair_frequencies,
    prompt_pairs,
    sample_comparisons,
)
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings

#: Of data: a pair is disputed where at least this share of the training raters who were asked, and
#: they at least so many, go each way.
DISPUTED, ENOUGH = 1 / 3, 5
#: Up to so many completions the best single order is found; of more, a bound on it.
MOST_EXACT = 12


@dataclass(frozen=True)
class Size:
    """How much is seen and asked.

    Attributes:
        raters, pairs: trained on; of data ``pairs`` is the most of each rater.
        held, context, asked: raters never met, pairs they have said before, pairs asked of them;
            of data everybody is held out once, and the others are the most of each rater.
    """

    raters: int = 2000
    pairs: int = 16
    held: int = 1000
    context: int = 8
    asked: int = 16


#: Of data, whose ballots are longer.
OF_DATA = Size(raters=0, pairs=128, held=0, context=64, asked=128)


@dataclass(frozen=True, eq=False)
class Trial:
    """One training set, and raters to be judged by.

    Attributes:
        seed: of everything random.
        disputed: which of the pairs asked are ``[held, pairs]``.
        who: the held-out raters, by number ``[held]``.
    """

    seed: int
    train: Comparisons
    context: Comparisons
    asked: Comparisons
    disputed: np.ndarray
    who: np.ndarray


# -- who is asked what ----------------------------------------------------------------------------


def trials(source: Scenario | Ratings, seeds: Sequence[int], size: Size) -> Iterator[Trial]:
    """One a seed of a scenario, five a seed of data.

    Raises:
        InputError: where there is too little to ask about.
    """
    for seed in seeds:
        if source.is_scenario:
            yield _drawn(source, seed, size)
        else:
            yield from _folds(source, seed, size)


def _drawn(scenario: Scenario, seed: int, size: Size) -> Trial:
    train = sample_comparisons(scenario, seed, size.raters, size.pairs, 0)
    context = sample_comparisons(scenario, seed, size.held, size.context, 1)
    asked = sample_comparisons(scenario, seed, size.held, size.asked, 2, strict=True)
    disputed = disputed_pairs(scenario)[asked.pairs[..., 0], asked.pairs[..., 1]]
    return Trial(seed, train, context, asked, disputed, np.arange(size.held))


def _folds(ratings: Ratings, seed: int, size: Size):
    ratings, raters = comparable_ballots(ratings.with_absent_resolved(), "holding some of them out")
    rng = host_rng(seed, HostStream.RATER_FOLDS)
    order = rng.permutation(len(raters))
    hidden = hidden_entries(ratings, 0.5, rng)
    for fold in cross_validation_folds(ratings, raters, order, hidden):
        rest = np.setdiff1d(raters, fold.held_out)
        train = comparisons_from_ratings(fold.train, size.pairs, seed, rest)
        context = comparisons_from_ratings(fold.visible, size.context, seed, fold.held_out)
        asked = comparisons_from_ratings(fold.hidden, size.asked, seed, fold.held_out)
        both = _either_way(train)
        yield Trial(
            seed, train, context, asked, both[asked.pairs[..., 0], asked.pairs[..., 1]],
            fold.held_out,
        )  # fmt: skip


def _either_way(train: Comparisons) -> np.ndarray:
    """Pairs on which at least a third of those asked go each way ``[items, items]``."""
    ahead = np.zeros((train.items,) * 2)
    np.add.at(ahead, tuple(train.flat_pairs().T), 1.0)
    asked = ahead + ahead.T
    return (np.minimum(ahead, ahead.T) >= DISPUTED * asked) & (asked >= ENOUGH)


# -- what can be reached --------------------------------------------------------------------------


def limits(scenario: Scenario) -> dict:
    """The most that can be ordered rightly of the pairs as they are asked, exactly.

    Returns:
        ``one``, ``disputed``: by one order for everybody, of all pairs and of the disputed (None
        where there are none); ``told``: of all, by who knows the type; where answers are noisy
        nobody has all of them right.
    """
    catalogue, utility = scenario.catalogue, scenario.type_utilities
    chance, share = pair_frequencies(scenario), scenario.type_shares
    a, b = prompt_pairs(catalogue.offsets)
    chance = chance * (utility[:, a] != utility[:, b])
    chance = chance / np.maximum(chance.sum(1, keepdims=True), 1e-300) * share[:, None]
    gap = utility[:, a] - utility[:, b]
    wins = 0.5 + 0.5 * (np.tanh(gap / (2 * scenario.noise)) if scenario.noise else np.sign(gap))
    ahead = np.zeros((catalogue.items,) * 2)
    ahead[a, b], ahead[b, a] = (chance * wins).sum(0), (chance * (1 - wins)).sum(0)
    apart = disputed_pairs(scenario)
    return {
        "one": _best(ahead, catalogue.offsets),
        "disputed": _best(np.where(apart, ahead, 0.0), catalogue.offsets),
        "told": _share((chance * np.maximum(wins, 1 - wins)).sum()),
    }


def _best(ahead: np.ndarray, offsets: np.ndarray) -> float | None:
    """The share of ``ahead [items, items]`` on the right side of the best order of each prompt."""
    if not ahead.sum():
        return None
    return _share(sum(most_right(ahead[i:j, i:j]) for i, j in pairwise(offsets)) / ahead.sum())


def _share(x) -> float:
    return round(float(x), 4)


def most_right(ahead: np.ndarray) -> float:
    """The most weight ``[m, m]``, row over column, that an order puts the right way round: for each
    set the best order of it, the last member being taken away (Held and Karp's recursion)."""
    m = len(ahead)
    if m > MOST_EXACT:  # no order has more than its better half of each pair
        return float(np.triu(np.maximum(ahead, ahead.T), 1).sum())
    sets = np.arange(2**m)
    member = (sets[:, None] >> np.arange(m) & 1).astype(bool)
    over = member @ ahead  # of everybody in the set over each
    most = np.zeros(2**m)
    for s in sets[1:]:
        last = np.flatnonzero(member[s])
        before = s - (1 << last)
        most[s] = (most[before] + over[before, last]).max()
    return float(most[-1])
