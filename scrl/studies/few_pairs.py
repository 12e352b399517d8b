"""Every reward model on seven populations, by the pairs of an unseen rater.

The models learn from a few hundred raters and are judged on the answers of others, after each of
``SHOTS`` pairs: how many answers they predict, of the smallest type too, and whether their chances
are true. An oracle knows the types (``few_pairs_worlds``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from scrl.config import ModelsConfig, Schedule
from scrl.evaluation.pair_metrics import calibration_curve
from scrl.parallel import map_tasks
from scrl.random_streams import KeyStream, jax_key
from scrl.results import rounded
from scrl.reward_models import (
    collapse,
    distributional,
    ensembles,
    individual,
    lore,
    polar,
    pooled,
    prototypes,
    reward_features,
    vpl,
)
from scrl.reward_models.comparisons import Comparisons, comparisons_to_ratings
from scrl.reward_models.ensembles import EnsembleConfig
from scrl.reward_models.reward_features import BasesConfig
from scrl.studies.few_pairs_worlds import TEXTS, WORLDS, PairWorld, WorldSizes, draw_pair_world
from scrl.studies.few_shot import fit_own
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.summaries import model as summaries
from scrl.types import Catalogue, Progress
from scrl.utility_models.gaussian import FittedGaussian, Gaussian

SEEDS = tuple(range(10))
SIZES = WorldSizes()
#: Numbers of an unseen rater's pairs.
SHOTS = (2, 4, 8, 16)
#: Networks for a few hundred raters: they are no better with the lab's longer schedule.
CONFIG = ModelsConfig(
    width=32, batch=32,
    schedule=Schedule(
        rate=5e-3, warmup=50, explore=(300, 300), ramp=0, cool=300, decay=0.01, chunk=100
    ),
)  # fmt: skip
#: Numbers of shared linear rewards, of which held-out pairs choose.
BASES = BasesConfig((2, 3, 5))
#: Members of an ensemble, of which hidden pairs choose.
ENSEMBLE = EnsembleConfig((1, 2, 4, 6), starts=2)
#: Chances below this count as this, so that a certainty that is wrong has a finite loss.
LEAST_CHANCE = 1e-4
ORACLE = "oracle"
#: Models that a spot check trains again.
CHECKED = (ORACLE, "prototypes", "individual", "features", "lore", "own", "gaussian", "ensemble")
#: Measures of each seed after each number of pairs.
MEASURES = ("accuracy", "disputed", "minority", "loss", "calibration")
#: Worlds in which models of names alone know every item that is asked about.
NAMED = ("pets", "kinds", "spread")
#: Trainings at the same time, after the first two.
THREADS = 2
#: Shares of one seed agree within this; rounding differs between machines.
TOLERANCE = 0.03

Predict = Callable[[Comparisons, Comparisons], np.ndarray]
Fit = Callable[[jax.Array, Comparisons], Predict]


@dataclass(frozen=True)
class FewPairsModel:
    """A model of the comparison.

    Attributes:
        title: for a person.
        fit: fits it to training pairs and returns its predictions.
        needs_names: whether it knows items by name alone, and is left out where unknown items are
            asked about.
        left_out: worlds in which it is not trained.
        slow: worlds in which a training takes so long that only ``FEW_SEEDS`` are trained.
    """

    title: str
    fit: Fit
    needs_names: bool = False
    left_out: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()


FEW_SEEDS = SEEDS[:5]


def _of(fit: Callable, *settings: Any) -> Fit:
    """The predictions of a ``FitRewardModel`` with the study's settings."""

    def fitted(key: jax.Array, train: Comparisons) -> Predict:
        model, _ = fit(key, train, CONFIG, None, *settings)
        return model.probabilities

    return fitted


def _fit_gaussian(key: jax.Array, train: Comparisons) -> Predict:
    """One Gaussian over the utilities of named items, with a full covariance."""
    names = tuple(map(str, range(train.items)))
    prompts = tuple(map(str, range(len(train.offsets) - 1)))
    catalogue = Catalogue(prompts, names, np.arange(train.items), train.offsets)
    fitted = Gaussian().fit(comparisons_to_ratings(train, catalogue))
    return partial(_gaussian_probabilities, fitted, catalogue)


def _gaussian_probabilities(
    fitted: FittedGaussian, catalogue: Catalogue, context: Comparisons, queries: Comparisons
) -> np.ndarray:
    rater = np.repeat(np.arange(queries.raters), queries.pairs.shape[1])
    first, second = queries.pairs.reshape(-1, 2).T
    visible = comparisons_to_ratings(context, catalogue)
    return fitted.pair_probability(visible, rater, first, second).reshape(queries.mask.shape)


def _fit_ensemble(key: jax.Array, train: Comparisons) -> Predict:
    """Rewards fitted without rater ids, weighed by a rater's pairs as if members were kinds."""
    return ensembles.fit(key, train, CONFIG, None, ENSEMBLE)[0].personal_probabilities


MODELS: dict[str, FewPairsModel] = {
    "pooled": FewPairsModel("Bradley–Terry", _of(pooled.fit)),
    "distributional": FewPairsModel("Distributional", _of(distributional.fit)),
    "vpl": FewPairsModel("VPL", _of(vpl.fit)),
    "prototypes": FewPairsModel("Prototypes", _of(prototypes.fit)),
    "individual": FewPairsModel(
        "Individual raters", _of(individual.fit),
        slow=("maze", "text-detail", "text-caution", "text-tone"),
    ),
    "features": FewPairsModel("Reward features", _of(reward_features.fit, BASES)),
    "lore": FewPairsModel("LoRe", _of(lore.fit, BASES)),
    "own": FewPairsModel("A regression each", lambda key, train: fit_own(train).probabilities),
    "gaussian": FewPairsModel("One Gaussian", _fit_gaussian, needs_names=True),
    "ensemble": FewPairsModel("Ensemble without ids", _fit_ensemble),
    "polar": FewPairsModel("POLAR", _of(polar.fit)),
    # Its sentences name features. Waves of a place and directions of a vector have no names: of
    # texts with 59 such features it learnt nothing in a trial that took 23 s of a core.
    "plus": FewPairsModel("PLUS", _of(summaries.fit), left_out=("maze", *TEXTS), slow=WORLDS),
}  # fmt: skip


def spec() -> str:
    """A hash of the study's settings."""
    models = {
        name: (entry.needs_names, entry.left_out, entry.slow) for name, entry in MODELS.items()
    }
    settings = (SEEDS, FEW_SEEDS, SIZES, SHOTS, CONFIG, BASES, ENSEMBLE, WORLDS, NAMED)
    return settings_hash(settings, LEAST_CHANCE, models)


def models_of(world: str, seed: int) -> tuple[str, ...]:
    """The models that are trained on a world with a seed, and the oracle."""
    chosen = (
        name
        for name, entry in MODELS.items()
        if (world in NAMED or not entry.needs_names)
        and world not in entry.left_out
        and (world not in entry.slow or seed in FEW_SEEDS)
    )
    return (ORACLE, *chosen)


# -- one training ---------------------------------------------------------------------------------


def judge(world: PairWorld, model: str, seed: int) -> dict[str, Any]:
    """Train a model on a world and measure its predictions.

    Returns:
        Each of ``MEASURES`` by ``SHOTS``, None where there is no smallest type; ``"bins"``: of the
        calibration curve, by ``SHOTS``; ``"seconds"`` of a processor core for all of it, which
        mean nothing while other threads train.
    """
    started = time.process_time()
    predict: Predict = world.oracle_probabilities
    if model != ORACLE:
        key = jax_key(seed, KeyStream.FEW_PAIRS, list(MODELS).index(model))
        predict = MODELS[model].fit(key, world.train)
    chances = [
        np.asarray(predict(world.context.masked_after(n), world.queries), float) for n in SHOTS
    ]
    seconds = time.process_time() - started
    rows = [_measures(chance, world) for chance in chances]
    found: dict[str, Any] = {m: [row[m] for row in rows] for m in (*MEASURES, "bins")}
    return found | {"seconds": round(seconds, 2)}


def _measures(chance: np.ndarray, world: PairWorld) -> dict[str, Any]:
    """Measures of the chances of what raters answered ``[raters, pairs]``."""
    credit, minority = collapse.query_credit(chance), world.minority
    curve = calibration_curve(chance.ravel())
    found = {
        "accuracy": credit.mean(),
        "disputed": credit[world.disputed].mean(),
        "minority": None if minority is None else credit[minority].mean(),
        "loss": -np.log(np.maximum(chance, LEAST_CHANCE)).mean(),
        "calibration": curve.error,
    }
    return rounded(found, 4) | {"bins": curve.bins}


# -- the study ------------------------------------------------------------------------------------


def run(
    on_progress: Listener = None,
    worlds: Sequence[str] = WORLDS,
    seeds: Sequence[int] = SEEDS,
    sizes: WorldSizes = SIZES,
) -> dict[str, Any]:
    """Train every model on every world: a minute or more for each world.

    Returns:
        ``"shots"``; ``"worlds"``: name -> as ``summary``.
    """
    found = {}
    for number, name in enumerate(worlds):
        if on_progress is not None:
            message = f"World {number + 1} of {len(worlds)}: {name}"
            on_progress(Progress(name, number / len(worlds), message))
        found[name] = _run_world(name, seeds, sizes)
    return {"shots": list(SHOTS), "worlds": found}


def _run_world(name: str, seeds: Sequence[int], sizes: WorldSizes) -> dict[str, Any]:
    def work(number: int) -> dict[str, Any]:
        seed = seeds[number]
        world = draw_pair_world(name, seed, sizes)
        return {model: judge(world, model, seed) for model in models_of(name, seed)}

    # The first compiles, the second is measured.
    first = [work(0)] if seeds else []
    others = map_tasks(work, range(1, len(seeds)), "threads", workers=THREADS, first_alone=True)
    return summary(seeds, [*first, *others])


def summary(
    seeds: Sequence[int], judged: Sequence[Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """What a world's trainings found.

    Args:
        judged: of each seed: model -> as ``judge``.

    Returns:
        Model -> ``"seeds"``, each of ``MEASURES`` ``[seeds, shots]`` (None where there is none),
        ``"bins"`` of all seeds together by ``SHOTS``, and ``"seconds"`` of a processor core for one
        training, of the second seed, with nothing to compile.
    """
    found = {}
    for model in judged[0]:
        rows = [row[model] for row in judged if model in row]
        own = [seed for seed, row in zip(seeds, judged, strict=True) if model in row]
        entry: dict[str, Any] = {"seeds": own}
        for measure in MEASURES:
            values = [row[measure] for row in rows]
            entry[measure] = None if values[0][0] is None else values
        entry["bins"] = [_joined([row["bins"][n] for row in rows]) for n in range(len(SHOTS))]
        found[model] = entry | {"seconds": rows[min(1, len(rows) - 1)]["seconds"]}
    return found


def _joined(curves: Sequence[Sequence[Mapping[str, float]]]) -> list[list[float]]:
    """Bins of several calibration curves together: predicted, observed and pairs of each."""
    bins = [b for curve in curves for b in curve]
    if not bins:
        return []
    place = np.minimum(((np.array([b["predicted"] for b in bins]) - 0.5) * 20).astype(int), 9)
    found = []
    for k in np.unique(place):
        own = [b for b, p in zip(bins, place, strict=True) if p == k]
        pairs = sum(b["pairs"] for b in own)
        means = [sum(b[key] * b["pairs"] for b in own) / pairs for key in ("predicted", "observed")]
        found.append([*np.round(means, 4).tolist(), pairs])
    return found


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first seed of three kinds, repeated with the models
    that are quickly trained."""
    stored, found = content["result"]["worlds"]["kinds"], []
    world = draw_pair_world("kinds", SEEDS[0], SIZES)
    for model in CHECKED:
        fresh = judge(world, model, SEEDS[0])["accuracy"]
        found += differences(stored[model]["accuracy"][0], fresh, TOLERANCE, f"{model}.")
    return found


STUDY = ModuleStudy(
    name="few-pairs",
    title="Every reward model on seven populations, by the pairs of an unseen rater",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
