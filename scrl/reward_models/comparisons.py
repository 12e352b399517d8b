"""The training data of reward models: each rater's annotated pairs, padded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from scrl.data.held_out_splits import strict_pairs
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.sampling import largest_remainder
from scrl.scenarios.scenario import Scenario
from scrl.types import Catalogue, InputError, Ratings, frozen


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Pairs annotated by raters.

    Attributes:
        pairs: items, the preferred one first ``[raters, pairs, 2]``.
        mask: which pairs are real rather than padding, bool ``[raters, pairs]``.
        features: of each item ``[items, features]``; one-hot for items known by name only.
        offsets: index of each prompt's first item ``[prompts + 1]``; only items of one prompt are
            compared.
        rater_type: true type of each rater ``[raters]``, or None if unknown.
        catalogue: of the items, whose names may recur on several prompts; None where items have no
            names.
    """

    pairs: np.ndarray
    mask: np.ndarray
    features: np.ndarray
    offsets: np.ndarray
    rater_type: np.ndarray | None = None
    catalogue: Catalogue | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "pairs", frozen(self.pairs, np.int32))
        set_(self, "mask", frozen(self.mask, bool))
        set_(self, "features", frozen(self.features, np.float32))
        set_(self, "offsets", frozen(self.offsets, np.int64))
        if self.rater_type is not None:
            set_(self, "rater_type", frozen(self.rater_type, np.int32))

    @property
    def raters(self) -> int:
        """The number of raters."""
        return len(self.pairs)

    @property
    def items(self) -> int:
        """The number of items."""
        return len(self.features)

    @property
    def is_tabular(self) -> bool:
        """Whether items are known by name only, so that a model can be a table of rewards."""
        square = self.features.shape == (self.items, self.items)
        return square and bool((self.features == np.eye(self.items)).all())

    def first_pairs(self, count: int) -> Comparisons:
        """Each rater's first ``count`` pairs, in arrays of width ``count``."""
        return replace(self, pairs=self.pairs[:, :count], mask=self.mask[:, :count])

    def masked_after(self, count: int) -> Comparisons:
        """Each rater's first ``count`` pairs, the others masked; shapes are unchanged."""
        return replace(self, mask=self.mask & (np.arange(self.mask.shape[1]) < count))

    def without_pairs(self) -> Comparisons:
        """The same raters with every pair masked."""
        return replace(self, mask=np.zeros_like(self.mask))

    def select_raters(self, raters: np.ndarray) -> Comparisons:
        """The comparisons of these raters (indices or bool ``[raters]``)."""
        types = None if self.rater_type is None else self.rater_type[raters]
        return replace(self, pairs=self.pairs[raters], mask=self.mask[raters], rater_type=types)

    def flat_pairs(self) -> np.ndarray:
        """The real pairs of all raters ``[all pairs, 2]``."""
        return self.pairs[self.mask]


def empty_context(features: np.ndarray, offsets: np.ndarray) -> Comparisons:
    """The comparisons of one rater without pairs."""
    pairs = np.zeros((1, 1, 2), np.int32)
    return Comparisons(pairs, pairs[..., 0], features, offsets)


def one_hot_features(catalogue: Catalogue) -> np.ndarray:
    """Features of items known by name only ``[items, items]``."""
    return np.eye(catalogue.items, dtype=np.float32)


# -- from a scenario ------------------------------------------------------------------------------


def sample_comparisons(
    scenario: Scenario, seed: int, raters: int, pairs: int, stream: int = 0, strict: bool = False
) -> Comparisons:
    """Draw raters of a scenario and their annotated pairs.

    A pair is drawn in proportion to its frequency in ballots of the rater's type
    (``pair_frequencies``). Answers have independent noise and follow Bradley–Terry with the type's
    utilities. Pairs that the type ties are decided at random.

    Args:
        scenario: the types and their utilities.
        seed: of the draws.
        raters: number of raters.
        pairs: number of pairs of each rater.
        stream: index of an independent stream of draws with the same seed.
        strict: whether to exclude pairs that the type ties, as in queries.

    Raises:
        InputError: if a type compares no two completions of any prompt.
    """
    rng = host_rng(seed, HostStream.SCENARIO_PAIRS, stream)
    catalogue, utility = scenario.catalogue, scenario.type_utilities
    a, b = prompt_pairs(catalogue.offsets)
    frequency = pair_frequencies(scenario)
    if strict:
        frequency = frequency * (utility[:, a] != utility[:, b])
    _check_every_type_compares(scenario, frequency)
    share = scenario.type_shares
    types = np.repeat(np.arange(len(share)), largest_remainder(share, raters))
    drawn = np.empty((raters, pairs), np.int64)
    for t in np.unique(types):
        of_type = types == t
        probability = frequency[t] / frequency[t].sum()
        drawn[of_type] = rng.choice(len(a), (of_type.sum(), pairs), p=probability)
    first, second = a[drawn], b[drawn]
    gap = utility[types[:, None], first] - utility[types[:, None], second]
    tie = rng.random(gap.shape) < 0.5
    if scenario.noise:
        gap = gap + rng.logistic(0.0, scenario.noise, gap.shape)
    wins = (gap > 0) | (gap == 0) & tie
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    mask = np.ones(chosen.shape[:2], bool)
    features = one_hot_features(catalogue)
    return Comparisons(chosen, mask, features, catalogue.offsets, types, catalogue)


def _check_every_type_compares(scenario: Scenario, frequency: np.ndarray) -> None:
    """Raise ``InputError`` if a type with raters has no pair with a positive frequency.

    Args:
        frequency: ``[types, pairs]``.
    """
    for (name, rater_type), row in zip(scenario.types.items(), frequency, strict=True):
        if rater_type.share and not row.any():
            raise InputError(
                f"{scenario.name}: raters of the type '{name}' compare nothing that can be asked "
                "about; let their ballots include two completions that they do not tie."
            )


def pair_frequencies(scenario: Scenario) -> np.ndarray:
    """Frequency of each pair of ``prompt_pairs`` in ballots of each type ``[types, pairs]``.

    It is the probability to answer the prompt times the probabilities to include each completion.
    """
    rows = []
    for t in scenario.types.values():
        row = []
        for p in scenario.prompts:
            included = np.array([t.includes.get(p, {}).get(c, 1.0) for c in scenario.offered(p)])
            i, j = np.triu_indices(len(included), 1)
            row.append(t.answers.get(p, 1.0) * included[i] * included[j])
        rows.append(np.concatenate(row))
    return np.array(rows)


def prompt_pairs(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of items of one prompt: their first and second items ``[pairs]``."""
    pairs = [
        start + np.array(np.triu_indices(stop - start, 1)) for start, stop in pairwise(offsets)
    ]
    first, second = np.concatenate(pairs, axis=1)
    return first, second


def disputed_pairs(scenario: Scenario) -> np.ndarray:
    """Whether types with raters order two items in opposite ways, bool ``[items, items]``."""
    utility = scenario.type_utilities[scenario.type_shares > 0]
    sign = np.sign(utility[:, :, None] - utility[:, None, :])
    return (sign > 0).any(0) & (sign < 0).any(0)


# -- from and to ratings --------------------------------------------------------------------------


def comparisons_from_ratings(
    ratings: Ratings, pairs: int, seed: int, raters: np.ndarray | None = None
) -> Comparisons:
    """Draw strict pairs of each rater's ballots, at random without replacement.

    Args:
        ratings: the ballots.
        pairs: greatest number of pairs of a rater.
        seed: of the draws.
        raters: indices of the raters, ascending; by default all with a strict pair.

    Raises:
        InputError: if no rater has a strict pair.
    """
    rng = host_rng(seed, HostStream.RATINGS_PAIRS)
    rater, better, worse = strict_pairs(ratings)
    if raters is not None:
        wanted = np.isin(rater, raters)
        rater, better, worse = rater[wanted], better[wanted], worse[wanted]
    if not len(rater):
        raise InputError(f"{ratings.name}: nobody orders two completions; there is no pair.")
    order = np.lexsort((rng.random(len(rater)), rater))
    rater, better, worse = rater[order], better[order], worse[order]
    known = np.unique(rater) if raters is None else np.asarray(raters)
    row = np.searchsorted(known, rater)
    place = np.arange(len(rater)) - np.searchsorted(rater, known)[row]
    kept = place < pairs
    chosen = np.zeros((len(known), pairs, 2), np.int32)
    mask = np.zeros((len(known), pairs), bool)
    chosen[row[kept], place[kept]] = np.stack([better[kept], worse[kept]], axis=-1)
    mask[row[kept], place[kept]] = True
    types = None if ratings.rater_type is None else ratings.rater_type[known]
    catalogue = ratings.catalogue
    features = one_hot_features(catalogue)
    return Comparisons(chosen, mask, features, catalogue.offsets, types, catalogue)


def comparisons_to_ratings(comparisons: Comparisons, catalogue: Catalogue) -> Ratings:
    """Ratings with each pair as a ballot of two completions."""
    row, place = np.nonzero(comparisons.mask)
    chosen = comparisons.pairs[row, place]
    n = len(row)
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(comparisons.raters)), row,
        catalogue.item_prompt[chosen[:, 0]], np.ones(n), 2 * np.arange(n + 1),
        catalogue.members[chosen].ravel(), np.tile([0, 1], n), rater_type=comparisons.rater_type,
    )  # fmt: skip
