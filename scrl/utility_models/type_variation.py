"""Variation within types, by EM with Laplace posteriors; the types come from ``type_mixture``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from scrl.random_streams import HostStream, host_rng
from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.covariance import Covariance, CovarianceUpdate, initial_covariance
from scrl.utility_models.curvature import MAX_STEP, Curvature
from scrl.utility_models.feature_fit import FeatureFit
from scrl.utility_models.mean_prior import MeanPrior
from scrl.utility_models.population import MIN_PROBABILITY, Population, TypedPosteriors
from scrl.utility_models.rater_features import RaterEffects
from scrl.utility_models.rater_posteriors import RaterGroup, group_raters
from scrl.utility_models.type_mixture import TypeProblem
from scrl.utility_models.type_parameters import MAX_SPREAD, Types

#: Iterations of EM with variation, and Newton steps for each posterior in them.
ITERATIONS, FIRST_STEPS, NEWTON_STEPS = 20, 8, 2
#: Iterations of EM without variation, for the prior of the mean rewards. Where few raters ranked
#: each item of one type, the prior's standard deviation then still falls by more than this share of
#: itself in one iteration, and accelerated ones follow until it settles, up to a limit.
MEAN_ITERATIONS, SETTLED, MAX_MEAN_ITERATIONS = 10, 0.002, 60
#: First variance within types.
FIRST_VARIANCE = 0.5
#: Iterations in which the priors of mean rewards are held.
SETTLE = 3
#: Limits of the raters, and of Σ items³ over them, that variation is estimated from.
MAX_RATERS, MAX_WORK = 1500, 3e8
#: Information on a mean reward that a rater who ranked the item gives at least, 1 / log-odds². The
#: curvature vanishes where raters never err, though the reward's sign is then certain.
HEARD_INFORMATION = 0.05
#: Iterations over all raters, where variation is estimated from a sample, and the limit of their
#: Σ items³ relative to ``MAX_WORK``.
WHOLE_ITERATIONS, WHOLE_WORK = 6, 10


def with_variation(
    table: BallotTable, types: Types, shrinkage: float | None, seed: int
) -> Population:
    """Add variation within types, the effects of raters' features, and the prior of mean rewards.

    Args:
        table: the ballots; in large tables variation is estimated from a sample of the raters.
        types: fitted to them.
        shrinkage: of the covariance's factors; None for no variation but that of features.
        seed: of the sample.
    """
    if shrinkage is None and RaterEffects.of(table, types.share) is None:
        return without_variation(TypeProblem(table), types)
    every = group_raters(table)
    sampled = sampled_groups(table, every, seed)
    fit = _VariationFit(table, types, shrinkage, sampled)
    for iteration in range(ITERATIONS):
        fit.step(iteration, of_covariance=shrinkage is not None)
    if sampled is not every and _work(every).sum() <= WHOLE_WORK * MAX_WORK:
        fit.read(every)
        for iteration in range(WHOLE_ITERATIONS):
            fit.step(iteration, of_covariance=False)
    return fit.population


def without_variation(problem: TypeProblem, types: Types) -> Population:
    """The types as a population, with the prior of mean rewards."""
    return _fit_means(problem, types)[0]


def _fit_means(problem: TypeProblem, types: Types) -> tuple[Population, RewardPriors, bool]:
    """The types as a population, its priors, and whether they settled in the usual iterations."""
    table, covariance = problem.table, initial_covariance(problem.table.catalogue).scaled(0.0)
    priors = RewardPriors.of(covariance, types)
    variance, last, iteration = np.zeros(types.reward.shape), priors, 0
    settles = len(types.share) == 1 and types.effects is None
    for iteration in range(MAX_MEAN_ITERATIONS):
        may_end = iteration >= (1 if types.follows_features else MEAN_ITERATIONS)
        if may_end and (not settles or _has_settled(priors, last, iteration)):
            break
        last = priors
        joint = problem.by_row(types.reward, types.ties) + np.log(types.share + 1e-300)
        weight = table.mass[:, None] * softmax(joint, axis=1)
        common, spread = priors.of_types(len(types.share))
        prior = replace(types, mean=common, spread=spread)
        step = problem.m_step(prior, (table.cast.T @ weight).T)
        heard = (problem.ranked.T @ weight).T
        known = np.minimum(step.given_effects, 1 / (HEARD_INFORMATION * heard + spread**-2))
        variance = step.variance - step.given_effects + known
        share = weight.sum(axis=0) / table.mass.sum()
        types = replace(types, reward=step.reward, share=share, effects=step.effects)
        if iteration >= SETTLE:
            own = step.own_variance - step.given_effects + known
            priors = priors.updated(types.unexplained, own, iteration >= MEAN_ITERATIONS)
    population = Population(
        types.reward, variance, types.share, covariance, types.ties,
        completion_effects=types.effects,
    )  # fmt: skip
    return population, priors, iteration == MEAN_ITERATIONS


def _has_settled(priors: RewardPriors, last: RewardPriors, iteration: int) -> bool:
    """Whether the prior of the common mean hardly changes any more.

    Args:
        last: an iteration earlier; iteration: the number of the next one.
    """
    change = priors.mean.sd / last.mean.sd - 1
    if iteration == MEAN_ITERATIONS:
        return change > -SETTLED
    return abs(change) < SETTLED


def _work(groups: Sequence[RaterGroup]) -> np.ndarray:
    """Items³ of each rater ``[raters]``."""
    return np.concatenate([group.mask.sum(1).astype(float) ** 3 for group in groups])


def sampled_groups(table: BallotTable, groups: list[RaterGroup], seed: int) -> list[RaterGroup]:
    """The groups, or a sample of their raters within the limits of this module."""
    rows, work = np.concatenate([group.rows for group in groups]), _work(groups)
    order = host_rng(seed, HostStream.RATERS_SAMPLED).permutation(len(rows))
    if (work <= MAX_WORK).any():  # the sample would end at a rater who alone is beyond the limit
        order = order[work[order] <= MAX_WORK]
    fits = (np.cumsum(work[order]) <= MAX_WORK) & (np.arange(len(order)) < MAX_RATERS)
    if fits.all() and len(order) == len(rows):
        return groups
    fits[0] = True
    chosen = np.zeros(table.rows, bool)
    chosen[rows[order[fits]]] = True
    sampled = [group.take(np.flatnonzero(chosen[group.rows])) for group in groups]
    return [group for group in sampled if len(group.rows)]


class _VariationFit:
    """EM for a population with variation.

    Args: see ``with_variation``; groups: the raters that are read.
    """

    def __init__(
        self,
        table: BallotTable,
        types: Types,
        shrinkage: float | None,
        groups: list[RaterGroup],
    ) -> None:
        self.table, self.shrinkage = table, shrinkage or 0.0
        first = 0.0 if shrinkage is None else FIRST_VARIANCE
        covariance = initial_covariance(table.catalogue).scaled(first)
        self.priors = RewardPriors.of(covariance, types)
        if len(types.share) == 1 and types.effects is None:
            plain, priors, usual = _fit_means(TypeProblem(table), types)
            if not usual:
                self.priors, types = priors, replace(types, reward=plain.reward)
        variance = np.zeros(types.reward.shape)
        self.features = FeatureFit.of(table, types.share, covariance)
        effects = None if self.features is None else self.features.effects
        self.population = Population(
            types.reward, variance, types.share, covariance, types.ties, effects, types.effects
        )
        self.read(groups)

    def read(self, groups: list[RaterGroup]) -> None:
        """Go on with these raters."""
        types = self.population.types
        self.groups = groups
        self.possible = [np.ones((len(group.rows), types), bool) for group in groups]
        self.start: list[dict[int, np.ndarray] | None] = [None] * len(groups)

    def step(self, iteration: int, of_covariance: bool = True) -> None:
        """One iteration; ``of_covariance``: whether the covariance is updated too."""
        population, table = self.population, self.table
        update = CovarianceUpdate(table, population.covariance, iteration % 2 == 1, self.shrinkage)
        sums = _MeanSums(population.reward.shape)
        for number, group in enumerate(self.groups):
            start = self.start[number]
            steps = FIRST_STEPS if start is None else NEWTON_STEPS
            typed = population.posteriors(group, self.possible[number], start, steps)
            self.start[number] = {k: found.utility for k, (_, _, found) in typed.given.items()}
            if iteration % 4 == 0:
                self.possible[number] = typed.probability > MIN_PROBABILITY
                self.start[number] = None
            self._add(typed, update, sums)
        effects = None if self.features is None else self.features.step(iteration)
        self.population = replace(
            self._mean_step(sums, iteration), share=sums.count / sums.count.sum(),
            covariance=update.covariance() if of_covariance else population.covariance,
            rater_effects=effects,
        )  # fmt: skip

    def _add(self, typed: TypedPosteriors, update: CovarianceUpdate, sums: _MeanSums) -> None:
        mass = self.table.mass[typed.group.rows]
        if self.features is not None:
            self.features.add(self.population, typed, mass)
        for k, (at, own, found) in typed.given.items():
            weight = mass[at] * typed.probability[at, k]
            update.add(own, found, weight)
            sums.count[k] += weight.sum()
            by_item = weight[:, None]
            np.add.at(sums.slope[k], own.item, by_item * found.alpha)
            # Row sums of absolute values bound the curvature in the mean.
            np.add.at(sums.bound[k], own.item, by_item * np.abs(found.information).sum(2))
            diagonal = np.einsum("rii->ri", found.information)
            np.add.at(sums.information[k], own.item, by_item * diagonal)
            np.add.at(sums.heard[k], own.item, by_item * own.mask)

    def _mean_step(self, sums: _MeanSums, iteration: int) -> Population:
        """One step of the mean rewards, and their variance; then of their priors."""
        population, effects = self.population, self.population.completion_effects
        common, spread = self.priors.of_types(len(sums.count))
        precision = 1 / spread**2
        explained = 0.0 if effects is None else effects.reward
        own = population.reward - common - explained
        slope = sums.slope - precision * own
        step = np.clip(slope / (sums.bound + precision), -MAX_STEP, MAX_STEP)
        information = np.maximum(sums.information, HEARD_INFORMATION * sums.heard)
        variance = own_variance = 1 / (information + precision)
        reward = population.reward + step
        if effects is not None:
            found = [
                effects.step(k, left, precision, Curvature(1 / (bound + precision)), MAX_STEP)
                for k, (left, bound) in enumerate(zip(own + step, sums.bound, strict=True))
            ]
            effects = effects.updated(found)
            reward = reward + np.stack([new.change for new in found])
            variance = variance + np.stack([new.reward_variance for new in found])
            own_variance = own_variance + np.stack([new.own_variance for new in found])
        if iteration >= SETTLE:
            left = reward if effects is None else reward - effects.reward
            self.priors = self.priors.updated(left, own_variance)
        return replace(population, reward=reward, variance=variance, completion_effects=effects)


@dataclass(frozen=True, eq=False)
class RewardPriors:
    """The priors of the types' rewards: around a common mean, which has a prior itself.

    Of completions with features, these are rewards less what features explain.

    Attributes:
        mean: prior of the common mean.
        common: mean of the types' rewards ``[items]``; spread: of the types around it.
    """

    mean: MeanPrior
    common: np.ndarray
    spread: float

    @classmethod
    def of(cls, covariance: Covariance, types: Types) -> RewardPriors:
        """The priors that are started from."""
        mean = MeanPrior.of(covariance, types.mean)
        if types.effects is not None:
            mean = replace(mean, sd=types.spread if len(types.share) == 1 else types.mean_sd)
        return cls(mean, types.mean, types.spread)

    def of_types(self, types: int) -> tuple[np.ndarray, float]:
        """Mean ``[items]`` and standard deviation of the prior of each type's rewards."""
        return (self.mean.centre, self.mean.sd) if types == 1 else (self.common, self.spread)

    def updated(
        self, reward: np.ndarray, variance: np.ndarray, accelerated: bool = False
    ) -> RewardPriors:
        """The priors that fit the posteriors of the rewards ``[types, items]``.

        Args:
            accelerated: see ``MeanPrior.updated``; of one type only.
        """
        types = len(reward)
        if types == 1:
            mean = self.mean.updated(reward[0], variance[0], accelerated)
            return replace(self, mean=mean)
        own, shared = types / self.spread**2, 1 / self.mean.sd**2
        common = (own * reward.mean(0) + shared * self.mean.centre) / (own + shared)
        mean = self.mean.updated(common, np.full(len(common), 1 / (own + shared)))
        spread = np.sqrt(((reward - common) ** 2 + variance).mean())
        return RewardPriors(mean, common, float(np.clip(spread, 1e-2, MAX_SPREAD)))


class _MeanSums:
    """Sums over raters that the step of the mean rewards needs.

    Attributes:
        slope, bound, information: gradient, a bound of the curvature and the curvature's diagonal
            ``[types, items]``; heard: raters who ranked an item, same shape; count: raters
            ``[types]``.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.slope, self.bound, self.information, self.heard = np.zeros((4, *shape))
        self.count = np.zeros(shape[0])
