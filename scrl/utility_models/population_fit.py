"""Fitting a population: the number of types, the variation within, the noise level and ties.

1. Types are found by EM for the mixture of Plackett–Luce; their number has the least BIC.
2. Variation within types is added by EM with Laplace posteriors, from those types and from one
   type for everybody.
3. A held-out part of the ballots decides between these candidates, and on the scale of utilities,
   which is the noise level: Laplace's approximation alone puts it too low. One type or several is
   decided by whole held-out ballots where hidden pairs do not decide it. Where raters are few, two
   parts of them are held out in turn.
4. The chosen candidate is fitted to all raters, and the shares take account of who answered what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from scrl.config import RatersConfig
from scrl.random_streams import HostStream, host_rng
from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotTable, training_table
from scrl.utility_models.featured_types import types_by_features
from scrl.utility_models.held_out_raters import HeldOutRaters, hold_out
from scrl.utility_models.population import Population
from scrl.utility_models.rater_posteriors import KnownRaters, group_raters, posterior_work
from scrl.utility_models.silent_types import split_by_responses
from scrl.utility_models.strict_pairs import strict_pair_slope
from scrl.utility_models.tie_model import TieModel, updated_ties
from scrl.utility_models.tied_choices import TiedChoices, tie_counts
from scrl.utility_models.type_mixture import LONG, MAX_SEARCHED, SHORT, TypeProblem
from scrl.utility_models.type_parameters import Types
from scrl.utility_models.type_variation import with_variation, without_variation

#: Candidates: shrinkages of the covariance within types, None without variation, and scales of
#: the utilities.
SHRINKAGES = (None, 0.1, 0.02)
SCALES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 2.8, 4.0)
#: Nats within which the simpler candidate is chosen.
MARGIN = 4.0
#: Standard errors beyond which a difference decides between one type and several.
STANDARD_ERRORS = 2.0
#: Nats by which a scale other than 1 must be better.
SCALE_MARGIN = 2.0
#: Steps of the prevalences of ties in the final fit, and in those that the scale is found with.
STEPS, FEW_STEPS = 20, 5
#: Prior standard deviation of the logarithm of the scale.
SCALE_SD = 0.35
#: Limit of Σ items³ over distinct raters, up to which variation within types is fitted.
MAX_POSTERIOR_WORK = 1e10
NO_VARIATION = (
    "Raters of one type are taken as alike: they ranked so many completions that what varies "
    "between them would take hours to fit."
)
#: Called with the share of the fit done and what is done next.
OnStage = Callable[[float, str], None]


@dataclass(frozen=True)
class Candidate:
    """What the held-out ballots decide on.

    Attributes:
        one_type: whether all raters are of one type.
        shrinkage: of the covariance, None without variation; scale: of the utilities.
        nats: log-likelihood of the held-out pairs, weighted with the information in an order.
        by_rater: its part of each held-out rater with a hidden pair ``[raters]``.
        evidence: log-likelihood of each held-out rater's whole ballots, given their visible part
            ``[held-out]``.
    """

    one_type: bool
    shrinkage: float | None
    scale: float = 1.0
    nats: float = -np.inf
    by_rater: np.ndarray = field(default_factory=lambda: np.zeros(1), repr=False, compare=False)
    evidence: np.ndarray = field(default_factory=lambda: np.zeros(1), repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class FittedPopulation:
    """A fitted population, and how it was chosen.

    Attributes:
        population: for all raters; table: their ballots.
        chosen: the best candidate; candidates: all, each with its best scale.
        notes: what was left out, since it would take hours.
    """

    population: Population
    table: BallotTable
    chosen: Candidate
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()


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
    table, notes = training_table(ratings), ()
    if config.variation and posterior_work(table) > MAX_POSTERIOR_WORK:
        config, notes = replace(config, variation=False), (NO_VARIATION,)  # type: ignore[assignment]  # one note
    problem = TypeProblem(table)
    report(0.0, "Looking for types of raters")
    types = problem.search(
        seed, lambda k: report(0.03 * k, f"Looking for {k} types of raters"), config.max_types
    )
    if not types.follows_features:
        types = split_by_responses(problem, types, config.max_types)
    by_features = table.features is not None and len(types.share) == 1 < config.max_types
    if by_features:
        types = types_by_features(problem, types, seed)
    report(0.5, "Choosing the variation within types and the noise")
    # Items ranked once or twice tell of raters' types, and nothing else is tried.
    trials = [] if types.follows_features else trials_of(ratings, types, seed, by_features)
    candidates = compare_candidates(trials, types, config, seed)
    chosen = choose_candidate(candidates)
    report(0.8, "Fitting the population to all raters")
    if chosen.one_type and len(types.share) > 1:
        types = problem.one_type()
    types, scale = with_ties(problem, types), chosen.scale
    if types.ties:
        scale = final_scale(chosen, candidates) * tied_scale(types, trials, config)
    population = with_variation(table, types, chosen.shrinkage, seed).sharpened(scale)
    population = with_refitted_ties(population, table)
    population = replace(population, pair_slope=strict_pair_slope(population, table))
    population = population.with_responses(table).without_empty_types()
    return FittedPopulation(population, table, chosen, tuple(candidates), notes)


def with_ties(problem: TypeProblem, types: Types) -> Types:
    """The types with the prevalence of their ties, where ballots have ties."""
    if not problem.slots.has_ties:
        return types
    start = TieModel.start(problem.slots)
    return problem.em(replace(types, ties=(start,) * len(types.share)), LONG)


# -- candidates -----------------------------------------------------------------------------------


def choose_candidate(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate that predicts best, or the simplest of those within ``MARGIN``.

    Where all that tells types apart is hidden together, hidden pairs say nothing of the types. One
    type or several is then decided by the likelihood of whole ballots.

    Args:
        candidates: simpler ones first.
    """
    best = max(candidate.nats for candidate in candidates)
    chosen = next(c for c in candidates if c.nats >= best - MARGIN or best == -np.inf)
    others = [c for c in candidates if c.one_type != chosen.one_type]
    if not others or best == -np.inf:
        return chosen
    other = choose_candidate(others)
    undecided = not _is_reliable(chosen.nats - other.nats, chosen.by_rater - other.by_rater)
    gain = other.evidence - chosen.evidence
    return other if undecided and _is_reliable(gain.sum(), gain) else chosen


def final_scale(chosen: Candidate, candidates: Sequence[Candidate]) -> float:
    """The scale of utilities that are fitted with prevalences of ties.

    Candidates are fitted with ties counted half, which makes utilities too close to each other. The
    scale without variation makes up for that alone; prevalences of ties do so in the final fit.
    """
    plain = (c.scale for c in candidates if c.one_type == chosen.one_type and c.shrinkage is None)
    return chosen.scale / next(plain, 1.0)


def tied_scale(types: Types, trials: Sequence[_Trial], config: RatersConfig) -> float:
    """The scale of utilities without variation that are fitted with prevalences of ties.

    Their fit is too certain where few raters ranked each item; elsewhere the scale is 1.

    Args:
        types: fitted to all ratings, with ties.
    """
    if len(trials) < 2 or not config.choose_noise:
        return 1.0
    populations = []
    for trial in trials:
        problem = TypeProblem(trial.table)
        own = tuple(ties.covering(problem.slots) for ties in types.ties)
        own_types = problem.em(replace(types, ties=own), SHORT)
        population = without_variation(problem, own_types)
        population = with_refitted_ties(population, trial.table, FEW_STEPS)
        slope = strict_pair_slope(population, trial.table)
        populations.append(replace(population, pair_slope=slope))
    return best_scale(populations, trials, SCALES, margin=0.0)[0]


def _is_reliable(gain: float, by_rater: np.ndarray) -> bool:
    """Whether a gain in nats exceeds its standard error over raters by ``STANDARD_ERRORS``."""
    return gain > STANDARD_ERRORS * by_rater.std() * np.sqrt(len(by_rater))


def compare_candidates(
    trials: Sequence[_Trial], types: Types, config: RatersConfig, seed: int
) -> list[Candidate]:
    """Score the candidates on raters of whom half of each ballot is hidden.

    Returns:
        The candidates, simpler ones first.

    Args:
        trials: see ``trials_of``; types: fitted to all ratings.
    """
    shrinkages = SHRINKAGES if config.variation else SHRINKAGES[:1]
    several = len(types.share) > 1
    untested = [Candidate(False, shrinkage) for shrinkage in shrinkages if several]
    untested += [Candidate(True, shrinkage) for shrinkage in shrinkages]
    if not trials:
        return untested
    if any(len(trial.starts.get(False, types).share) == 1 for trial in trials):
        untested = [candidate for candidate in untested if candidate.one_type]
    found: list[Candidate] = []
    for candidate in untested:
        # A second shrinkage is tried only where variation is found with the first.
        own = [c.nats for c in found if c.one_type == candidate.one_type]
        if len(own) == 2 and own[1] < own[0] + MARGIN:
            continue
        found.append(_scored(candidate, trials, config.choose_noise, seed))
    return found


@dataclass(frozen=True, eq=False)
class _Trial:
    """Raters held out, and what the candidates' fits to the others start from.

    Attributes:
        split: the raters; table: the ballots that are fitted to.
        starts: types, by whether all raters are of one.
        whole, seen: the held-out raters by their ballots, and by the visible part of them.
    """

    split: HeldOutRaters
    table: BallotTable
    starts: dict[bool, Types]
    whole: KnownRaters
    seen: KnownRaters

    @classmethod
    def of(cls, split: HeldOutRaters, types: Types, seed: int, by_features: bool) -> _Trial:
        """A trial; for the arguments see ``trials_of``."""
        # In large data candidates are compared on a sample, as numbers of types are.
        problem = TypeProblem(training_table(split.train)).sample(seed, MAX_SEARCHED)
        starts = {True: problem.one_type()}
        if len(types.share) > 1:
            starts[False] = (
                types_by_features(problem, starts[True], seed)
                if by_features
                else problem.em(replace(types, ties=()), LONG)
            )
        known = KnownRaters.of(split.whole), KnownRaters.of(split.visible)
        return cls(split, problem.table, starts, *known)

    def nats(self, population: Population) -> np.ndarray:
        """Log-likelihood of each held-out rater's hidden pairs ``[raters]``."""
        rater = np.unique(self.split.pairs[0], return_inverse=True)[1]
        probability = population.pair_probability(self.seen, *self.split.pairs)
        return np.bincount(rater, self.split.weight * np.log(np.maximum(probability, 1e-12)))

    def evidence(self, population: Population) -> np.ndarray:
        """Log-likelihood of each held-out rater's whole ballots, given the visible part."""
        return _log_evidence(population, self.whole) - _log_evidence(population, self.seen)


def trials_of(ratings: Ratings, types: Types, seed: int, by_features: bool) -> list[_Trial]:
    """One trial, several where raters are few, or none.

    Args:
        types: fitted to all ratings, from which the fits to a part start.
        by_features: whether types were told apart by features, as those of a part then are.
    """
    splits = hold_out(ratings, host_rng(seed, HostStream.RATERS_HELD_OUT))
    return [_Trial.of(split, types, seed, by_features) for split in splits]


def _scored(
    candidate: Candidate, trials: Sequence[_Trial], choose_noise: bool, seed: int
) -> Candidate:
    """The candidate with its best scale, and its scores on all trials."""
    populations = [
        with_variation(trial.table, trial.starts[candidate.one_type], candidate.shrinkage, seed)
        for trial in trials
    ]
    # Without variation the likelihood itself determines the scale, but not where ties count half,
    # which makes utilities too close to each other.
    has_ties = any(trial.table.slots.has_ties for trial in trials)
    free = choose_noise and (candidate.shrinkage is not None or has_ties)
    scale, nats, by_rater = best_scale(populations, trials, SCALES if free else (1.0,))
    evidence = [
        trial.evidence(population.sharpened(scale))
        for trial, population in zip(trials, populations, strict=True)
    ]
    return replace(
        candidate, scale=scale, nats=nats, by_rater=by_rater, evidence=np.concatenate(evidence)
    )


def best_scale(
    populations: Sequence[Population],
    trials: Sequence[_Trial],
    scales: Sequence[float],
    margin: float = SCALE_MARGIN,
) -> tuple[float, float, np.ndarray]:
    """The best scale of the trials' populations, its score and that of each rater ``[raters]``.

    The scale is 1 unless another is better by more than ``margin`` nats: chosen on the held-out
    pairs alone, it would add their sampling error to the rewards, which all raters' ballots fit.
    """
    by_scale = [
        np.concatenate(
            [t.nats(p.sharpened(scale)) for t, p in zip(trials, populations, strict=True)]
        )
        for scale in scales
    ]
    scores = [
        float(own.sum()) - 0.5 * (np.log(scale) / SCALE_SD) ** 2
        for own, scale in zip(by_scale, scales, strict=True)
    ]
    best, unscaled = int(np.argmax(scores)), scales.index(1.0)
    if scores[unscaled] >= scores[best] - margin:
        best = unscaled
    return scales[best], scores[best], by_scale[best]


def _log_evidence(population: Population, known: KnownRaters) -> np.ndarray:
    """Log-likelihood of all ballots of each rater ``[raters]``, 0 for raters without."""
    found = np.zeros(known.table.rows + 1)
    for group in known.groups:
        found[group.rows] = population.posteriors(group).log_evidence
    return found[known.table.row]


def with_refitted_ties(
    population: Population, table: BallotTable, steps: int = STEPS
) -> Population:
    """The population with the prevalences of ties that fit its utilities."""
    groups = group_raters(table) if population.ties else []
    for _ in range(steps if population.ties else 0):
        counts: list = [None] * population.types
        for group in groups:
            typed = population.posteriors(group)
            for k, (at, own, found) in typed.given.items():
                weight = table.mass[own.rows] * typed.probability[at, k]
                cast = own.weight * weight[own.rater]
                parts = own.choices(found.utility, population.ties[k])
                for (rows, _), ballots in zip(own.slots.parts, parts, strict=True):
                    assert isinstance(ballots, TiedChoices)
                    new = tie_counts(ballots, cast[rows])
                    counts[k] = new if counts[k] is None else counts[k] + new
        ties = tuple(
            own if found is None else updated_ties(own, found)
            for own, found in zip(population.ties, counts, strict=True)
        )
        population = replace(population, ties=ties)
    return population
