"""A mixture of Plackett–Luce: every rater is of one type, and a type has one reward per item.

Rewards of the types are drawn around a common mean with a spread that is learnt, which shrinks a
rarely heard (type, completion) towards the others. EM with Newton steps; the number of types is
chosen by BIC with effective parameters. The shares are then fitted together with each type's
response rates, since types that answer less are otherwise counted too low.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax

from scrl.random_streams import HostStream, host_rng
from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotSlots, BallotTable, tabulate, training_table
from scrl.utility_models.likelihood import Choices, choices
from scrl.utility_models.prediction import draw_rows
from scrl.utility_models.responses import shares_with_responses
from scrl.utility_models.tie_model import TieModel, updated_ties
from scrl.utility_models.tied_choices import TiedChoices, tie_counts

#: Numbers of types that are tried; after this many in a row without a better BIC none is.
TYPES, PATIENCE = (1, 2, 3, 4, 5, 6, 8, 10, 12), 2
#: Random starts for each number of types, their iterations, and those of the best one.
STARTS, SHORT, LONG = 5, 10, 80
#: Iterations on all raters, from a mixture fitted to a sample of them.
WHOLE = 20
#: Standard deviations: of the types' common mean, and of types around it at first and at most.
MEAN_SD, FIRST_SPREAD, MAX_SPREAD = 10.0, 2.0, 10.0
#: Distinct raters, and completions that they rank, on which numbers of types are tried, at most.
MAX_SEARCHED, MAX_SEARCHED_ENTRIES = 2000, 200_000
#: The same for the starts of EM.
MAX_STARTED = 800
#: Limit of ranked completions.
MAX_ENTRIES = 20_000_000
#: Limit of ballots × places² and of prompts × items² up to which the full Hessian is used.
MAX_CELLS = 3_000_000
#: Gain of log density a rater that ends EM.
TOLERANCE = 1e-5
#: Types of fewer raters are dropped at the end.
MIN_RATERS = 0.5
#: Weight of a ballot for a type, relative to the largest, up to which it is not read; and the share
#: of the ballots above which all are read.
NEGLIGIBLE, MOST = 1e-9, 0.7
#: Largest change of a reward in one step.
MAX_STEP = 2.0


@dataclass(frozen=True)
class TypeMixture:
    """Mixture of Plackett–Luce, its number of types by BIC."""

    name: str = "types"
    title: str = "Mixture of Plackett–Luce types"

    def too_large(self, ratings: Ratings) -> str:
        if len(ratings.item) <= MAX_ENTRIES:
            return ""
        return f"more than {MAX_ENTRIES:,} ranked completions"

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedTypes:
        problem = TypeProblem(training_table(ratings))
        best = problem.search(seed)
        shares = shares_with_responses(problem.table, problem.by_row(best.reward), best.share)
        # Types that only silence kept apart from others end with nobody.
        kept = shares * problem.table.mass.sum() >= MIN_RATERS
        return FittedTypes(best.reward[kept], shares[kept] / shares[kept].sum())


@dataclass(frozen=True, eq=False)
class FittedTypes:
    """Fitted types.

    Attributes:
        reward: of each type ``[types, items]``; share: of the population ``[types]``.
    """

    reward: np.ndarray
    share: np.ndarray

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        problem = TypeProblem(tabulate(visible))
        log_share = np.log(np.maximum(self.share, 1e-300))
        posterior = softmax(problem.by_row(self.reward) + log_share, axis=1)
        posterior = np.concatenate([posterior, self.share[None]])  # row -1: no ballots
        row = problem.table.row[rater]
        return sum(
            (posterior[row, k] * expit(reward[first] - reward[second])
             for k, reward in enumerate(self.reward)),
            start=np.zeros(len(row)),
        )  # fmt: skip

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Each type has its share of the voters, but for rounding."""
        kind = draw_rows(self.share, voters, rng)
        return self.reward[kind] + rng.gumbel(size=(voters, self.reward.shape[1]))


@dataclass(frozen=True, eq=False)
class Types:
    """Parameters of a mixture.

    Attributes:
        reward: ``[types, items]``; share: ``[types]``.
        mean: of the types' rewards ``[items]``; spread: their standard deviation around it.
        ties: of each type under the Davidson–Luce model; empty where tied completions count half.
        objective: log posterior density; bic: lower is better.
    """

    reward: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    spread: float = FIRST_SPREAD
    ties: tuple[TieModel, ...] = ()
    objective: float = -np.inf
    bic: float = np.inf

    @property
    def log_prior(self) -> float:
        """Log density of the types' rewards around their mean."""
        away = (self.reward - self.mean) / self.spread
        return float(-0.5 * (away**2).sum() - away.size * np.log(self.spread))


def _effective_parameters(variance: np.ndarray, spread: float) -> float:
    """How many parameters the rewards ``[types, items]`` amount to, their prior being Gaussian
    around an unknown mean.

    Args:
        variance: posterior variance of each reward, given the mean ``[types, items]``.
        spread: with which the variance was found.
    """
    types = len(variance)
    data = np.maximum(1 / variance - 1 / spread**2, 0.0).T
    prior = np.linalg.inv(spread**2 * np.eye(types) + MEAN_SD**2)
    informed = data[:, :, None] * np.eye(types)
    return float(np.trace(np.linalg.solve(informed + prior, informed), axis1=1, axis2=2).sum())


def type_log_likelihood(
    table: BallotTable, reward: np.ndarray, ties: Sequence[TieModel] = ()
) -> np.ndarray:
    """Log-likelihood of each distinct rater under each type ``[rows, types]``.

    Args:
        reward: ``[types, items]``; ties: of each type, or none.
    """
    slots = table.slots
    pairs = zip_longest(reward, ties)
    by_ballot = [choices(slots, r[slots.item], own).log_likelihood for r, own in pairs]
    return table.cast @ np.stack(by_ballot, axis=1)


class TypeProblem:
    """Ballots, and the maps from ballot slots to items and to pairs of items."""

    def __init__(self, table: BallotTable) -> None:
        self.table, self.slots = table, table.slots
        self._samples: dict[int, TypeProblem] = {}
        offsets = table.catalogue.offsets
        self.items, self.size = table.catalogue.items, int(np.diff(offsets).max())
        self.prompts = len(offsets) - 1
        prompt = table.catalogue.item_prompt.astype(np.int64)
        self.cell = prompt * self.size + np.arange(self.items) - offsets[prompt]
        ballots, places = self.slots.mask.shape
        cells = max(ballots * places**2, self.prompts * self.size**2)
        self.uses_hessian = cells <= MAX_CELLS

    def choices(self, reward: np.ndarray, ties: TieModel | None = None) -> Choices | TiedChoices:
        """All ballots at rewards ``[items]``."""
        return choices(self.slots, reward[self.slots.item], ties)

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
        sample = self.sample(seed, MAX_SEARCHED)
        found = [sample.one_type()]
        common, misses = found[0].mean, 0
        for types in TYPES[1:]:
            if types > min(sample.table.rows, max_types) or misses == PATIENCE:
                break
            if on_types is not None:
                on_types(types)
            new = sample.best_start(types, common, seed)
            misses = 0 if new.bic < min(mixture.bic for mixture in found) else misses + 1
            found.append(new)
        best = int(np.argmin([mixture.bic for mixture in found]))
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
        zero = np.zeros((1, self.items))
        return self.em(Types(zero, np.ones(1), zero[0]), LONG)

    def best_start(self, types: int, common: np.ndarray, seed: int) -> Types:
        """The best of several short runs of EM, on a sample of many raters, brought to its end."""
        few = self.sample(seed, MAX_STARTED)
        starts = (few.em(few.start(types, common, seed, start), SHORT) for start in range(STARTS))
        return self.em(max(starts, key=lambda mixture: mixture.objective), LONG)

    def start(self, types: int, common: np.ndarray, seed: int, start: int) -> Types:
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
            shared = np.maximum(ranked @ mask, 1.0)
            gap = squares @ mask - 2 * (position @ value) + ranked @ value**2
            gap = np.maximum(gap, 0) / shared
            distance = np.minimum(distance, gap) if len(chosen) else gap
            chosen = np.append(chosen, at)
        ranked_by, value = (x[chosen].toarray() for x in (ranked, position))
        reward = np.where(ranked_by > 0, value, common)
        return Types(reward, np.full(types, 1 / types), common)

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
        raters, last = mass.sum(), -np.inf
        used = mixture.spread
        variance = np.full(mixture.reward.shape, used**2)
        for iteration in range(iterations + 1):
            joint = self.by_row(mixture.reward, mixture.ties) + np.log(mixture.share + 1e-300)
            likelihood = float(mass @ np.logaddexp.reduce(joint, axis=1))
            density = likelihood + mixture.log_prior
            if iteration == iterations or abs(density - last) < TOLERANCE * raters:
                break
            last = density
            weight = mass[:, None] * softmax(joint, axis=1)
            used = mixture.spread
            by_ballot = (self.table.cast.T @ weight).T
            reward, variance = self.m_step(mixture, by_ballot)
            mean = reward.mean(0) * types / (types + (used / MEAN_SD) ** 2)
            spread = used
            if types > 1:
                second = ((reward - mean) ** 2 + variance).mean()
                spread = min(MAX_SPREAD, float(np.sqrt(second)))
            ties = self.ties_step(reward, mixture.ties, by_ballot)
            mixture = Types(reward, weight.sum(0) / raters, mean, spread, ties)
        parameters = types - 1 + _effective_parameters(variance, used)
        bic = -2 * likelihood + parameters * np.log(max(raters, 2.0))
        return replace(mixture, objective=density, bic=bic)

    def m_step(self, mixture: Types, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A Newton step for every type: rewards, and their posterior variance.

        Args:
            weight: of each ballot for each type ``[types, ballots]``.
        """
        precision = 1 / mixture.spread**2
        rewards, variances = [], []
        for reward, w, ties in zip_longest(mixture.reward, weight, mixture.ties):
            # Most ballots are of other types for certain.
            used = np.flatnonzero(w > NEGLIGIBLE * w.max(initial=0))
            own = self.slots if len(used) > MOST * len(w) else self.slots.take(used)
            w = w if own is self.slots else w[used]
            found = choices(own, reward[own.item], ties)
            slope = self._by_item(own, w[:, None] * found.gradient)
            slope -= precision * (reward - mixture.mean)
            step, variance = self._newton(own, found, w, slope, precision)
            rewards.append(reward + step)
            variances.append(variance)
        return np.stack(rewards), np.stack(variances)

    def ties_step(
        self, reward: np.ndarray, ties: Sequence[TieModel], weight: np.ndarray
    ) -> tuple[TieModel, ...]:
        """One step of each type's prevalences of ties.

        Args:
            reward: ``[types, items]``; weight: of each ballot for each type ``[types, ballots]``.
        """
        return tuple(
            updated_ties(own, tie_counts(choices(self.slots, r[self.slots.item], own), w))
            for r, own, w in zip(reward, ties, weight, strict=bool(ties))
        )

    def _by_item(self, slots: BallotSlots, values: np.ndarray) -> np.ndarray:
        """Slot values ``[ballots, places]``, 0 in padding, summed by item ``[items]``."""
        return np.bincount(slots.item.ravel(), values.ravel(), self.items)

    def _newton(
        self,
        slots: BallotSlots,
        found: Choices | TiedChoices,
        weight: np.ndarray,
        slope: np.ndarray,
        precision: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One step ``[items]`` and the diagonal of the inverse curvature ``[items]``."""
        if not self.uses_hessian:
            bound = self._by_item(slots, weight[:, None] * found.expected) + precision
            return np.clip(slope / bound, -MAX_STEP, MAX_STEP), 1 / bound
        cell = self.cell[slots.item]
        pair = cell[:, :, None] * self.size + cell[:, None, :] % self.size
        value = weight[:, None, None] * found.neg_hessian()
        by_pair: np.ndarray = np.bincount(pair.ravel(), value.ravel(), self.prompts * self.size**2)
        hessian = by_pair.reshape(self.prompts, self.size, self.size)
        place = np.arange(self.size)
        hessian[:, place, place] += precision
        padded = np.zeros(self.prompts * self.size)
        padded[self.cell] = slope
        inverse = np.linalg.inv(hessian)
        step = (inverse @ padded.reshape(self.prompts, self.size, 1))[..., 0]
        step = step * np.minimum(1, MAX_STEP / np.maximum(np.abs(step).max(1, keepdims=True), 1e-9))
        return step.ravel()[self.cell], inverse[:, place, place].ravel()[self.cell]
