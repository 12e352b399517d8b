"""The five masking regimes compared on one scenario, and the failures predicted for four of them.

The appendix "Training missteps and solutions" of the method's blog post predicts a failure of four
ways of hiding ballots and none of the fifth, the curriculum. ``PREDICTIONS`` states each prediction
as a metric on held-out raters. The held-out raters are a fresh sample, with the same completions
hidden for all regimes: none, one of each ballot, or half of it. All regimes are trained by one
compiled program, from the same parameters, on the same raters, for the same number of steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from scrl.config import IndividualConfig, Schedule
from scrl.diagnostics import active_units, principal_plane
from scrl.diagnostics.clusters import nearest_profile
from scrl.evaluation.held_out_sets import DRAWS, HIDDEN, RATERS, SEED, HeldOutSet, oracle_metrics
from scrl.parallel import map_tasks
from scrl.random_streams import KeyStream, jax_key
from scrl.raters import Individual, fit_individual
from scrl.raters.masking import REGIMES
from scrl.results import rounded
from scrl.runtime import start
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import sample
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SCENARIO = "tennessee-inverted-full"
CURRICULUM = "curriculum"
#: Baked seeds and sizes of the latent. The second size is the post's "arbitrarily large".
SEEDS = tuple(range(10))
LATENTS = (8, 64)
#: Numbers of seeds that the page offers to train.
SEED_COUNTS = (5, 10)
#: Equal numbers of steps: under ``full`` nothing delays the ramp, so the exploration is fixed.
SCHEDULE = replace(Schedule(), explore=(800, 800))
#: Single-completion views are left out, since they would help all five.
CONFIG = IndividualConfig(single=0.0, schedule=SCHEDULE)
#: Held-out raters on whom losses are measured during training.
MONITORED_RATERS = 200
#: Largest shortfall of the curriculum behind the oracle, as a share of pairs.
MAX_SHORTFALL = 0.02
#: Metrics of one training agree within this; rounding differs between machines.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Prediction:
    """The post's prediction for a regime.

    Attributes:
        summary: in short.
        success, failure: the metric in which it does well, and the metric in which it is worse than
            the curriculum: (what is hidden, a name of ``held_out_sets.MEASURES``).
    """

    summary: str
    success: tuple[str, str]
    failure: tuple[str, str]


#: Written down before any held-out result was seen.
PREDICTIONS = {
    "full": Prediction(
        "repeats what it sees, and knows nothing of what is hidden",
        ("none", "visible loss"),
        ("half", "hidden loss"),
    ),
    "one-hidden": Prediction(
        "places one hidden completion, and no more than one",
        ("one", "hidden loss"),
        ("half", "hidden loss"),
    ),
    "hidden-only": Prediction(
        "places what is hidden, and misplaces what it sees",
        ("half", "hidden loss"),
        ("half", "visible loss"),
    ),
    "all-targets": Prediction(
        "repeats what it sees, and never learns what is hidden",
        ("half", "visible loss"),
        ("half", "hidden loss"),
    ),
}


# -- training -------------------------------------------------------------------------------------


def compare(
    scenario: Scenario,
    seeds: Sequence[int],
    latent: int = LATENTS[0],
    on_progress: Listener = None,
    config: IndividualConfig = CONFIG,
    held: int = RATERS,
    regimes: Sequence[str] = tuple(REGIMES),
) -> dict[str, Any]:
    """Train each regime from each seed and measure it on held-out raters.

    The first training compiles and runs alone, the others two at a time, which uses two cores
    better than one batch of all.

    Args:
        latent: size of the latent. held: number of held-out raters.

    Returns:
        Plain data: ``"scenario"``, ``"types"``, ``"dimensions"``, ``"seeds"``; ``"oracle"``: what
        is hidden -> metrics; ``"runs"``: of each training ``regime``, ``seed``, ``active`` (units),
        ``near`` (share of half-hidden raters whose posterior mean is nearest to that of their own
        type's complete ballots), ``end`` (what is hidden -> metrics), ``curves`` (``step``, and for
        each kind of hiding the two losses); ``"maps"``: regime -> the latent map of the first seed
        (``x``, ``y``, ``type``, ``whole``).

    Raises:
        InputError: where nobody ranks three completions.
    """
    start()
    held_out = {hidden: HeldOutSet.sample(scenario, hidden, held) for hidden in HIDDEN}
    few = min(held, MONITORED_RATERS)
    monitored = {h: HeldOutSet.sample(scenario, h, few) for h in HIDDEN if h != "none"}
    config = replace(config, latent=latent)
    trainings = [(regime, seed) for seed in seeds for regime in regimes]
    board = _ProgressBoard(on_progress, len(trainings))
    ratings = {seed: sample(scenario, seed).ratings for seed in seeds}

    def train(i: int) -> tuple[dict, dict]:
        regime, seed = trainings[i]
        curves: dict[str, list] = {"step": []}
        model, _ = fit_individual(
            jax_key(seed, KeyStream.MASKING_REGIMES), ratings[seed], replace(config, regime=regime),
            _curve_recorder(curves, monitored, partial(board.report, i, regime, seed, curves)),
            any_regime=True,
        )  # fmt: skip
        entry = _measure(model, held_out) | {"regime": regime, "seed": seed, "curves": curves}
        return entry, _latent_map(model, held_out) if seed == seeds[0] else {}

    board.begin()
    found = map_tasks(train, range(len(trainings)), "threads", workers=2, first_alone=True)
    return {
        "scenario": scenario.name,
        "types": list(scenario.type_names),
        "dimensions": latent,
        "seeds": list(seeds),
        "oracle": {h: rounded(oracle_metrics(scenario, held), 4) for h, held in held_out.items()},
        "runs": [entry for entry, _ in found],
        "maps": {entry["regime"]: points for entry, points in found if points},
    }


def _curve_recorder(
    curves: dict[str, list], monitored: Mapping[str, HeldOutSet], report: Callable[[float], None]
) -> Callable[[Individual, Mapping, float], None]:
    """An ``on_chunk`` of ``fit_individual`` that appends held-out losses to ``curves``."""

    def record(model: Individual, trained: Mapping, done: float) -> None:
        curves["step"].append(int(trained["step"][-1]))
        for hidden, held_out in monitored.items():
            metrics = held_out.metrics(model, draws=1)
            for name in ("hidden loss", "visible loss"):
                loss = metrics[name]
                curves.setdefault(f"{hidden}, {name}", []).append(loss and round(loss, 4))
        report(done)

    return record


def _measure(model: Individual, held_out: Mapping[str, HeldOutSet]) -> dict[str, Any]:
    complete, half = (held_out[h].posterior_means(model) for h in ("none", "half"))
    types = held_out["none"].rater_type
    present = np.unique(types)
    profiles = np.stack([complete[types == t].mean(0) for t in present])
    return {
        "active": active_units(complete),
        "near": round(float((present[nearest_profile(half, profiles)] == types).mean()), 4),
        "end": {h: rounded(one.metrics(model), 4) for h, one in held_out.items()},
    }


def _latent_map(
    model: Individual, held_out: Mapping[str, HeldOutSet], max_raters: int = 120
) -> dict[str, list]:
    """Posterior means of held-out raters on one plane, first from complete ballots, then with half
    of each hidden."""
    complete, half = (held_out[h].posterior_means(model) for h in ("none", "half"))
    plane, _ = principal_plane(np.concatenate([complete, half]))
    shown = np.linspace(0, len(complete) - 1, min(max_raters, len(complete))).astype(int)
    at = np.concatenate([plane[: len(complete)][shown], plane[len(complete) :][shown]])
    types = held_out["none"].rater_type[shown].tolist()
    return {
        "x": np.round(at[:, 0], 3).tolist(), "y": np.round(at[:, 1], 3).tolist(),
        "type": types * 2, "whole": [True] * len(shown) + [False] * len(shown),
    }  # fmt: skip


class _ProgressBoard:
    """Reports parallel trainings as one job, with each regime's latest curves."""

    def __init__(self, listen: Listener, trainings: int) -> None:
        self.listen, self.lock = listen, threading.Lock()
        self.fractions = [0.0] * trainings
        self.curves: dict[str, tuple] = {}

    def begin(self) -> None:
        if self.listen is not None:
            self.listen(Progress("compiling", 0.0, "The first training compiles"))

    def report(
        self, i: int, regime: str, seed: int, curves: Mapping[str, list], done: float
    ) -> None:
        if self.listen is None:
            return
        with self.lock:
            self.fractions[i] = done
            latest = {
                f"{regime}, {kind}": (list(curves["step"]), list(curves[f"half, {kind} loss"]))
                for kind in ("hidden", "visible")
            }
            self.curves = {**self.curves, **latest}
            fraction, shown = sum(self.fractions) / len(self.fractions), self.curves
        self.listen(Progress("individual", fraction, f"{regime}, seed {seed}", shown))


# -- results --------------------------------------------------------------------------------------


def metric_by_seed(result: Mapping, regime: str, hidden: str, metric: str) -> np.ndarray:
    """A metric of a regime at the end of training ``[seeds]``; NaN where there is none."""
    values = {run["seed"]: run["end"][hidden][metric] for run in result["runs"]
              if run["regime"] == regime}  # fmt: skip
    return np.array([values[seed] for seed in result["seeds"]], float)


def check_predictions(result: Mapping) -> list[dict[str, Any]]:
    """Whether each predicted failure appears.

    Returns:
        For each regime but the curriculum: ``regime``; ``failure`` and ``success``: metrics of
        its ``Prediction``; ``excess loss``: nats a rater above the curriculum in the failure's
        metric ``[seeds]``; ``lost pairs``: the share of those pairs below the curriculum;
        ``success excess loss``: nats above the curriculum in the success's metric; ``verdict``:
        ``"appears"`` or ``"reversed"`` where all seeds agree, else ``"unclear"``.
    """
    rows = []
    for regime, prediction in PREDICTIONS.items():
        hidden, metric = prediction.failure
        excess = _above_curriculum(result, regime, hidden, metric)
        lost = -_above_curriculum(result, regime, hidden, metric.replace("loss", "pairs"))
        verdict = (
            "appears" if (excess > 0).all() else "reversed" if (excess < 0).all() else "unclear"
        )
        rows.append({
            "regime": regime, "failure": prediction.failure, "success": prediction.success,
            "excess loss": excess, "lost pairs": lost,
            "success excess loss": _above_curriculum(result, regime, *prediction.success),
            "verdict": verdict,
        })  # fmt: skip
    return rows


def _above_curriculum(result: Mapping, regime: str, hidden: str, metric: str) -> np.ndarray:
    own, curriculum = (metric_by_seed(result, r, hidden, metric) for r in (regime, CURRICULUM))
    return own - curriculum


def curriculum_accuracy(result: Mapping) -> dict[str, Any]:
    """Whether the curriculum learns both: hidden and visible pairs within ``MAX_SHORTFALL`` of the
    oracle in every seed, with half of each ballot hidden.

    Returns:
        ``hidden``, ``visible``: pair accuracy ``[seeds]``; ``shortfall``: of hidden and of visible
        pairs behind the oracle in the worst seed, at least 0; ``oracle``: its accuracy on hidden
        pairs; ``both``: the verdict.
    """
    kinds = ("hidden", "visible")
    found = {kind: metric_by_seed(result, CURRICULUM, "half", f"{kind} pairs") for kind in kinds}
    oracle = {kind: result["oracle"]["half"][f"{kind} pairs"] for kind in kinds}
    shortfall = [max(float(np.max(oracle[kind] - found[kind])), 0.0) for kind in kinds]
    both = max(shortfall) <= MAX_SHORTFALL
    return {**found, "shortfall": shortfall, "oracle": oracle["hidden"], "both": both}


def loss_curves(result: Mapping, hidden: str) -> dict[str, dict[str, tuple]]:
    """Held-out losses during training.

    Args:
        hidden: what is hidden of the held-out ballots.

    Returns:
        regime -> ``"hidden"``, ``"visible"`` -> steps, and over seeds the mean, the least and the
        greatest loss ``[chunks]``.
    """
    found: dict[str, dict[str, tuple]] = {}
    for regime in REGIMES:
        selected = [run["curves"] for run in result["runs"] if run["regime"] == regime]
        chunks = min(len(curves["step"]) for curves in selected)
        found[regime] = {}
        for kind in ("hidden", "visible"):
            values = np.array([curves[f"{hidden}, {kind} loss"][:chunks] for curves in selected])
            steps = np.array(selected[0]["step"][:chunks])
            found[regime][kind] = (steps, values.mean(0), values.min(0), values.max(0))
    return found


# -- baked ----------------------------------------------------------------------------------------


def spec(latent: int) -> str:
    """A hash of the settings of the study with this size of the latent."""
    scenario = load_scenario(gallery()[SCENARIO]).to_yaml()
    held_out = (HIDDEN, RATERS, MONITORED_RATERS, SEED, DRAWS)
    return settings_hash(scenario, SEEDS, latent, CONFIG, held_out)


def _run(latent: int, on_progress: Listener) -> dict[str, Any]:
    return {"result": compare(load_scenario(gallery()[SCENARIO]), SEEDS, latent, on_progress)}


def _spot_check(latent: int, content: Mapping[str, Any], on_progress: Listener) -> list[str]:
    """Differences of a stored content from the curriculum's first seed and the oracle, repeated."""
    stored, scenario = content["result"], load_scenario(gallery()[SCENARIO])
    fresh = compare(scenario, SEEDS[:1], latent, on_progress, regimes=(CURRICULUM,))
    trainings = [[run["regime"], run["seed"]] for run in stored["runs"]]
    found = differences(trainings, [[r, seed] for seed in SEEDS for r in REGIMES], 0, "runs.")
    found += differences(stored["oracle"], fresh["oracle"], 1e-3, "oracle.")
    first = next(
        run for run in stored["runs"] if (run["regime"], run["seed"]) == (CURRICULUM, SEEDS[0])
    )
    return found + differences(first["end"], fresh["runs"][0]["end"], TOLERANCE, "end.")


STUDIES = tuple(
    ModuleStudy(
        name=f"masking-regimes-{latent}",
        title=f"Five masking regimes, {latent} latent dimensions",
        modules=(__name__,),
        compute_spec=partial(spec, latent),
        compute=partial(_run, latent),
        check=partial(_spot_check, latent),
    )
    for latent in LATENTS
)
