"""Fitting a population: the number of types, the variation within, the noise level and ties.

1. Types are found by EM for the mixture of Plackett–Luce; their number has the least BIC.
2. Variation within types is added by EM with Laplace posteriors, from those types and from one
   type for everybody.
3. A held-out part of the ballots decides between these candidates, and on the scale of utilities,
   which is the noise level: Laplace's approximation alone puts it too low.
4. The chosen candidate is fitted to all raters, and the shares take account of who answered what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from scrl.config import RatersConfig
from scrl.data.held_out_splits import hidden_entries, strict_pairs
from scrl.random_streams import HostStream, host_rng
from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotTable, training_table
from scrl.utility_models.covariance import CovarianceUpdate, initial_covariance
from scrl.utility_models.mean_prior import MeanPrior
from scrl.utility_models.population import MIN_PROBABILITY, Population, TypedPosteriors
from scrl.utility_models.rater_posteriors import RaterGroup, group_raters
from scrl.utility_models.tie_model import TieModel, updated_ties
from scrl.utility_models.tied_choices import TiedChoices, tie_counts
from scrl.utility_models.type_mixture import LONG, MAX_SPREAD, TypeProblem, Types

#: Candidates: shrinkages of the covariance within types, None without variation, and scales of
#: the utilities.
SHRINKAGES = (None, 0.1, 0.02)
SCALES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 2.8, 4.0)
#: Nats within which the simpler candidate is chosen.
MARGIN = 4.0
#: Prior standard deviation of the logarithm of the scale.
SCALE_SD = 0.35
#: Raters held out: their share, at least (of few raters half) and at most.
HELD_OUT, MIN_HELD_OUT, MAX_HELD_OUT = 0.25, 4, 200
#: Iterations of EM with variation, and Newton steps for each posterior in them.
ITERATIONS, FIRST_STEPS, NEWTON_STEPS = 20, 8, 2
#: Iterations of EM without variation, for the prior of the mean rewards.
MEAN_ITERATIONS = 10
#: First variance within types.
FIRST_VARIANCE = 0.5
#: Iterations in which the priors of mean rewards are held.
SETTLE = 3
#: Limits of the raters, and of Σ items³ over them, that variation is estimated from.
MAX_RATERS, MAX_WORK = 1500, 3e8
#: Largest change of a mean reward in one iteration.
MAX_STEP = 2.0

#: Called with the share of the fit done and what is done next.
OnStage = Callable[[float, str], None]


@dataclass(frozen=True)
class Candidate:
    """What the held-out ballots decide on.

    Attributes:
        one_type: whether all raters are of one type.
        shrinkage: of the covariance, None without variation; scale: of the utilities.
        nats: log-likelihood of the held-out pairs, weighted with the information in an order.
    """

    one_type: bool
    shrinkage: float | None
    scale: float = 1.0
    nats: float = -np.inf


@dataclass(frozen=True, eq=False)
class FittedPopulation:
    """A fitted population, and how it was chosen.

    Attributes:
        population: for all raters.
        chosen: the best candidate; candidates: all, each with its best scale.
    """

    population: Population
    chosen: Candidate
    candidates: tuple[Candidate, ...]


@threadpool_limits.wrap(limits=1)  # threads slow down matrices this small
def fit_population(
    ratings: Ratings,
    config: RatersConfig | None = None,
    seed: int = 0,
    on_stage: OnStage | None = None,
) -> FittedPopulation:
    """Fit a population to ratings, absent completions resolved.

    Args:
        config: the settings.
        seed: of the starts of EM and of what is held out.
        on_stage: see ``OnStage``; an exception it raises ends the fit.

    Raises:
        InputError: where there is no ballot.
    """
    config, report = config or RatersConfig(), on_stage or (lambda share, message: None)
    table = training_table(ratings)
    problem = TypeProblem(table)
    report(0.0, "Looking for types of raters")
    types = problem.search(
        seed, lambda k: report(0.03 * k, f"Looking for {k} types of raters"), config.max_types
    )
    report(0.5, "Choosing the variation within types and the noise")
    candidates = compare_candidates(ratings, types, config, seed)
    best = max(candidate.nats for candidate in candidates)
    chosen = next(c for c in candidates if c.nats >= best - MARGIN or best == -np.inf)
    report(0.8, "Fitting the population to all raters")
    if chosen.one_type and len(types.share) > 1:
        types = problem.one_type()
    types = with_ties(problem, types)
    population = with_variation(table, types, chosen.shrinkage, seed).sharpened(chosen.scale)
    population = with_refitted_ties(population, table)
    return FittedPopulation(population.with_responses(table), chosen, tuple(candidates))


def with_ties(problem: TypeProblem, types: Types) -> Types:
    """The types with the prevalence of their ties, where ballots have ties."""
    if not problem.slots.has_ties:
        return types
    start = TieModel.start(problem.slots)
    return problem.em(replace(types, ties=(start,) * len(types.share)), LONG)


# -- candidates -----------------------------------------------------------------------------------


def compare_candidates(
    ratings: Ratings, types: Types, config: RatersConfig, seed: int
) -> list[Candidate]:
    """Score the candidates on a part of the raters, of whom half of each ballot is hidden.

    Returns:
        The candidates, simpler ones first.

    Args:
        types: fitted to all ratings, from which the fits to the training part start.
    """
    shrinkages = SHRINKAGES if config.variation else SHRINKAGES[:1]
    several = len(types.share) > 1
    untested = [Candidate(False, shrinkage) for shrinkage in shrinkages if several]
    untested += [Candidate(True, shrinkage) for shrinkage in shrinkages]
    rng = host_rng(seed, HostStream.RATERS_HELD_OUT)
    comparable = ratings.select(ratings.sizes >= 2)
    raters = np.unique(comparable.ballot_rater)
    size = max(round(HELD_OUT * len(raters)), min(MIN_HELD_OUT, len(raters) // 2))
    size = min(size, MAX_HELD_OUT)
    if size < 2:
        return untested
    chosen = rng.choice(raters, size, replace=False)
    held_out = np.isin(comparable.ballot_rater, chosen)
    hidden = hidden_entries(comparable, 0.5, rng)
    entry_held = held_out[comparable.entry_ballot]
    visible, target = comparable.keep(~hidden & entry_held), comparable.keep(hidden & entry_held)
    pairs = strict_pairs(target)
    if not len(pairs[0]):
        return untested
    weight = pair_information(target)
    # What the held-out raters show is read too: of few raters, each counts.
    table = training_table(comparable.keep(~(hidden & entry_held)))
    problem = TypeProblem(table)
    starts = {True: problem.one_type()}
    if len(types.share) > 1:
        starts[False] = problem.em(replace(types, ties=()), LONG)

    def scored(candidate: Candidate) -> Candidate:
        start = starts[candidate.one_type]
        # Without variation the likelihood itself determines the scale.
        free = config.choose_noise and candidate.shrinkage is not None
        scales = SCALES if free else (1.0,)
        population = with_variation(table, start, candidate.shrinkage, seed)
        return _scored(candidate, population, scales, visible, pairs, weight)

    found: list[Candidate] = []
    for candidate in untested:
        # A second shrinkage is tried only where variation is found with the first.
        own = [c.nats for c in found if c.one_type == candidate.one_type]
        if len(own) == 2 and own[1] < own[0] + MARGIN:
            continue
        found.append(scored(candidate))
    return found


def _scored(
    candidate: Candidate,
    population: Population,
    scales: Sequence[float],
    visible: Ratings,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    weight: np.ndarray,
) -> Candidate:
    """The candidate with its best scale, and its score."""

    def score(scale: float) -> float:
        probability = population.sharpened(scale).pair_probability(visible, *pairs)
        nats = float(weight @ np.log(np.maximum(probability, 1e-12)))
        return nats - 0.5 * (np.log(scale) / SCALE_SD) ** 2

    # The score has one maximum: climb from no change.
    best = scales.index(1.0)
    scores = {best: score(1.0)}
    for direction in (1, -1):
        while 0 <= best + direction < len(scales):
            following = scores.setdefault(best + direction, score(scales[best + direction]))
            if following <= scores[best]:
                break
            best += direction
    return replace(candidate, scale=scales[best], nats=scores[best])


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


# -- variation ------------------------------------------------------------------------------------


def with_variation(
    table: BallotTable, types: Types, shrinkage: float | None, seed: int
) -> Population:
    """Add variation within types, and the prior of mean rewards.

    Args:
        table: the ballots; in large tables variation is estimated from a sample of the raters.
        types: fitted to them.
        shrinkage: of the covariance's factors; None for no variation.
        seed: of the sample.
    """
    if shrinkage is None:
        return without_variation(TypeProblem(table), types)
    fit = _VariationFit(table, types, shrinkage, sampled_groups(table, seed))
    for iteration in range(ITERATIONS):
        fit.step(iteration)
    return fit.population


def without_variation(problem: TypeProblem, types: Types) -> Population:
    """The types as a population, with the prior of mean rewards."""
    table, covariance = problem.table, initial_covariance(problem.table.catalogue).scaled(0.0)
    priors = RewardPriors(MeanPrior.of(covariance, types.mean), types.mean, types.spread)
    reward, share, ties = types.reward, types.share, types.ties
    variance = np.zeros(reward.shape)
    for iteration in range(MEAN_ITERATIONS):
        joint = problem.by_row(reward, ties) + np.log(share + 1e-300)
        weight = table.mass[:, None] * softmax(joint, axis=1)
        common, spread = priors.of_types(len(share))
        prior = Types(reward, share, common, spread, ties)
        reward, variance = problem.m_step(prior, (table.cast.T @ weight).T)
        share = weight.sum(axis=0) / table.mass.sum()
        if iteration >= SETTLE:
            priors = priors.updated(reward, variance)
    return Population(reward, variance, share, covariance, ties)


def sampled_groups(table: BallotTable, seed: int) -> list[RaterGroup]:
    """All distinct raters in groups, or a sample of them within the limits of this module."""
    groups = group_raters(table)
    rows = np.concatenate([group.rows for group in groups])
    work = np.concatenate([group.mask.sum(1).astype(float) ** 3 for group in groups])
    order = host_rng(seed, HostStream.RATERS_SAMPLED).permutation(len(rows))
    fits = (np.cumsum(work[order]) <= MAX_WORK) & (np.arange(len(rows)) < MAX_RATERS)
    if fits.all():
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
        shrinkage: float,
        groups: list[RaterGroup],
    ) -> None:
        self.table, self.groups, self.shrinkage = table, groups, shrinkage
        covariance = initial_covariance(table.catalogue).scaled(FIRST_VARIANCE)
        self.priors = RewardPriors(MeanPrior.of(covariance, types.mean), types.mean, types.spread)
        variance = np.zeros(types.reward.shape)
        self.population = Population(types.reward, variance, types.share, covariance, types.ties)
        count = len(types.share)
        self.possible = [np.ones((len(group.rows), count), bool) for group in groups]
        self.start: list[dict[int, np.ndarray] | None] = [None] * len(groups)

    def step(self, iteration: int) -> None:
        """One iteration."""
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
        reward, variance = self._mean_step(sums, iteration)
        self.population = replace(
            population, reward=reward, variance=variance, share=sums.count / sums.count.sum(),
            covariance=update.covariance(),
        )  # fmt: skip

    def _add(self, typed: TypedPosteriors, update: CovarianceUpdate, sums: _MeanSums) -> None:
        mass = self.table.mass[typed.group.rows]
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

    def _mean_step(self, sums: _MeanSums, iteration: int) -> tuple[np.ndarray, np.ndarray]:
        """One step of the mean rewards, and their variance; then of their priors."""
        common, spread = self.priors.of_types(len(sums.count))
        precision = 1 / spread**2
        slope = sums.slope - precision * (self.population.reward - common)
        step = np.clip(slope / (sums.bound + precision), -MAX_STEP, MAX_STEP)
        reward = self.population.reward + step
        variance = 1 / (sums.information + precision)
        if iteration >= SETTLE:
            self.priors = self.priors.updated(reward, variance)
        return reward, variance


@dataclass(frozen=True, eq=False)
class RewardPriors:
    """The priors of the types' rewards: around a common mean, which has a prior itself.

    Attributes:
        mean: prior of the common mean.
        common: mean of the types' rewards ``[items]``; spread: of the types around it.
    """

    mean: MeanPrior
    common: np.ndarray
    spread: float

    def of_types(self, types: int) -> tuple[np.ndarray, float]:
        """Mean ``[items]`` and standard deviation of the prior of each type's rewards."""
        return (self.mean.centre, self.mean.sd) if types == 1 else (self.common, self.spread)

    def updated(self, reward: np.ndarray, variance: np.ndarray) -> RewardPriors:
        """The priors that fit the posteriors of the rewards ``[types, items]``."""
        types = len(reward)
        if types == 1:
            return replace(self, mean=self.mean.updated(reward[0], variance[0]))
        own, shared = types / self.spread**2, 1 / self.mean.sd**2
        common = (own * reward.mean(0) + shared * self.mean.centre) / (own + shared)
        mean = self.mean.updated(common, np.full(len(common), 1 / (own + shared)))
        spread = np.sqrt(((reward - common) ** 2 + variance).mean())
        return RewardPriors(mean, common, float(np.clip(spread, 1e-2, MAX_SPREAD)))


class _MeanSums:
    """Sums over raters that the step of the mean rewards needs.

    Attributes:
        slope, bound, information: gradient, a bound of the curvature and the curvature's diagonal
            ``[types, items]``; count: raters ``[types]``.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.slope, self.bound, self.information = np.zeros((3, *shape))
        self.count = np.zeros(shape[0])


def with_refitted_ties(population: Population, table: BallotTable, steps: int = 20) -> Population:
    """The population with the prevalences of ties that fit its utilities."""
    for _ in range(steps if population.ties else 0):
        counts: list = [None] * population.types
        for group in group_raters(table):
            typed = population.posteriors(group)
            for k, (at, own, found) in typed.given.items():
                ballots = own.choices(found.utility, population.ties[k])
                assert isinstance(ballots, TiedChoices)
                weight = table.mass[own.rows] * typed.probability[at, k]
                new = tie_counts(ballots, own.weight * weight[own.rater])
                counts[k] = new if counts[k] is None else counts[k] + new
        ties = tuple(
            own if found is None else updated_ties(own, found)
            for own, found in zip(population.ties, counts, strict=True)
        )
        population = replace(population, ties=ties)
    return population
