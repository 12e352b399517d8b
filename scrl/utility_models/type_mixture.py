"""A mixture of Plackett–Luce: every rater is of one type, and a type has one reward per item.

Rewards of the types are drawn around a common mean with a spread that is learnt, which shrinks a
rarely heard (type, completion) towards the others; features of completions move that mean
(``completion_effects``). EM with Newton steps; the number of types is chosen by BIC with effective
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from itertools import zip_longest
from operator import add

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import softmax

from scrl.random_streams import HostStream, host_rng
from scrl.utility_models.ballot_table import BallotSlots, BallotTable
from scrl.utility_models.completion_effects import CompletionEffects, WeightStep, weight_hessian
from scrl.utility_models.curvature import MAX_STEP, Curvature, PromptBlocks
from scrl.utility_models.likelihood import Choices, choices
from scrl.utility_models.tie_model import TieModel, updated_ties
from scrl.utility_models.tied_choices import TiedChoices, tie_counts
from scrl.utility_models.type_parameters import (
    FIRST_OWN_SPREAD,
    MIN_SPREAD,
    RewardStep,
    Types,
    effective_parameters,
    with_fitted_prior,
)

#: Numbers of types that are tried; after this many in a row without a better BIC none is.
TYPES, PATIENCE = (1, 2, 3, 4, 5, 6, 8, 10, 12), 2
#: BIC within which two types are tried once more before all raters are of one.
UNDECIDED = 10.0
#: Random starts for each number of types, their iterations, and those of the best one.
STARTS, SHORT, LONG = 5, 10, 80
#: Iterations on all raters, from a mixture fitted to a sample of them.
WHOLE = 20
#: With features, items ranked by fewer raters than this have no part of their own.
MIN_RANKED = 3.0
#: Distinct raters, and completions that they rank, on which numbers of types are tried, at most.
MAX_SEARCHED, MAX_SEARCHED_ENTRIES = 2000, 200_000
#: The same for the starts of EM.
MAX_STARTED = 800
#: Limit of ballots × places² and of prompts × items² up to which the full Hessian is used.
MAX_CELLS = 3_000_000
#: Gain of log density a rater that ends EM, and where items have no parts of their own.
TOLERANCE, FEATURES_TOLERANCE = 1e-5, 1e-4
#: Weight of a ballot for a type, relative to the largest, up to which it is not read; and the share
#: of the ballots above which all are read.
NEGLIGIBLE, MOST = 1e-9, 0.7


def type_log_likelihood(
    table: BallotTable, reward: np.ndarray, ties: Sequence[TieModel] = ()
) -> np.ndarray:
    """Log-likelihood of each distinct rater under each type ``[rows, types]``.

    Args:
        reward: ``[types, items]``; ties: of each type, or none.
    """
    by_ballot = np.empty((len(table.prompt), len(reward)))
    for rows, slots in table.slots.parts:
        for k, (own, tied) in enumerate(zip_longest(reward, ties)):
            by_ballot[rows, k] = choices(slots, own[slots.item], tied).log_likelihood
    return table.cast @ by_ballot


class TypeProblem:
    """Ballots, and the maps from ballot slots to items and to pairs of items."""

    def __init__(self, table: BallotTable) -> None:
        self.table, self.slots = table, table.slots
        self._samples: dict[int, TypeProblem] = {}
        self.items, self.blocks = table.catalogue.items, PromptBlocks(table.catalogue.offsets)
        cells = sum(part.mask.size * part.mask.shape[1] for _, part in self.slots.parts)
        self.uses_hessian = max(cells, self.blocks.cells) <= MAX_CELLS

    def by_row(self, reward: np.ndarray, ties: Sequence[TieModel] = ()) -> np.ndarray:
        """Log-likelihood of each distinct rater under each type ``[rows, types]``.

        Args:
            reward: ``[types, items]``; ties: of each type, or none.
        """
        return type_log_likelihood(self.table, reward, ties)

    def search(
        self,
        seed: int,
        on_types: Callable[[int], None] | None = None,
        max_types: int = TYPES[-1],
    ) -> Types:
        """The mixture with the least BIC.

        In large tables the numbers of types are tried on a sample of the raters; the best few
        mixtures are then fitted to all.

        Args:
            seed: of the sample and the starts.
            max_types: most types that are tried.
            on_types: called with each number of types before it is fitted.
        """
        few = self._effects is not None and not self.items_recur  # these steps are slow
        sample = self.sample(seed, MAX_STARTED if few else MAX_SEARCHED)
        found = [sample.one_type()]
        common, misses = found[0], 0
        for types in TYPES[1:]:
            if types > min(sample.table.rows, max_types) or misses == PATIENCE:
                break
            if on_types is not None:
                on_types(types)
            new = sample.best_start(types, common, seed)
            misses = 0 if new.bic < min(mixture.bic for mixture in found) else misses + 1
            found.append(new)
        best = int(np.argmin([mixture.bic for mixture in found]))
        if best == 0 and len(found) > 1 and found[1].bic < found[0].bic + UNDECIDED:
            # The mixture of most density need not be that of least BIC.
            other = sample.best_start(TYPES[1], common, seed, by_bic=True)
            if other.bic < found[0].bic:
                best, found[1] = 1, other
        if sample is self:
            return found[best]
        # More raters may tell more types apart.
        whole = [self.em(mixture, WHOLE) for mixture in found[best : best + 2]]
        return min(whole, key=lambda mixture: mixture.bic)

    def sample(self, seed: int, raters: int) -> TypeProblem:
        """The problem of a random sample of distinct raters, or this one where it is small.

        Raters who stand for many others are always in the sample.

        Args:
            raters: in the sample, at most.
        """
        if raters in self._samples:
            return self._samples[raters]
        rows, mass = self.table.rows, self.table.mass
        if rows <= raters:
            return self
        draw = host_rng(seed, HostStream.RIVAL_STARTS, 0, 0).random(rows)
        draw[mass > mass.sum() / raters] = -1.0
        entries = np.asarray(self.ranked.sum(axis=1)).ravel()
        order = np.argsort(draw, kind="stable")
        fits = np.cumsum(entries[order]) <= MAX_SEARCHED_ENTRIES
        kept = order[fits & (np.arange(rows) < raters)]
        return self._samples.setdefault(raters, TypeProblem(self.table.take(np.sort(kept))))

    def one_type(self) -> Types:
        """The fit that all raters share."""
        zero, effects = np.zeros((1, self.items)), self._effects
        start = Types(zero, np.ones(1), zero[0])
        if effects is not None:
            start = replace(start, spread=self._own_spread, effects=effects)
        return self.em(start, LONG)

    @cached_property
    def _effects(self) -> CompletionEffects | None:
        """Effects of features to start from; None where completions have no features."""
        return CompletionEffects.of(self.table.catalogue)

    @property
    def _own_spread(self) -> float:
        """First standard deviation of what features do not explain.

        Items that hardly two raters ranked have no parts of their own.
        """
        return FIRST_OWN_SPREAD if self.items_recur else MIN_SPREAD

    @property
    def items_recur(self) -> bool:
        """Whether items are ranked by a few raters each."""
        return self.ranked.sum() >= MIN_RANKED * self.items

    def best_start(self, types: int, common: Types, seed: int, by_bic: bool = False) -> Types:
        """The best of several short runs of EM, on a sample of many raters, brought to its end.

        Args:
            types: their number; common: the fit of one type; seed: of the starts.
            by_bic: whether the best is that of least BIC, else that of most density.
        """
        few = self.sample(seed, MAX_STARTED)
        starts = (few.em(few.start(types, common, seed, start), SHORT) for start in range(STARTS))
        best = max(starts, key=lambda mixture: -mixture.bic if by_bic else mixture.objective)
        return self.em(best, LONG)

    def start(self, types: int, common: Types, seed: int, start: int) -> Types:
        """Each type begins as one rater's positions, raters far apart (k-means++)."""
        rng = host_rng(seed, HostStream.RIVAL_STARTS, types, start)
        position, ranked, mass = self.positions, self.ranked, self.table.mass
        squares = position.multiply(position).tocsr()
        distance, chosen = np.ones(len(mass)), np.empty(0, np.int64)
        for _ in range(types):
            weight = np.cumsum(mass * distance)
            # A position on the cumulative mass, so that mass 2 and two raters draw alike.
            at = min(np.searchsorted(weight, rng.random() * weight[-1]), len(mass) - 1)
            mask, value = (x[[at]].toarray()[0] for x in (ranked, position))
            if self._effects is not None:
                # What a rater says of some items tells of those with similar features.
                weights = self._effects.smoothed(value, mask > 0)
                mask, value = np.ones(self.items), self._effects.value @ weights
            shared = np.maximum(ranked @ mask, 1.0)
            gap = squares @ mask - 2 * (position @ value) + ranked @ value**2
            gap = np.maximum(gap, 0) / shared
            distance = np.minimum(distance, gap) if len(chosen) else gap
            chosen = np.append(chosen, at)
        ranked_by, value = (x[chosen].toarray() for x in (ranked, position))
        reward = np.where(ranked_by > 0, value, common.mean)
        found = Types(reward, np.full(types, 1 / types), common.mean)
        return found if self._effects is None else self._featured(found, ranked_by > 0, common)

    def _featured(self, start: Types, ranked: np.ndarray, common: Types) -> Types:
        """A start in which a type's first rewards tell of items with similar features.

        Args:
            ranked: items whose first rewards are known, bool ``[types, items]``.
            common: the fit of one type, from which the other items begin.
        """
        effects, spread = self._effects, self._own_spread
        assert effects is not None
        assert common.effects is not None
        rows = zip(start.reward, ranked, strict=True)
        weight = np.stack([effects.smoothed(reward, known) for reward, known in rows])
        reward = common.reward + weight @ effects.value.T
        if spread > MIN_SPREAD:
            reward = np.where(ranked, start.reward, reward)
        effects = effects.with_weights(common.effects.weight + weight)
        return replace(start, reward=reward, spread=spread, mean_sd=spread, effects=effects)

    @cached_property
    def ranked(self) -> csr_matrix:
        """Which items each distinct rater ranked, sparse ``[rows, items]``."""
        return (self._ballot_items(np.ones(self.slots.mask.shape)) > 0).astype(float).tocsr()

    @cached_property
    def positions(self) -> csr_matrix:
        """The mean position of each item on a rater's ballots, higher is better, 0 in the middle,
        sparse ``[rows, items]``."""
        s = self.slots
        position = 0.5 * (s.mask.sum(1, keepdims=True) - s.tie_start - s.tie_stop)
        count = self._ballot_items(np.ones(s.mask.shape))
        count.data = 1 / count.data
        return self._ballot_items(position).multiply(count).tocsr()

    def _ballot_items(self, values: np.ndarray) -> csr_matrix:
        """Slot values summed over each rater's ballots, sparse ``[rows, items]``."""
        ballot, place = np.nonzero(self.slots.mask)
        at = ballot, self.slots.item[ballot, place]
        by_ballot = csr_matrix(
            (values[ballot, place], at), shape=(len(self.slots.mask), self.items)
        )
        return (self.table.cast @ by_ballot).tocsr()

    def em(self, mixture: Types, iterations: int) -> Types:
        """Expectation-maximisation from a mixture."""
        mass, types = self.table.mass, len(mixture.share)
        raters, last, used = mass.sum(), -np.inf, mixture
        follows_features = mixture.follows_features
        tolerance = FEATURES_TOLERANCE if follows_features else TOLERANCE
        step = RewardStep(
            mixture.reward, *(np.full(mixture.reward.shape, used.spread**2),) * 3, mixture.effects
        )
        for iteration in range(iterations + 1):
            joint = self.by_row(mixture.reward, mixture.ties) + np.log(mixture.share + 1e-300)
            likelihood = float(mass @ np.logaddexp.reduce(joint, axis=1))
            density = likelihood + mixture.log_prior
            if iteration == iterations or abs(density - last) < tolerance * raters:
                break
            last = density
            weight = mass[:, None] * softmax(joint, axis=1)
            used = mixture
            by_ballot = (self.table.cast.T @ weight).T
            step = self.m_step(mixture, by_ballot, variances=False)
            ties = self.ties_step(step.reward, mixture.ties, by_ballot)
            mixture = replace(
                with_fitted_prior(mixture, step), share=weight.sum(0) / raters, ties=ties
            )
        parameters = types - 1 + effective_parameters(step.given_effects, used.spread, used.mean_sd)
        if step.effects is not None:
            parameters += step.effects.parameters
        bic = -2 * likelihood + parameters * np.log(max(raters, 2.0))
        return replace(mixture, objective=density, bic=bic)

    def m_step(self, mixture: Types, weight: np.ndarray, variances: bool = True) -> RewardStep:
        """A Newton step for every type: rewards, and their posterior variance.

        Args:
            weight: of each ballot for each type ``[types, ballots]``.
            variances: whether variances include what features' weights add; else those of own
                parts include its mean.
        """
        found = [
            self._type_step(mixture, k, w, ties, variances)
            for k, (w, ties) in enumerate(zip_longest(weight, mixture.ties))
        ]
        reward, variance, own, given = (np.stack([rows[i] for rows, _ in found]) for i in range(4))
        effects = mixture.effects
        if effects is not None:
            effects = effects.updated([step for _, step in found if step is not None])
        return RewardStep(reward, variance, own, given, effects)

    def _type_step(
        self, mixture: Types, k: int, weight: np.ndarray, ties: TieModel | None, variances: bool
    ) -> tuple[tuple[np.ndarray, ...], WeightStep | None]:
        """The step of a type: its reward, variance, own variance and variance given the features'
        weights ``[items]``; the step of those weights."""
        effects, precision, prior = mixture.effects, 1 / mixture.spread**2, mixture.own[k]
        found = [
            (choices(slots, mixture.reward[k][slots.item], ties), own)
            for slots, own in self._read(weight)
        ]
        slope = self._by_item((one.slots, own[:, None] * one.gradient) for one, own in found)
        if effects is not None and mixture.follows_features:
            parts = (weight_hessian(one.slots, one, own, effects.value) for one, own in found)
            hessian = np.add.reduce(list(parts))
            direct = effects.direct_step(k, slope, hessian, MAX_STEP)
            variance = direct.reward_variance if variances else np.zeros(self.items)
            rows = mixture.reward[k] + direct.change, variance, *np.zeros((2, self.items))
            return rows, direct
        curvature = self._curvature(found, precision)
        change = curvature.step(slope - precision * prior)
        if effects is None:
            return (mixture.reward[k] + change, *(curvature.variance,) * 3), None
        new = effects.step(k, prior + change, precision, curvature, MAX_STEP)
        variance = own = curvature.variance
        if variances:
            variance, own = variance + new.reward_variance, own + new.own_variance
        else:
            own = own + new.mean_own_variance
        rows = mixture.reward[k] + change + new.change, variance, own, curvature.variance
        return rows, new

    def ties_step(
        self, reward: np.ndarray, ties: Sequence[TieModel], weight: np.ndarray
    ) -> tuple[TieModel, ...]:
        """One step of each type's prevalences of ties.

        Args:
            reward: ``[types, items]``; weight: of each ballot for each type ``[types, ballots]``.
        """
        found = []
        for r, own, w in zip(reward, ties, weight, strict=bool(ties)):
            parts = (
                tie_counts(choices(slots, r[slots.item], own), w[rows])
                for rows, slots in self.slots.parts
            )
            found.append(updated_ties(own, reduce(add, parts)))
        return tuple(found)

    def _read(self, weight: np.ndarray) -> Iterator[tuple[BallotSlots, np.ndarray]]:
        """The ballots that count for a type, by ``slots.parts``, and their weights.

        Args:
            weight: of each ballot ``[ballots]``.
        """
        least = NEGLIGIBLE * weight.max(initial=0)
        for rows, slots in self.slots.parts:
            own = weight[rows]
            used = np.flatnonzero(own > least)  # most ballots are of other types for certain
            yield (slots, own) if len(used) > MOST * len(own) else (slots.take(used), own[used])

    def _by_item(self, parts: Iterable[tuple[BallotSlots, np.ndarray]]) -> np.ndarray:
        """Slot values ``[ballots, places]``, 0 in padding, summed by item ``[items]``."""
        found = np.zeros(self.items)
        for slots, values in parts:
            found += np.bincount(slots.item.ravel(), values.ravel(), self.items)
        return found

    def _curvature(
        self, found: Sequence[tuple[Choices | TiedChoices, np.ndarray]], precision: float
    ) -> Curvature:
        """The negative Hessian of a type's log posterior density, or a bound of its diagonal.

        Args:
            found: ballots, and the weight of each ``[ballots]``; precision: of the prior.
        """
        if not self.uses_hessian:
            bound = self._by_item((one.slots, own[:, None] * one.expected) for one, own in found)
            return Curvature(1 / (bound + precision))
        hessian = np.zeros(self.blocks.cells)
        for one, own in found:
            hessian += self.blocks.sums(one.slots.item, own[:, None, None] * one.neg_hessian())
        return self.blocks.curvature(hessian, precision)
