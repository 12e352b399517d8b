"""What reward models learn from: each rater's annotated pairs, padded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from scrl.evaluation.splits import strict_pairs
from scrl.scenarios.sampling import allot
from scrl.scenarios.scenario import Scenario
from scrl.types import Catalogue, InputError, Ratings, frozen


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Pairs that raters annotated.

    Attributes:
        pairs: items, the preferred one first ``[raters, pairs, 2]``.
        mask: which of them are real ``[raters, pairs]``.
        features: what is known of each item ``[items, features]``: its own unit vector where it is
            known by name alone.
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
    def named(self) -> bool:
        """Whether nothing is known of items but which they are."""
        wide = self.features.shape == (self.items, self.items)
        return wide and bool((self.features == np.eye(self.items)).all())

    def first(self, pairs: int) -> Comparisons:
        """Each rater's first so many pairs."""
        return replace(self, pairs=self.pairs[:, :pairs], mask=self.mask[:, :pairs])

    def of(self, raters: np.ndarray) -> Comparisons:
        """Some raters (indices or bool ``[raters]``)."""
        kinds = None if self.rater_type is None else self.rater_type[raters]
        return replace(self, pairs=self.pairs[raters], mask=self.mask[raters], rater_type=kinds)

    def silent(self) -> Comparisons:
        """The same raters before they have said anything."""
        return replace(self, mask=np.zeros_like(self.mask))

    def flat(self) -> np.ndarray:
        """All real pairs ``[all pairs, 2]``."""
        return self.pairs[self.mask]


def by_name(catalogue: Catalogue) -> np.ndarray:
    """Features of items that nothing is known of but which they are ``[items, items]``."""
    return np.eye(catalogue.items, dtype=np.float32)


def draw(
    scenario: Scenario, seed: int, raters: int, pairs: int, stream: int = 0, strict: bool = False
) -> Comparisons:
    """New raters of a scenario, each asked about so many pairs.

    A pair is drawn as often as a ballot of the rater's type holds it (the chance that the prompt is
    answered times those that both completions are included). Each answer has noise of its own, so
    that it follows Bradley–Terry about the type's utilities; a pair that a type ties falls either
    way.

    Args:
        stream: another one for other raters of the same seed.
        strict: leave out the pairs that the type ties, as those one is judged on.

    Raises:
        InputError: where a type ranks no two completions of any prompt.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(21, stream)))
    catalogue, utility = scenario.catalogue, scenario.type_utilities
    a, b = within_prompts(catalogue.offsets)
    chance = pair_chances(scenario)
    if strict:
        chance = chance * (utility[:, a] != utility[:, b])
    share = scenario.type_shares
    silent = [t for t, row in zip(scenario.types, chance, strict=True) if not row.any()]
    silent = [t for t in silent if scenario.types[t].share]
    if silent:
        raise InputError(
            f"{scenario.name}: raters of the type '{silent[0]}' compare nothing that can be asked "
            "about; let their ballots include two completions that they do not tie."
        )
    kinds = np.repeat(np.arange(len(share)), allot(share, raters))
    asked = np.empty((raters, pairs), np.int64)
    for t in np.unique(kinds):
        mine = kinds == t
        asked[mine] = rng.choice(len(a), (mine.sum(), pairs), p=chance[t] / chance[t].sum())
    first, second = a[asked], b[asked]
    gap = utility[kinds[:, None], first] - utility[kinds[:, None], second]
    tie = rng.random(gap.shape) < 0.5
    if scenario.noise:
        gap = gap + rng.logistic(0.0, scenario.noise, gap.shape)
    wins = (gap > 0) | (gap == 0) & tie
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    return Comparisons(
        chosen, np.ones(chosen.shape[:2], bool), by_name(catalogue), catalogue.offsets, kinds
    )


def pair_chances(scenario: Scenario) -> np.ndarray:
    """How often a ballot of each type holds each pair of ``within_prompts`` ``[types, pairs]``."""
    rows = []
    for t in scenario.types.values():
        row = []
        for p in scenario.prompts:
            said = np.array([t.includes.get(p, {}).get(c, 1.0) for c in scenario.offered(p)])
            i, j = np.triu_indices(len(said), 1)
            row.append(t.answers.get(p, 1.0) * said[i] * said[j])
        rows.append(np.concatenate(row))
    return np.array(rows)


def within_prompts(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of items of one prompt: the first and the second of each ``[pairs]``."""
    found = [
        start + np.array(np.triu_indices(stop - start, 1)) for start, stop in pairwise(offsets)
    ]
    first, second = np.concatenate(found, axis=1)
    return first, second


def disputed(scenario: Scenario) -> np.ndarray:
    """Pairs that some raters order one way and some the other ``[items, items]``."""
    utility = scenario.type_utilities[scenario.type_shares > 0]
    sign = np.sign(utility[:, :, None] - utility[:, None, :])
    return (sign > 0).any(0) & (sign < 0).any(0)


def of_ratings(
    ratings: Ratings, pairs: int, seed: int, raters: np.ndarray | None = None
) -> Comparisons:
    """Up to so many pairs of each rater's ballots, at random without repetition; ties left out.

    Args:
        raters: whose, in this order (indices, rising); all who order two completions where None.

    Raises:
        InputError: where nobody truly orders two completions.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(22,)))
    if ratings.absent == "last":
        ratings = replace(ratings.completed(), absent="unseen")
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
    kinds = None if ratings.rater_type is None else ratings.rater_type[known]
    catalogue = ratings.catalogue
    return Comparisons(chosen, mask, by_name(catalogue), catalogue.offsets, kinds)


def to_ratings(comparisons: Comparisons, catalogue: Catalogue) -> Ratings:
    """Each pair as a ballot of two."""
    row, at = np.nonzero(comparisons.mask)
    chosen = comparisons.pairs[row, at]
    n = len(row)
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(comparisons.raters)), row,
        catalogue.item_prompt[chosen[:, 0]], np.ones(n), 2 * np.arange(n + 1),
        catalogue.members[chosen].ravel(), np.tile([0, 1], n), rater_type=comparisons.rater_type,
    )  # fmt: skip
