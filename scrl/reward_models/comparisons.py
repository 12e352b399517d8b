"""What reward models learn from: each rater's annotated pairs, padded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from scrl.evaluation.splits import strict_pairs
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.sampling import largest_remainder
from scrl.scenarios.scenario import Scenario
from scrl.types import Catalogue, InputError, Ratings, frozen


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Pairs that raters annotated.

    Attributes:
        pairs: items, the preferred one first ``[raters, pairs, 2]``.
        mask: which of them are real ``[raters, pairs]``.
        features: of each item ``[items, features]``; one-hot where it is known by name alone.
        offsets: where each prompt's items begin ``[prompts + 1]``; only those of one prompt are
            compared.
        rater_type: ``[raters]``, or None where nobody knows.
    """

    pairs: np.ndarray
    mask: np.ndarray
    features: np.ndarray
    offsets: np.ndarray
    rater_type: np.ndarray | None = None

    def __post_init__(self):
        set_ = object.__setattr__
        set_(self, "pairs", frozen(self.pairs, np.int32))
        set_(self, "mask", frozen(self.mask, bool))
        set_(self, "features", frozen(self.features, np.float32))
        set_(self, "offsets", frozen(self.offsets, np.int64))
        if self.rater_type is not None:
            set_(self, "rater_type", frozen(self.rater_type, np.int32))

    @property
    def raters(self) -> int:
        return len(self.pairs)

    @property
    def items(self) -> int:
        return len(self.features)

    @property
    def is_tabular(self) -> bool:
        """Whether items are known by name alone, so that a model is a table of their rewards."""
        square = self.features.shape == (self.items, self.items)
        return square and bool((self.features == np.eye(self.items)).all())

    def first_pairs(self, count: int) -> Comparisons:
        """Each rater's first ``count`` pairs, in arrays of that width."""
        return replace(self, pairs=self.pairs[:, :count], mask=self.mask[:, :count])

    def masked_after(self, count: int) -> Comparisons:
        """Each rater's first ``count`` pairs, the shape unchanged."""
        return replace(self, mask=self.mask & (np.arange(self.mask.shape[1]) < count))

    def without_pairs(self) -> Comparisons:
        """The same raters with every pair masked."""
        return replace(self, mask=np.zeros_like(self.mask))

    def select_raters(self, raters: np.ndarray) -> Comparisons:
        """These raters alone (indices or bool ``[raters]``)."""
        types = None if self.rater_type is None else self.rater_type[raters]
        return replace(self, pairs=self.pairs[raters], mask=self.mask[raters], rater_type=types)

    def flat_pairs(self) -> np.ndarray:
        """All real pairs ``[all pairs, 2]``."""
        return self.pairs[self.mask]


def empty_context(features: np.ndarray, offsets: np.ndarray) -> Comparisons:
    """One rater without pairs."""
    pairs = np.zeros((1, 1, 2), np.int32)
    return Comparisons(pairs, pairs[..., 0], features, offsets)


def one_hot_features(catalogue: Catalogue) -> np.ndarray:
    """Features of items that are known by name alone ``[items, items]``."""
    return np.eye(catalogue.items, dtype=np.float32)


# -- from a scenario ------------------------------------------------------------------------------


def sample_comparisons(
    scenario: Scenario, seed: int, raters: int, pairs: int, stream: int = 0, strict: bool = False
) -> Comparisons:
    """New raters of a scenario with so many pairs each.

    A pair is drawn in proportion to how often a ballot of the rater's type holds it
    (``pair_frequencies``). Each answer has noise of its own and follows Bradley–Terry with the
    type's utilities; a pair that the type ties falls either way.

    Args:
        stream: another one draws other raters with the same seed.
        strict: leave out the pairs that the type ties, as in queries.

    Raises:
        InputError: where a type ranks no two completions of any prompt.
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
    return Comparisons(chosen, mask, one_hot_features(catalogue), catalogue.offsets, types)


def _check_every_type_compares(scenario: Scenario, frequency: np.ndarray) -> None:
    """Raise ``InputError`` where a type with raters has no pair ``[types, pairs]``."""
    for (name, rater_type), row in zip(scenario.types.items(), frequency, strict=True):
        if rater_type.share and not row.any():
            raise InputError(
                f"{scenario.name}: raters of the type '{name}' compare nothing that can be asked "
                "about; let their ballots include two completions that they do not tie."
            )


def pair_frequencies(scenario: Scenario) -> np.ndarray:
    """How often a ballot of each type holds each pair of ``prompt_pairs`` ``[types, pairs]``: the
    probability to answer the prompt times those to include either completion."""
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
    """All pairs of items of one prompt: the first and the second of each ``[pairs]``."""
    found = [
        start + np.array(np.triu_indices(stop - start, 1)) for start, stop in pairwise(offsets)
    ]
    first, second = np.concatenate(found, axis=1)
    return first, second


def disputed_pairs(scenario: Scenario) -> np.ndarray:
    """Pairs that types with raters order in opposite ways ``[items, items]``."""
    utility = scenario.type_utilities[scenario.type_shares > 0]
    sign = np.sign(utility[:, :, None] - utility[:, None, :])
    return (sign > 0).any(0) & (sign < 0).any(0)


# -- from and to ratings --------------------------------------------------------------------------


def comparisons_from_ratings(
    ratings: Ratings, pairs: int, seed: int, raters: np.ndarray | None = None
) -> Comparisons:
    """Up to so many strict pairs of each rater's ballots, at random without repetition.

    Args:
        raters: whose, in this order (indices, rising); all who order two completions where None.

    Raises:
        InputError: where nobody truly orders two completions.
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
    return Comparisons(chosen, mask, one_hot_features(catalogue), catalogue.offsets, types)


def comparisons_to_ratings(comparisons: Comparisons, catalogue: Catalogue) -> Ratings:
    """Each pair as a ballot of two."""
    row, place = np.nonzero(comparisons.mask)
    chosen = comparisons.pairs[row, place]
    n = len(row)
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(comparisons.raters)), row,
        catalogue.item_prompt[chosen[:, 0]], np.ones(n), 2 * np.arange(n + 1),
        catalogue.members[chosen].ravel(), np.tile([0, 1], n), rater_type=comparisons.rater_type,
    )  # fmt: skip
