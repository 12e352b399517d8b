"""Train wrongly, and see why: the five masking regimes side by side on one scenario.

The appendix "Training missteps and solutions" of the method's blog post says of four ways of hiding
ballots how a model trained by each would cheat, and of a fifth, the curriculum, that it does not.
What it says is made a number in ``PREDICTIONS``, and asked of raters of a fresh sample, with the
same completions hidden for all five: none, one of each ballot, or half of it. All five are trained
by one compiled program, from the same parameters on the same raters for as many steps.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from scrl import losses
from scrl.batches import Bucket, buckets
from scrl.config import IndividualConfig, Schedule
from scrl.diagnostics import active_units, principal_plane
from scrl.diagnostics.clusters import nearest
from scrl.masking import REGIMES
from scrl.models.individual import Individual, fit_individual
from scrl.report import BAKED
from scrl.runtime import start
from scrl.sampling import sample, shares, type_utilities
from scrl.scenario import Scenario, gallery, load_scenario, scenario_to_yaml, with_overrides
from scrl.types import InputError, Progress

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
#: What is hidden of each held-out ballot.
HIDDEN = ("none", "one", "half")
#: Held-out raters asked at the end, and during training; the seed of their sample, far from those
#: that are trained on; draws from each posterior.
HELD, WATCHED, HELD_SEED, DRAWS = 1000, 200, 1_000_003, 8
#: What is measured of an exam (see ``Exam.of``).
MEASURES = ("hidden loss", "visible loss", "hidden pairs", "visible pairs")
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


#: Written down before any of it was measured.
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


# -- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Exam:
    """Held-out raters of whom part of each ballot is hidden.

    Attributes:
        parts: their ballots, whole, and which completions are visible ``[rows, contests, slots]``.
        kinds: the raters' types ``[raters]``, by part one after the other.
    """

    parts: tuple[tuple[Bucket, np.ndarray], ...]
    kinds: np.ndarray

    @classmethod
    def of(cls, scenario: Scenario, hidden: str, raters: int = HELD) -> Exam:
        """A fresh sample; which completions are hidden is as fixed as the sample."""
        ratings = sample(with_overrides(scenario, raters=raters), HELD_SEED).ratings
        rng = np.random.default_rng(np.random.SeedSequence(HELD_SEED, spawn_key=(1,)))
        whole = buckets(ratings)
        if not whole:
            raise InputError(f"{scenario.name}: nobody ranks two completions, so none can be hidden.")
        parts = tuple((bucket, visible(bucket.mask, hidden, rng)) for bucket in whole)
        kinds = np.concatenate([ratings.rater_type[b.rater[: b.size]] for b in whole])
        return cls(parts, kinds)

    def read(self, model: Individual) -> np.ndarray:
        """Posterior means ``[raters, latent]`` by what is visible."""
        return np.concatenate([model.read(replace(b, mask=v)).mean for b, v in self.parts])

    def marks(self, model: Individual, draws: int = DRAWS) -> dict[str, float | None]:
        """How a model does.

        Returns:
            ``hidden loss``: -log P(order of all | order of the visible), ``visible loss``: -log
            P(order of the visible), both in nats a rater and means over posterior draws; ``hidden
            pairs`` and ``visible pairs``: the share ordered rightly of the pairs of which a side is
            hidden, and of the others; None without such pairs.
        """
        rng = np.random.default_rng(np.random.SeedSequence(HELD_SEED, spawn_key=(2,)))
        found = []
        for bucket, shown in self.parts:
            posterior = model.read(replace(bucket, mask=shown))
            jitter = rng.random(bucket.rank.shape, np.float32)
            every, seen, gap = 0.0, 0.0, 0.0
            for _ in range(draws):
                rewards = model.rewards(posterior.draw(rng))
                reward = np.take_along_axis(rewards, bucket.item.reshape(len(rewards), -1), 1)
                reward = reward.reshape(bucket.item.shape)
                both = _nats(reward, bucket.rank, bucket.mask, shown, bucket.weight, jitter)
                every, seen = every + both[0] / draws, seen + both[1] / draws
                gap = gap + np.tanh(0.5 * (reward[..., :, None] - reward[..., None, :]))
            found.append((every - seen, seen, *_pairs(bucket, shown, gap)))
        return _marks(found)


def visible(mask: np.ndarray, hidden: str, rng: np.random.Generator) -> np.ndarray:
    """What is left to see of ballots ``[rows, contests, slots]`` of which nothing, one completion,
    or half of them (rounded down, but one at least) are hidden at random."""
    draw = np.where(mask, rng.random(mask.shape), -1.0)
    place = (-draw).argsort(-1).argsort(-1)
    size = mask.sum(-1, keepdims=True)
    count = {"none": 0 * size, "one": np.minimum(size, 1), "half": np.maximum(size // 2, 1)}
    return mask & (place >= count[hidden])


@jax.jit
def _nats(reward, rank, mask, shown, weight, jitter):
    """Losses of whole ballots and of their visible parts, summed over a rater's ``[rows]`` each."""
    each = jax.vmap(jax.vmap(losses.list_loss))
    return tuple(jnp.sum(weight * each(reward, rank, m, jitter), axis=1) for m in (mask, shown))


def _pairs(bucket: Bucket, shown: np.ndarray, gap: np.ndarray) -> tuple[np.ndarray, ...]:
    """Pairs ordered rightly ``[hidden, visible]`` and how many there are; true ties are left out,
    and a tie that is predicted counts half."""
    rank = bucket.rank
    ahead = (rank[..., :, None] < rank[..., None, :]) & bucket.mask[..., :, None]
    ahead &= bucket.mask[..., None, :]
    seen = shown[..., :, None] & shown[..., None, :]
    right = (gap > 0) + 0.5 * (gap == 0)
    kinds = (ahead & ~seen, ahead & seen)
    return (np.array([right[k].sum() for k in kinds]), np.array([k.sum() for k in kinds]))


def _marks(found: list[tuple]) -> dict[str, float | None]:
    hidden, seen = (np.concatenate([f[i] for f in found]).mean() for i in (0, 1))
    right, count = (sum(f[i] for f in found) for i in (2, 3))
    share = [float(r / c) if c else None for r, c in zip(right, count, strict=True)]
    return dict(zip(MEASURES, (float(hidden), float(seen), *share), strict=True))


def oracle(scenario: Scenario, exam: Exam) -> dict[str, float | None]:
    """The marks of somebody who knows the types and their shares, and sees what is visible. What is
    visible can be repeated, so that has no loss but by the raters' noise.

    Pairs of a noisy scenario are predicted from the types alone.
    """
    utility, share = type_utilities(scenario), shares(scenario)
    said = _said(scenario)
    scale = max(scenario.noise, 1e-4)
    found = []
    for bucket, shown in exam.parts:
        u = (utility / scale)[:, bucket.item]
        jitter = np.random.default_rng(0).random(bucket.rank.shape, np.float32)
        both = [_nats(x.astype(np.float32), bucket.rank, bucket.mask, shown, bucket.weight, jitter)
                for x in u]  # fmt: skip
        every, seen = (-np.array([b[i] for b in both], np.float64) for i in (0, 1))
        prior = np.log(share)[:, None] + np.sum(shown * said[:, bucket.item], axis=(2, 3))
        weight = np.exp(prior + seen - (prior + seen).max(0))
        weight /= weight.sum(0)
        loss = _log_sum(prior + seen) - _log_sum(prior + every)
        gap = np.tanh(0.5 * np.clip(u[..., :, None] - u[..., None, :], -50, 50))
        gap = np.einsum("tr,trcab->rcab", weight, gap)
        own = -np.sum(weight * seen, axis=0)
        pairs = _pairs(bucket, shown, np.where(np.abs(gap) < 1e-9, 0, gap))
        found.append((loss, own, *pairs))
    return _marks(found)


def _log_sum(x: np.ndarray) -> np.ndarray:
    top = x.max(0)
    return top + np.log(np.exp(x - top).sum(0))


def _said(scenario: Scenario) -> np.ndarray:
    """Log of the chance that a rater of each type ranks each item ``[types, items]``."""
    chance = [
        [t.answers.get(p, 1.0) * t.includes.get(p, {}).get(c, 1.0)
         for p in scenario.prompts for c in scenario.offered(p)]
        for t in scenario.types.values()
    ]  # fmt: skip
    return np.log(np.maximum(chance, 1e-9))


# -- the trainings --------------------------------------------------------------------------------


def compare(
    scenario: Scenario,
    seeds: Sequence[int],
    latent: int = LATENTS[0],
    on_progress: Listener = None,
    config: IndividualConfig = CONFIG,
    held: int = HELD,
) -> dict:
    """Train each regime with each seed and examine it.

    The first training compiles and runs alone, the others two at a time: more than batched in one,
    since two cores are then used throughout.

    Returns:
        Plain data: ``"scenario"``, ``"types"``, ``"latent"``, ``"seeds"``; ``"oracle"``: what is
        hidden -> marks; ``"runs"``: of each training ``regime``, ``seed``, ``active`` (units),
        ``near`` (share of half-hidden raters read nearest to where their own type's whole ballots
        are), ``end`` (what is hidden -> marks), ``curves`` (``step``, and of what is hidden the two
        losses); ``"maps"``: regime -> the first seed's map (``x``, ``y``, ``type``, ``whole``).

    Raises:
        InputError: where there is nothing to hide.
    """
    start()
    exams = {hidden: Exam.of(scenario, hidden, held) for hidden in HIDDEN}
    watched = {h: Exam.of(scenario, h, min(held, WATCHED)) for h in HIDDEN if h != "none"}
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
                marks = exam.marks(model, draws=1)
                for name in ("hidden loss", "visible loss"):
                    curves.setdefault(f"{hidden}, {name}", []).append(round(marks[name], 4))
            board.say(i, regime, seed, curves, done)

        model, _ = fit_individual(
            jax.random.key(seed), drawn[seed], replace(config, regime=regime), report,
            any_regime=True,
        )  # fmt: skip
        return _examined(model, exams) | {"regime": regime, "seed": seed, "curves": curves}, (
            _map(model, exams) if seed == seeds[0] else {}
        )

    board.begin()
    found = [train(0)]
    with ThreadPoolExecutor(2, "scrl-regimes") as pool:
        waiting = [pool.submit(train, i) for i in range(1, len(every))]
        try:
            found += [one.result() for one in waiting]
        except BaseException:  # one was cancelled, or failed: the others are not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {
        "scenario": scenario.name,
        "types": list(scenario.type_names),
        "latent": latent,
        "seeds": list(seeds),
        "oracle": {h: _rounded(oracle(scenario, exam)) for h, exam in exams.items()},
        "runs": [run for run, _ in found],
        "maps": {run["regime"]: drawn for run, drawn in found if drawn},
    }


def _rounded(marks: dict) -> dict:
    return {k: None if v is None else round(v, 4) + 0.0 for k, v in marks.items()}


def _examined(model: Individual, exams: dict[str, Exam]) -> dict:
    whole, half = (exams[h].read(model) for h in ("none", "half"))
    kinds = exams["none"].kinds
    known = np.unique(kinds)
    profiles = np.stack([whole[kinds == k].mean(0) for k in known])
    return {
        "active": active_units(whole),
        "near": round(float((known[nearest(half, profiles)] == kinds).mean()), 4),
        "end": {h: _rounded(exam.marks(model)) for h, exam in exams.items()},
    }


def _map(model: Individual, exams: dict[str, Exam], shown: int = 120) -> dict:
    """Some held-out raters, read whole and with half of each ballot hidden, on one plane."""
    whole, half = (exams[h].read(model) for h in ("none", "half"))
    plane, _ = principal_plane(np.concatenate([whole, half]))
    some = np.linspace(0, len(whole) - 1, min(shown, len(whole))).astype(int)
    at = np.concatenate([plane[: len(whole)][some], plane[len(whole) :][some]])
    kinds = exams["none"].kinds[some].tolist()
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
    """Whether the curriculum does both: hidden pairs within two points of the oracle's and visible
    pairs within two of all, in every seed."""
    hidden, seen = (
        marks_of(result, CURRICULUM, "half", f"{kind} pairs") for kind in ("hidden", "visible")
    )
    most = result["oracle"]["half"]["hidden pairs"]
    short = float(np.max(most - hidden))
    return {
        "hidden": hidden, "visible": seen, "oracle": most,
        "both": bool(short <= SHORT and not (1 - seen > SHORT).any()),
    }  # fmt: skip


# -- baked ----------------------------------------------------------------------------------------


def spec_of(latent: int) -> str:
    """A hash of all that a baked comparison depends on but the code."""
    scenario = scenario_to_yaml(load_scenario(gallery()[SCENARIO]))
    known = (scenario, SEEDS, latent, CONFIG, HELD, WATCHED, HELD_SEED, DRAWS, HIDDEN)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def bake(latent: int, command: str, on_progress: Listener = None, folder: Path | None = None):
    """Train them and write what the page shows at once."""
    folder = folder or BAKED
    result = compare(load_scenario(gallery()[SCENARIO]), SEEDS, latent, on_progress)
    content = {"result": result, "made": command, "spec": spec_of(latent)}
    folder.mkdir(exist_ok=True)
    path = folder / f"regimes-{latent}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    return path
