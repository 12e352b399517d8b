"""How good a model of raters is: accuracy on comparisons it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import numpy as np

from scrl.choice_models.bradley_terry import pair_counts
from scrl.config import Config
from scrl.diagnostics import active_units
from scrl.raters.model import fit_individual
from scrl.runtime import compile_seconds
from scrl.social.fitting import fit_vanilla
from scrl.types import InputError, Progress, Ratings

FOLDS = 5
#: Posterior draws over which a predicted comparison is averaged.
DRAWS = 32
RESAMPLES = 2000


# -- hidden comparisons ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Accuracy:
    """Share of hidden pairs ordered rightly, with a 95 % interval over raters."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluate`` found.

    Attributes:
        raters: with a hidden pair; pairs: hidden pairs, truly tied ones left out.
        active_units: of the individual model, the median over folds; by_fold: each.
        individual, vanilla: accuracy; difference: of the two on the same raters.
        seconds, notes: what it took and what a reader should know.
    """

    raters: int
    pairs: int
    active_units: int
    by_fold: tuple[int, ...]
    individual: Accuracy
    vanilla: Accuracy
    difference: Accuracy
    seconds: dict[str, float]
    notes: tuple[str, ...]

    def to_dict(self) -> dict:
        """The result file of ``python -m scrl evaluate``."""
        accuracy = {
            name: {"mean": a.mean, "low": a.low, "high": a.high}
            for name, a in (
                ("individual", self.individual),
                ("vanilla", self.vanilla),
                ("chance", Accuracy(0.5, 0.5, 0.5)),
                ("difference", self.difference),
            )
        }
        return {
            "raters": self.raters,
            "pairs": self.pairs,
            "active_units": self.active_units,
            "active_units_by_fold": list(self.by_fold),
            "accuracy": accuracy,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


def hide(ratings: Ratings, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Which entries to hide ``[entries]``: of each ballot this fraction, rounded, at random.

    Where that would be fewer than two, which leaves no pair to predict (a ballot of two or three,
    say), the ballot is hidden whole with this probability.
    """
    draw = rng.random(len(ratings.item))
    order = np.lexsort((draw, ratings.entry_ballot))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    place -= ratings.offsets[ratings.entry_ballot]
    wanted = np.round(fraction * ratings.sizes)
    whole = np.where(rng.random(ratings.ballots) < fraction, ratings.sizes, 0)
    return place < np.where(wanted >= 2, wanted, whole)[ratings.entry_ballot]


def hidden_pairs(ratings: Ratings, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of hidden entries on one ballot that the rater truly orders.

    Returns:
        The rater, the better item and the worse item of each ``[pairs]``.
    """
    rater, better, worse = [], [], []
    entries = np.flatnonzero(hidden)
    size = np.bincount(ratings.entry_ballot[entries], minlength=ratings.ballots)
    start = np.concatenate([[0], np.cumsum(size)])
    for n in np.unique(size[size >= 2]):
        ballots = np.flatnonzero(size == n)
        at = entries[start[ballots][:, None] + np.arange(n)]
        first, second = np.triu_indices(n, 1)
        a, b = at[:, first].ravel(), at[:, second].ravel()
        swap = ratings.rank[a] > ratings.rank[b]
        strict = ratings.rank[a] != ratings.rank[b]
        rater.append(np.repeat(ratings.ballot_rater[ballots], len(first))[strict])
        better.append(ratings.item[np.where(swap, b, a)][strict])
        worse.append(ratings.item[np.where(swap, a, b)][strict])
    if not rater:
        return (np.empty(0, int),) * 3
    return np.concatenate(rater), np.concatenate(better), np.concatenate(worse)


def rankers(ratings: Ratings, purpose: str) -> tuple[Ratings, np.ndarray]:
    """The ballots of two completions or more, and their raters ``[raters]``.

    Raises:
        InputError: where they are too few for ``purpose``, held out in folds.
    """
    if ratings.absent == "last":
        ratings = replace(ratings.completed(), absent="unseen")
    ratings = ratings.select(ratings.sizes >= 2)
    raters = np.unique(ratings.ballot_rater)
    if len(raters) < 2 * FOLDS:
        raise InputError(
            f"{ratings.name}: raters who ranked two completions or more: {len(raters)}; "
            f"{purpose} needs at least {2 * FOLDS}."
        )
    return ratings, raters


def evaluate(
    ratings: Ratings,
    config: Config | None = None,
    hide_fraction: float = 0.5,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Evaluation:
    """Predict the order of hidden completions of raters never trained on.

    Five folds over raters. The models see the training raters, and the individual model also the
    visible part of a held-out rater's ballots. Truly tied pairs are not scored, a predicted tie
    counts ½; intervals are bootstraps over raters.

    Raises:
        InputError: with fewer than ten raters or no hidden pair, or a fraction outside (0, 1).
    """
    config = config or Config()
    if not 0 < hide_fraction < 1:
        raise InputError(f"--hide is {hide_fraction:g}; give a fraction between 0 and 1.")
    ratings, raters = rankers(ratings, "held-out accuracy")
    clock, compiling = time.perf_counter(), compile_seconds()
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    fold = np.full(len(ratings.raters), -1)
    fold[rng.permutation(raters)] = np.arange(len(raters)) % FOLDS
    hidden = hide(ratings, hide_fraction, rng)
    rater, better, worse = hidden_pairs(ratings, hidden)
    if len(rater) == 0:
        raise InputError(
            f"{ratings.name}: hiding {hide_fraction:g} of each ballot leaves no hidden pair to "
            "predict; hide more."
        )
    right = {"individual": np.zeros(len(rater)), "vanilla": np.zeros(len(rater))}
    active = []
    for k in range(FOLDS):

        def report(model, curves, done, k=k):
            if on_progress is not None:
                text = f"Fold {k + 1} of {FOLDS}, step {curves['step'][-1]:.0f}"
                on_progress(Progress("evaluating", (k + 0.95 * done) / FOLDS, text))

        held = fold[ratings.ballot_rater] == k
        train = ratings.select(~held)
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), k))
        model, _ = fit_individual(keys[0], train, config.individual, report)
        active.append(active_units(model.embed(train)[1].mean))
        counts = pair_counts(train, config.weighting)
        pooled = fit_vanilla(keys[1], ratings.catalogue, counts, config.reward).rewards()
        asked = np.flatnonzero(fold[rater] == k)
        visible = ratings.keep(~hidden & held[ratings.entry_ballot])
        ahead = _predicted(model, visible, rng, rater[asked], better[asked], worse[asked])
        right["individual"][asked] = _half_ties(ahead)
        right["vanilla"][asked] = _half_ties(pooled[better[asked]] - pooled[worse[asked]])
    boot = Bootstrap(rater, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,))))
    found = {name: boot(values) for name, values in right.items()}
    difference = boot(right["individual"] - right["vanilla"])
    units = int(np.median(active))
    return Evaluation(
        len(np.unique(rater)), len(rater), units, tuple(active),
        found["individual"], found["vanilla"], difference,
        {
            "total": round(time.perf_counter() - clock, 3),
            "compile": round(compile_seconds() - compiling, 3),
        },
        (*ratings.notes, verdict(difference, units)),
    )  # fmt: skip


def verdict(difference: Accuracy, units: int) -> str:
    """One sentence on whether knowing the rater helped."""
    latent = f"{units} active latent unit{'s' * (units != 1)}"
    if difference.low > 0:
        return f"The individual model predicts better than vanilla ({latent})."
    if difference.high < 0:
        return f"The individual model predicts worse than vanilla ({latent})."
    return f"The individual model does not beat vanilla on these ratings ({latent})."


def _half_ties(gap: np.ndarray) -> np.ndarray:
    return (gap > 0) + 0.5 * (gap == 0)


def _predicted(model, visible: Ratings, rng, rater, better, worse) -> np.ndarray:
    """By how much the posterior mean of P(better ≻ worse) exceeds ½, for each pair ``[pairs]``.

    A rater with nothing visible is predicted from the posterior of an empty ballot.
    """
    read, posterior = model.embed(visible, everyone=True)
    rows = np.searchsorted(read, rater)
    gap = np.zeros(len(rater))
    for _ in range(DRAWS):
        rewards = model.rewards(posterior.draw(rng))
        gap += np.tanh(0.5 * (rewards[rows, better] - rewards[rows, worse]))
    return gap / DRAWS


class Bootstrap:
    """Resamples raters, the pairs of each staying together (the same resamples every time)."""

    def __init__(self, rater: np.ndarray, rng: np.random.Generator):
        _, self.row = np.unique(rater, return_inverse=True)
        self.total = np.bincount(self.row)
        n = len(self.total)
        self.times = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)

    def __call__(self, values: np.ndarray) -> Accuracy:
        by_rater = np.bincount(self.row, weights=values)
        means = (self.times @ by_rater) / (self.times @ self.total)
        low, high = np.quantile(means, [0.025, 0.975])
        return Accuracy(*(round(float(x), 6) for x in (values.mean(), low, high)))
