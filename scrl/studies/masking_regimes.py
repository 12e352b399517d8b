"""Train wrongly, and see why: the five masking regimes side by side on one scenario.

The appendix "Training missteps and solutions" of the method's blog post says of four ways of hiding
ballots how a model trained by each would cheat, and of a fifth, the curriculum, that it does not.
What it says is made a number in ``PREDICTIONS``, and asked of raters of a fresh sample, with the
same completions hidden for all five: none, one of each ballot, or half of it. All five are trained
by one compiled program, from the same parameters on the same raters for as many steps.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scrl.config import IndividualConfig, Schedule
from scrl.diagnostics import active_units, principal_plane
from scrl.diagnostics.clusters import nearest
from scrl.evaluation.held_out_sets import DRAWS, HIDDEN, RATERS, SEED, HeldOutSet, oracle_metrics
from scrl.random_streams import KeyStream, jax_key
from scrl.raters.masking import REGIMES
from scrl.raters.model import Individual, fit_individual
from scrl.runs.parallel import run_after_warmup
from scrl.runs.report import keep_baked
from scrl.runtime import start
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import sample
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.types import Progress

SCENARIO = "tennessee-inverted-full"
CURRICULUM = "curriculum"
#: What is baked: seeds, and sizes of the latent. The second is the post's "arbitrarily large".
SEEDS = tuple(range(10))
LATENTS = (8, 64)
#: How many seeds may be trained from the page.
CHOICES = (5, 10)
#: As many steps for all: what delays the curriculum's ramp is nothing at all under ``full``.
SCHEDULE = replace(Schedule(), explore=(800, 800))
#: Single-completion views belong to the house's own training, and would help all five.
CONFIG = IndividualConfig(single=0.0, schedule=SCHEDULE)
#: Held-out raters who are asked during training.
WATCHED = 200
#: Shares of pairs by which the curriculum may fall short where it is said to do well.
SHORT = 0.02

Listener = Callable[[Progress], None] | None


@dataclass(frozen=True)
class Prediction:
    """What the post says of a regime, as numbers: (what is hidden, which measure).

    Attributes:
        says: in short; well: what it is said to learn; ill: in what it is to be worse than the
            curriculum.
    """

    says: str
    well: tuple[str, str]
    ill: tuple[str, str]


#: Written down before any held-out rater was asked.
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


# -- the trainings --------------------------------------------------------------------------------


def compare(
    scenario: Scenario,
    seeds: Sequence[int],
    latent: int = LATENTS[0],
    on_progress: Listener = None,
    config: IndividualConfig = CONFIG,
    held: int = RATERS,
) -> dict:
    """Train each regime with each seed and examine it.

    The first training compiles and runs alone, the others two at a time: more than batched in one,
    since two cores are then used throughout.

    Returns:
        Plain data: ``"scenario"``, ``"types"``, ``"dimensions"``, ``"seeds"``; ``"oracle"``: what
        is hidden -> marks; ``"runs"``: of each training ``regime``, ``seed``, ``active`` (units),
        ``near`` (share of half-hidden raters read nearest to where their own type's whole ballots
        are), ``end`` (what is hidden -> marks), ``curves`` (``step``, and of what is hidden the two
        losses); ``"maps"``: regime -> the first seed's map (``x``, ``y``, ``type``, ``whole``).

    Raises:
        InputError: where nobody ranks three completions.
    """
    start()
    exams = {hidden: HeldOutSet.sample(scenario, hidden, held) for hidden in HIDDEN}
    watched = {h: HeldOutSet.sample(scenario, h, min(held, WATCHED)) for h in HIDDEN if h != "none"}
    config = replace(config, latent=latent)
    every = [(regime, seed) for seed in seeds for regime in REGIMES]
    board = _Board(on_progress, len(every))
    drawn = {seed: sample(scenario, seed).ratings for seed in seeds}

    def train(i: int) -> tuple[dict, dict]:
        regime, seed = every[i]
        curves: dict[str, list] = {"step": []}

        def report(model, trained, done) -> None:
            curves["step"].append(int(trained["step"][-1]))
            for hidden, exam in watched.items():
                marks = exam.metrics(model, draws=1)
                for name in ("hidden loss", "visible loss"):
                    curves.setdefault(f"{hidden}, {name}", []).append(round(marks[name], 4))
            board.say(i, regime, seed, curves, done)

        model, _ = fit_individual(
            jax_key(seed, KeyStream.MASKING_REGIMES), drawn[seed],
            replace(config, regime=regime), report, any_regime=True,
        )  # fmt: skip
        return _examined(model, exams) | {"regime": regime, "seed": seed, "curves": curves}, (
            _map(model, exams) if seed == seeds[0] else {}
        )

    board.begin()
    found = run_after_warmup(train, len(every), max_parallel=2)
    return {
        "scenario": scenario.name,
        "types": list(scenario.type_names),
        "dimensions": latent,
        "seeds": list(seeds),
        "oracle": {h: _rounded(oracle_metrics(scenario, exam)) for h, exam in exams.items()},
        "runs": [run for run, _ in found],
        "maps": {run["regime"]: drawn for run, drawn in found if drawn},
    }


def _rounded(marks: dict) -> dict:
    return {k: None if v is None else round(v, 4) + 0.0 for k, v in marks.items()}


def _examined(model: Individual, exams: dict[str, HeldOutSet]) -> dict:
    whole, half = (exams[h].posterior_means(model) for h in ("none", "half"))
    kinds = exams["none"].rater_type
    known = np.unique(kinds)
    profiles = np.stack([whole[kinds == k].mean(0) for k in known])
    return {
        "active": active_units(whole),
        "near": round(float((known[nearest(half, profiles)] == kinds).mean()), 4),
        "end": {h: _rounded(exam.metrics(model)) for h, exam in exams.items()},
    }


def _map(model: Individual, exams: dict[str, HeldOutSet], shown: int = 120) -> dict:
    """Some held-out raters, read whole and with half of each ballot hidden, on one plane."""
    whole, half = (exams[h].posterior_means(model) for h in ("none", "half"))
    plane, _ = principal_plane(np.concatenate([whole, half]))
    some = np.linspace(0, len(whole) - 1, min(shown, len(whole))).astype(int)
    at = np.concatenate([plane[: len(whole)][some], plane[len(whole) :][some]])
    kinds = exams["none"].rater_type[some].tolist()
    return {
        "x": np.round(at[:, 0], 3).tolist(), "y": np.round(at[:, 1], 3).tolist(),
        "type": kinds * 2, "whole": [True] * len(some) + [False] * len(some),
    }  # fmt: skip


class _Board:
    """Reports of trainings side by side as those of one job."""

    def __init__(self, listen: Listener, trainings: int):
        self.listen, self.lock = listen, threading.Lock()
        self.done = [0.0] * trainings
        self.curves: dict[str, tuple] = {}

    def begin(self) -> None:
        if self.listen is not None:
            self.listen(Progress("compiling", 0.0, "The first training compiles"))

    def say(self, i: int, regime: str, seed: int, curves: dict, done: float) -> None:
        if self.listen is None:
            return
        with self.lock:
            self.done[i] = done
            latest = {
                f"{regime}, {kind}": (list(curves["step"]), list(curves[f"half, {kind} loss"]))
                for kind in ("hidden", "visible")
            }
            self.curves = {**self.curves, **latest}
            fraction, shown = sum(self.done) / len(self.done), self.curves
        self.listen(Progress("individual", fraction, f"{regime}, seed {seed}", shown))


# -- what it says ---------------------------------------------------------------------------------


def marks_of(result: dict, regime: str, hidden: str, measure: str) -> np.ndarray:
    """A measure of a regime by seed ``[seeds]``; NaN where it could not be taken."""
    by_seed = {run["seed"]: run["end"][hidden][measure] for run in result["runs"]
               if run["regime"] == regime}  # fmt: skip
    return np.array([by_seed[seed] for seed in result["seeds"]], float)


def judged(result: dict) -> list[dict]:
    """Whether each predicted failure is there.

    Returns:
        Of each regime but the curriculum: ``regime``; ``ill`` and ``well``: what is hidden, and
        which measure; ``worse``: by how many nats a rater it is worse than the curriculum, by seed
        ``[seeds]``; ``pairs``: by how much of a share of those pairs; ``well by``: the same nats
        for what it is said to learn; ``verdict``: ``"appears"`` or ``"reversed"``, where all seeds
        say so, else ``"unclear"``.
    """
    rows = []
    for regime, prediction in PREDICTIONS.items():
        hidden, measure = prediction.ill
        worse = _beyond(result, regime, hidden, measure)
        pairs = -_beyond(result, regime, hidden, measure.replace("loss", "pairs"))
        verdict = "appears" if (worse > 0).all() else "reversed" if (worse < 0).all() else "unclear"
        rows.append({
            "regime": regime, "ill": prediction.ill, "well": prediction.well, "worse": worse,
            "pairs": pairs, "well by": _beyond(result, regime, *prediction.well),
            "verdict": verdict,
        })  # fmt: skip
    return rows


def _beyond(result: dict, regime: str, hidden: str, measure: str) -> np.ndarray:
    mine, best = (marks_of(result, r, hidden, measure) for r in (regime, CURRICULUM))
    return mine - best


def curriculum_keeps(result: dict) -> dict:
    """Whether the curriculum does both: hidden and visible pairs within two points of what perfect
    knowledge of the types gives, in every seed, with half of each ballot hidden.

    Returns:
        ``hidden``, ``visible``: share of pairs ordered rightly ``[seeds]``; ``short``: of perfect
        knowledge by kind, at worst, 0 where never; ``oracle``: its hidden pairs; ``both``.
    """
    kinds = ("hidden", "visible")
    found = {kind: marks_of(result, CURRICULUM, "half", f"{kind} pairs") for kind in kinds}
    best = {kind: result["oracle"]["half"][f"{kind} pairs"] for kind in kinds}
    short = [max(float(np.max(best[kind] - found[kind])), 0.0) for kind in kinds]
    return {**found, "short": short, "oracle": best["hidden"], "both": max(short) <= SHORT}


def curves_of(result: dict, hidden: str) -> dict[str, dict[str, tuple]]:
    """Held-out losses over the training, of raters of whom ``hidden`` is hidden.

    Returns:
        regime -> ``"hidden"``, ``"visible"`` -> steps, mean over seeds, least, most ``[chunks]``.
    """
    found: dict[str, dict[str, tuple]] = {}
    for regime in REGIMES:
        mine = [run["curves"] for run in result["runs"] if run["regime"] == regime]
        chunks = min(len(curves["step"]) for curves in mine)
        found[regime] = {}
        for kind in ("hidden", "visible"):
            values = np.array([curves[f"{hidden}, {kind} loss"][:chunks] for curves in mine])
            steps = np.array(mine[0]["step"][:chunks])
            found[regime][kind] = (steps, values.mean(0), values.min(0), values.max(0))
    return found


# -- baked ----------------------------------------------------------------------------------------


def spec_of(latent: int) -> str:
    """A hash of all that a baked comparison depends on but the code."""
    scenario = load_scenario(gallery()[SCENARIO]).to_yaml()
    asked = (HIDDEN, RATERS, WATCHED, SEED, DRAWS)
    known = (scenario, SEEDS, latent, CONFIG, asked)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def bake(latent: int, command: str, on_progress: Listener = None, folder: Path | None = None):
    """Train them and write what the page shows at once."""
    result = compare(load_scenario(gallery()[SCENARIO]), SEEDS, latent, on_progress)
    content = {"result": result, "made": command, "spec": spec_of(latent)}
    return keep_baked(f"regimes-{latent}", content, folder)
