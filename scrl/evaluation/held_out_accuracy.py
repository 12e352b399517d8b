"""Held-out accuracy: how well a model predicts hidden pairs of raters it was not fitted to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np
from scipy.special import expit

from scrl.choice_models.ballot_support import ballot_support_notes
from scrl.choice_models.bradley_terry import pair_counts
from scrl.config import Config
from scrl.data.held_out_splits import (
    FOLDS,
    Fold,
    comparable_ballots,
    cross_validation_folds,
    hidden_entries,
    sampled_strict_pairs,
    strict_pair_counts,
)
from scrl.data.individuals import require_individuals
from scrl.data.reading_limits import readable, require_countable_pairs, thinned
from scrl.data.weights import rater_weights
from scrl.diagnostics import active_units
from scrl.evaluation.intervals import Interval, TotalsBootstrap
from scrl.evaluation.pair_metrics import calibration_sums, expected_calibration_error, pair_credit
from scrl.evaluation.rival_accuracy import (
    RivalAccuracy,
    choose_rivals,
    in_parts,
    judge_rival,
    rival_probabilities,
    winner_sentence,
)
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.raters.rater_model import RaterModel
from scrl.results import EvaluationResult, IntervalEntry
from scrl.rivals import RIVALS
from scrl.runtime import compile_seconds
from scrl.social import fit_text_rewards, fit_vanilla
from scrl.types import InputError, Progress, Ratings
from scrl.utility_models.population_fit import fit_population
from scrl.utility_models.rater_posteriors import KnownRaters

#: Hidden pairs that are scored, at most.
MAX_PAIRS = 20_000_000


@dataclass(frozen=True)
class Evaluation:
    """Held-out accuracy of the individual model, the vanilla model and the rivals.

    Attributes:
        raters: how many have a hidden pair; pairs: hidden pairs, truly tied ones left out.
        active_units: latent dimensions in which the raters' posterior means vary, the median over
            folds; by_fold: each.
        individual, vanilla: accuracy; difference: of the two on the same pairs.
        rivals: by rival; skipped: rivals left out -> why.
        calibration_error: of the individual and the vanilla model's probabilities.
        winner: name of the model that predicts best; winner_note: one sentence about it.
        seconds: total, compilation and rivals; notes: of the source, and a verdict.
    """

    raters: int
    pairs: int
    active_units: int
    by_fold: tuple[int, ...]
    individual: Interval
    vanilla: Interval
    difference: Interval
    rivals: tuple[RivalAccuracy, ...]
    skipped: dict[str, str]
    calibration_error: dict[str, float]
    winner: str
    winner_note: str
    seconds: dict[str, float]
    notes: tuple[str, ...]

    def to_dict(self) -> EvaluationResult:
        """The result file of ``python -m scrl evaluate``."""
        accuracy = {
            name: _interval_entry(a)
            for name, a in (
                ("individual", self.individual),
                ("vanilla", self.vanilla),
                ("chance", Interval(0.5, 0.5, 0.5)),
                ("difference", self.difference),
            )
        }
        return {
            "raters": self.raters,
            "pairs": self.pairs,
            "active_units": self.active_units,
            "active_units_by_fold": list(self.by_fold),
            "accuracy": accuracy,
            "calibration_error": self.calibration_error,
            "rivals": {
                rival.name: {
                    "title": rival.title,
                    "accuracy": _interval_entry(rival.accuracy),
                    "difference": _interval_entry(rival.difference),
                    "calibration_error": rival.calibration_error,
                }
                for rival in self.rivals
            },
            "skipped": self.skipped,
            "winner": {"name": self.winner, "note": self.winner_note},
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


def _interval_entry(interval: Interval) -> IntervalEntry:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


@dataclass(frozen=True, eq=False)
class _FoldResult:
    """Hidden pairs of one fold, as sums: the pairs themselves may be tens of millions.

    Attributes:
        raters: with a hidden pair, rising ``[raters]``; pairs: of each ``[raters]``.
        scored: how many pairs were predicted.
        credit: total credit of each rater, by model and rival, each ``[raters]``.
        calibration: ``calibration_sums``, by model and rival.
        active_units: of the individual model.
        rival_seconds: that the rivals took; notes: what the models did not read.
    """

    raters: np.ndarray
    pairs: np.ndarray
    scored: int
    credit: dict[str, np.ndarray]
    calibration: dict[str, np.ndarray]
    active_units: int
    rival_seconds: float
    notes: tuple[str, ...]


def evaluate(
    ratings: Ratings,
    config: Config | None = None,
    hide_fraction: float = 0.5,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
    rivals: Sequence[str] = tuple(RIVALS),
) -> Evaluation:
    """Predict the order of hidden completions of raters never trained on.

    Five folds over raters. The models are fitted to the other raters. The individual model is a
    ``Population``: a held-out rater's pairs have the probability that the visible part of that
    rater's ballots gives them. Truly tied pairs are not scored, a predicted tie counts ½;
    intervals are bootstraps over raters. Pairs count with the weight of their rater. The rivals
    are fitted to the same folds, without a draw from the streams of the others.

    Args:
        on_progress: called with every stage of every fold; an exception it raises ends the
            evaluation.
        rivals: names of ``scrl.rivals.RIVALS``; one that would take too long is left out.

    Raises:
        InputError: with fewer than ten raters or no hidden pair, a fraction outside (0, 1), or an
            unknown rival.
    """
    config = config or Config()
    if not 0 < hide_fraction < 1:
        raise InputError(f"--hide is {hide_fraction:g}; give a fraction between 0 and 1.")
    require_individuals(ratings, "Held-out accuracy of raters")
    ratings, raters = comparable_ballots(ratings.with_absent_resolved(), "held-out accuracy")
    require_countable_pairs(ratings)
    chosen, skipped = choose_rivals(
        rivals, readable(ratings, host_rng(seed, HostStream.EVALUATION_READ, FOLDS))[0]
    )
    clock, compiling = time.perf_counter(), compile_seconds()
    rng = host_rng(seed, HostStream.EVALUATION_FOLDS)
    order = np.argsort(rng.permutation(len(raters)))
    hidden = hidden_entries(ratings, hide_fraction, rng)
    if not strict_pair_counts(ratings.keep(hidden)).any():
        raise InputError(
            f"{ratings.name}: hiding {hide_fraction:g} of each ballot leaves no hidden pair to "
            "predict; hide more."
        )
    results = []
    for k, fold in enumerate(cross_validation_folds(ratings, raters, order, hidden)):
        job = _FoldJob(chosen, seed, k, on_progress)
        results.append(_evaluate_fold(fold, config, jax_key(seed, KeyStream.EVALUATION, k), job))
        del fold  # before the next one is made
    seconds = {
        "total": round(time.perf_counter() - clock, 3),
        "compile": round(compile_seconds() - compiling, 3),
        "rivals": round(sum(result.rival_seconds for result in results), 3),
    }
    return _summary(results, ratings, seconds, seed, skipped)


@dataclass(frozen=True)
class _FoldJob:
    """The rivals of a fold, the seed of what is fitted to it, and whom it tells."""

    rivals: list[str]
    seed: int
    fold: int
    on_progress: Callable[[Progress], None] | None

    def report_stage(self, done: float, message: str) -> None:
        """The ``on_stage`` of ``fit_population``."""
        self._report(0.95 * done, f": {message}")

    def report_rival(self, name: str, done: float) -> None:
        """The ``report`` of ``rival_probabilities``."""
        self._report(0.95 + 0.05 * done, f", {name}")

    def _report(self, done: float, what: str) -> None:
        if self.on_progress is not None:
            message = f"Fold {self.fold + 1} of {FOLDS}{what}"
            self.on_progress(Progress("evaluating", (self.fold + done) / FOLDS, message))


def _evaluate_fold(fold: Fold, config: Config, key: jax.Array, job: _FoldJob) -> _FoldResult:
    """Fit both models and the rivals to a fold and score its hidden pairs.

    Args:
        key: of the vanilla model.
    """
    rng = host_rng(job.seed, HostStream.EVALUATION_READ, job.fold)
    read, notes = readable(fold.train, rng)
    fitted = fit_population(read, config.raters, job.seed, job.report_stage)
    population, notes = fitted.population, (*notes, *fitted.notes)
    model = RaterModel.of(population, fold.train.catalogue)
    units = active_units(np.asarray(model.embed(read).posterior.mean))
    counts = pair_counts(read, config.weighting)  # all models read the same raters
    catalogue = fold.train.catalogue
    if catalogue.read_by:
        pooled = fit_text_rewards(catalogue, {"vanilla": counts})["vanilla"].rewards()
    else:
        pooled = fit_vanilla(key, catalogue, counts, config.reward).rewards()
    visible = thinned(fold.visible, rng)[0]
    *pairs, stands_for = sampled_strict_pairs(
        fold.hidden, MAX_PAIRS // FOLDS, host_rng(job.seed, HostStream.EVALUATION_PAIRS, job.fold)
    )
    rater, better, worse = pairs
    known = KnownRaters.of(visible)
    own = in_parts(partial(population.pair_probability, known), (rater, better, worse))
    start = time.perf_counter()
    part = replace(fold, train=read, visible=visible)
    others = rival_probabilities(
        part, job.rivals, (rater, better, worse), job.seed, job.report_rival
    )
    seconds = time.perf_counter() - start
    gap = pooled[better] - pooled[worse]
    # Rounded, so that rounding errors around ½ are no prediction.
    credit = {name: pair_credit(np.round(p - 0.5, 9)) for name, p in others.items()}
    credit |= {"individual": pair_credit(np.round(own - 0.5, 9)), "vanilla": pair_credit(gap)}
    probability = {"individual": own, "vanilla": expit(gap), **others}
    raters, row = np.unique(rater, return_inverse=True)
    return _FoldResult(
        raters, np.round(np.bincount(row, stands_for)), len(rater),
        {name: np.bincount(row, stands_for * credit[name]) for name in probability},
        {name: calibration_sums(p, stands_for) for name, p in probability.items()},
        units, seconds, notes,
    )  # fmt: skip


def _summary(
    results: Sequence[_FoldResult],
    ratings: Ratings,
    seconds: dict[str, float],
    seed: int,
    skipped: dict[str, str],
) -> Evaluation:
    """All folds as one result."""
    raters, pairs = (
        np.concatenate([getattr(result, name) for result in results])
        for name in ("raters", "pairs")
    )
    order = np.argsort(raters)
    weight = rater_weights(ratings)[raters]
    weight = weight / weight.min()
    models = results[0].credit
    credit = {m: (np.concatenate([r.credit[m] for r in results]) * weight)[order] for m in models}
    error = {
        m: expected_calibration_error(np.sum([r.calibration[m] for r in results], axis=0))
        for m in models
    }
    rng = host_rng(seed, HostStream.EVALUATION_BOOTSTRAP)
    bootstrap = TotalsBootstrap((pairs * weight)[order], rng)
    individual, vanilla = credit.pop("individual"), credit.pop("vanilla")
    difference = bootstrap.interval(individual - vanilla)
    by_fold = tuple(result.active_units for result in results)
    units = int(np.median(by_fold))
    accuracies = bootstrap.interval(individual), bootstrap.interval(vanilla), difference
    rivals = tuple(
        judge_rival(name, own, individual, error[name], bootstrap) for name, own in credit.items()
    )
    return Evaluation(
        len(raters), int(pairs.sum()), units, by_fold, *accuracies,
        rivals, skipped, {name: round(error[name], 6) for name in ("individual", "vanilla")},
        *winner_sentence(*accuracies, rivals),
        seconds, (*ratings.notes, *ballot_support_notes(ratings, "models"), *_notes_of(results),
                  verdict(difference, units)),
    )  # fmt: skip


def _notes_of(results: Sequence[_FoldResult]) -> list[str]:
    """What models did not read, that of the first fold where folds differ, and how many pairs are
    scored."""
    told = "(The first of five folds; the other models read the same.)"
    notes = [f"{note} {told}" for note in results[0].notes]
    pairs, scored = sum(r.pairs.sum() for r in results), sum(r.scored for r in results)
    if scored < pairs:
        notes.append(
            f"Accuracy is estimated from {scored:,} of {int(pairs):,} hidden pairs: of raters with "
            "most pairs random ones, which count for all of theirs."
        )
    return notes


def verdict(difference: Interval, units: int) -> str:
    """One sentence on whether the individual model predicts better than the vanilla one.

    Args:
        difference: accuracy of the individual less that of the vanilla model.
        units: active latent units of the individual model.
    """
    latent = f"{units} active latent unit{'s' * (units != 1)}"
    if difference.low > 0:
        return f"The individual model predicts better than vanilla ({latent})."
    if difference.high < 0:
        return f"The individual model predicts worse than vanilla ({latent})."
    return f"The individual model does not beat vanilla on these ratings ({latent})."
