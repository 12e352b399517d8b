"""Reward models side by side: trained on the same raters' pairs, judged on raters never met.

Of a scenario intervals are over seeds, each of which draws other raters; of data they are
bootstraps over raters, everybody having been held out once a seed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import jax
import numpy as np
from scipy.stats import t as student

from scrl.agreement import kendall_tau, order_places, strictly_reversed
from scrl.config import DEFAULT_RULES, ModelsConfig
from scrl.diagnostics.health import reliability
from scrl.evaluation import Bootstrap
from scrl.policies.families import worth
from scrl.questions import abstaining
from scrl.ratings_io import load_ratings
from scrl.report import BAKED
from scrl.reward_models import (
    distributional,
    doctor,
    held_out,
    individual,
    per_type,
    pooled,
    prototypes,
    vpl,
)
from scrl.reward_models.base import Model, win_rates
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.held_out import OF_DATA, Size, Trial, limits
from scrl.runtime import device_name
from scrl.sampling import shares, true_ballots, type_utilities
from scrl.scenario import Scenario, gallery, load_scenario, scenario_to_yaml
from scrl.together import Together, first_alone
from scrl.types import Ballots, InputError, Progress, Ratings, places_to_order
from scrl.voting import aggregate

#: What is baked, and what a page begins with.
SCENARIOS, SEEDS = ("pets", "tennessee-morristown"), tuple(range(10))
#: Real people whose ballots are baked too where they are at hand: file in a folder, and seeds.
PEOPLE = {
    "breakfast": ("breakfast/breakfast.csv", 5),
    "mqm": ("mqm/wmt2023-ende-mqm.csv", 5),
}
#: How the rewards of held-out raters become one order: a rule of voting, or the mean of each
#: completion's win rates, rewards between 0 and 1 that raters share (VPL's own scale).
WIN_RATES = "win-rates"
ORDERS_BY = (*DEFAULT_RULES, WIN_RATES)
MOST_SEEDS = 20
#: Of data, whose raters are few and have said much: fewer of them a step.
FEW = ModelsConfig(batch=16)
#: Shares of the pairs asked, the surest first, of which it is said how many are right.
COVERAGE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
Listener = Callable[[Progress], None] | None


@dataclass(frozen=True)
class Entry:
    """A row of the scoreboard.

    Attributes:
        title: for a person; about: what it is, in a line.
        fit: ``(key, comparisons, config, on_chunk) -> (model, info)``.
        reads: whether what it says depends on the rater; told: on the true type, which no model
            can know.
    """

    title: str
    about: str
    fit: Callable
    reads: bool = True
    told: bool = False


def _held(key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None):
    return vpl.fit(key, comparisons, replace(config, beta=HEAVY, anneal="constant"), on_chunk)


#: A weight of the KL that, held from the start, leaves a latent unused.
HEAVY = 16.0
MODELS: dict[str, Entry] = {
    "pooled": Entry("Bradley–Terry", "one reward for everybody: the floor", pooled.fit, False),
    "distributional": Entry(
        "Distributional", "for everybody, a mean and a spread of each completion",
        distributional.fit, False,
    ),
    "categorical": Entry(
        "Categorical", "for everybody, chances of ten values of each completion",
        partial(distributional.fit, kind="categorical"), False,
    ),
    "held": Entry("VPL, KL held", f"VPL with β {HEAVY:g} from the first step, to fail", _held),
    "vpl": Entry("VPL", "a latent, inferred from a rater’s pairs", vpl.fit),
    "prototypes": Entry(
        "Prototypes", "a few rewards, weighed by a rater’s pairs", prototypes.fit
    ),
    "individual": Entry(
        "Individual raters", "the lab’s own model, each pair a ballot", individual.fit
    ),
    "types": Entry(
        "One for each type", "told the true type: the ceiling", per_type.fit, told=True
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Said:
    """What one model says in one trial: chances of the pairs asked ``[held, pairs]``, rewards of
    the held-out raters ``[held, items]``, and its health."""

    chances: np.ndarray
    rewards: np.ndarray
    health: object
    model: Model
    seconds: float


def check(source: Scenario | Ratings, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Raise what ``run`` would at once.

    Raises:
        InputError: in one sentence.
    """
    if unknown := set(models) - set(MODELS):
        raise InputError(f"There is no reward model named '{min(unknown)}'.")
    if not models:
        raise InputError("Choose at least one reward model.")
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise InputError(f"Give 1 to {MOST_SEEDS} seeds.")
    for trial in held_out.trials(
        source, seeds[:1], Size(40, 2, 20, 2, 2) if is_drawn(source) else OF_DATA
    ):
        if "types" in models:
            per_type.types_of(trial.train)


def available(source: Scenario | Ratings) -> tuple[str, ...]:
    """The models that can be trained on it: one for each type only where types are known."""
    kinds = None if is_drawn(source) else source.rater_type
    known = is_drawn(source) or (kinds is not None and (kinds >= 0).all())
    return tuple(name for name, entry in MODELS.items() if known or not entry.told)


def is_drawn(source: Scenario | Ratings) -> bool:
    return isinstance(source, Scenario)


def run(
    source: Scenario | Ratings,
    models: Sequence[str],
    seeds: Sequence[int] = (0,),
    on_progress: Listener = None,
    config: ModelsConfig | None = None,
    size: Size | None = None,
) -> dict:
    """Train each model from each seed and judge it.

    Returns:
        Plain data: ``"name"``, ``"types"``, ``"prompts"`` (completions by prompt), ``"seeds"``,
        ``"size"``, ``"data"`` (whether it is), ``"held"`` (raters), ``"truth"`` (orders by rule and
        prompt) and ``"limits"`` (see ``limits``), both None of data, and ``"rows"``, one a model,
        in which a measure is ``[mean, low, high]``, or ``[None] * 3`` where there is none.

    Raises:
        InputError: as ``check``.
    """
    config = config or (ModelsConfig() if is_drawn(source) else FEW)
    size = size or (Size() if is_drawn(source) else OF_DATA)
    check(source, models, seeds)
    models = [name for name in MODELS if name in models]
    trials = list(held_out.trials(source, seeds, size))
    together = Together(on_progress, len(trials))

    def work(i: int) -> dict[str, _Said]:
        return together.work(i, lambda listen: _fitted(trials[i], models, config, listen))

    said = first_alone(work, len(trials), min(os.cpu_count() or 1, 8))
    rows = []
    for name in models:
        mine = [one[name] for one in said]
        judge = _of_scenario if is_drawn(source) else _of_data
        base = [one["pooled"] for one in said] if "pooled" in models else None
        rows.append({"model": name} | judge(source, trials, mine, base))
    catalogue = source.catalogue() if is_drawn(source) else source.catalogue
    return {
        "name": source.name,
        "types": list(source.type_names if is_drawn(source) else source.types),
        "prompts": {p: list(catalogue.names(i)) for i, p in enumerate(catalogue.prompts)},
        "seeds": list(seeds),
        "size": vars(size),
        "data": not is_drawn(source),
        "held": size.held if is_drawn(source) else len({int(w) for t in trials for w in t.who}),
        "truth": {r: _truth(source, r) for r in ORDERS_BY} if is_drawn(source) else None,
        "limits": limits(source) if is_drawn(source) else None,
        "rows": rows,
    }


def _fitted(trial: Trial, models: Sequence[str], config: ModelsConfig, listen) -> dict[str, _Said]:
    found = {}
    for i, name in enumerate(models):
        entry, started = MODELS[name], time.perf_counter()

        def report(curves, done, i=i, title=entry.title) -> None:
            if listen is not None:
                listen(Progress(title, (i + done) / len(models), title))

        report(None, 0.0)
        key = jax.random.fold_in(jax.random.key(trial.seed), list(MODELS).index(name))
        model, _ = entry.fit(key, trial.train, config, report)
        found[name] = _Said(
            np.asarray(model.chances(trial.context, trial.asked), np.float64),
            model.rewards(trial.context), doctor.examine(model, trial.context, trial.asked),
            model, time.perf_counter() - started,
        )  # fmt: skip
    return found


# -- what is made of it ---------------------------------------------------------------------------

MEASURES = ("accuracy", "disputed", "calibration", "maxmin")
#: Of what a rule elects.
ELECTED = ("tau", "reversed", "distortion", "minority", "least")
NONE = [None, None, None]


def _of_scenario(scenario: Scenario, trials, said: Sequence[_Said], base) -> dict:
    """A row: means over seeds with intervals."""
    count, true = len(scenario.types), {rule: _truth(scenario, rule) for rule in ORDERS_BY}
    runs, elected, by_type, contested, covered = [], [], [], [], []
    for trial, one in zip(trials, said, strict=True):
        right = doctor.right(one.chances)
        kinds = np.broadcast_to(trial.asked.rater_type[:, None], right.shape)
        runs.append(
            {
                "accuracy": right.mean(),
                "disputed": right[trial.disputed].mean() if trial.disputed.any() else None,
                "calibration": reliability(one.chances.ravel())[1],
            }
            | {"maxmin": _fairest(scenario, one.model)}
        )
        elected.append({rule: _elected(scenario, truth, rule, one) for rule, truth in true.items()})
        by_type.append([_mean(right[kinds == t]) for t in range(count)])
        contested.append([_mean(right[(kinds == t) & trial.disputed]) for t in range(count)])
        covered.append(abstaining(one.chances, np.ones(right.shape, bool), np.array(COVERAGE)))
    spread = {m: _over_seeds([run[m] for run in runs]) for m in MEASURES}
    return _row(said, scenario.catalogue()) | spread | {
        "ahead": NONE,
        "elected": {
            rule: {m: _over_seeds([run[rule][m] for run in elected]) for m in ELECTED}
            for rule in ORDERS_BY
        },
        "each": {m: [_short(run[m]) for run in runs] for m in ("accuracy", "disputed")},
        "by_type": _columns(by_type), "disputed_by_type": _columns(contested),
        "covered": np.mean(covered, axis=0).round(4).tolist(),
    }  # fmt: skip


def _of_data(ratings: Ratings, trials, said: Sequence[_Said], base) -> dict:
    """A row: all folds of all seeds together, with intervals over raters."""
    mask = [trial.asked.mask for trial in trials]
    who = np.concatenate(
        [np.repeat(t.who, m.sum(1)) for t, m in zip(trials, mask, strict=True)]
    )  # fmt: skip
    disputed = np.concatenate([t.disputed[m] for t, m in zip(trials, mask, strict=True)])

    def flat(those: Sequence[_Said]) -> np.ndarray:
        return np.concatenate([one.chances[m] for one, m in zip(those, mask, strict=True)])

    chance = flat(said)
    right = doctor.right(chance)

    def over_raters(some: np.ndarray, values: np.ndarray) -> list:
        if not some.any():
            return NONE
        found = Bootstrap(who[some], np.random.default_rng(0))(values[some])
        return [found.mean, found.low, found.high]

    every = np.ones(len(right), bool)
    ahead = NONE if base is None else over_raters(every, right - doctor.right(flat(base)))
    return _row(said, ratings.catalogue) | {
        "accuracy": over_raters(every, right), "disputed": over_raters(disputed, right),
        "calibration": [_short(reliability(chance)[1]), None, None], "ahead": ahead,
        "maxmin": NONE, "elected": None,
        "each": {"accuracy": [], "disputed": []}, "by_type": [], "disputed_by_type": [],
        "covered": abstaining(chance, every, np.array(COVERAGE)).round(4).tolist(),
    }  # fmt: skip


def _row(said: Sequence[_Said], catalogue) -> dict:
    """What both kinds of source have."""
    health = [one.health for one in said if one.health is not None]
    failed = [h for h in health if h.collapsed]
    told = failed or health
    rewards = np.concatenate([one.rewards for one in said])
    return {
        "active": float(np.mean([h.active for h in health])) if health else None,
        "collapsed": len(failed), "trainings": len(said),
        "checks": [_short(np.mean([getattr(h, k) for h in health])) for k in
                   ("own", "swapped", "silenced")] if health else NONE,
        "verdict": doctor.verdict(told[0] if told else None, said[0].model),
        "orders": {rule: _orders(rule, rewards, catalogue) for rule in ORDERS_BY},
        "parameters": said[0].model.parameters,
        "seconds": round(float(np.median([one.seconds for one in said])), 2),
    }  # fmt: skip


def _orders(rule: str, rewards: np.ndarray, catalogue) -> dict[str, list[list[str]]]:
    """The rule's order of each prompt, the rewards ``[raters, items]`` being the ballots."""
    found = {}
    if rule == WIN_RATES:
        rate = np.round(win_rates(rewards, catalogue.offsets).mean(axis=0), 9)
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        names = list(catalogue.names(p))
        if rule == WIN_RATES:
            here = rate[start:stop]
            found[catalogue.prompts[p]] = places_to_order((here > here[:, None]).sum(1), names)
        else:
            found[catalogue.prompts[p]] = aggregate(Ballots(rewards[:, start:stop]), rule).order(
                names
            )
    return found


def _truth(scenario: Scenario, rule: str) -> dict[str, list[list[str]]]:
    """The true order of each prompt; the mean win rate of sure raters is Borda's score."""
    catalogue, rule = scenario.catalogue(), "borda" if rule == WIN_RATES else rule
    return {
        prompt: aggregate(ballots, rule).order(list(catalogue.names(p)))
        for p, (prompt, ballots) in enumerate(
            zip(catalogue.prompts, true_ballots(scenario, 1024), strict=True)
        )
    }


def _elected(scenario: Scenario, truth: dict, rule: str, said: _Said) -> dict:
    """What the order counted from the held-out raters' rewards is worth, a mean over prompts:
    Kendall's ``tau`` with the truth and how many strict pairs of it are ``reversed``; of the winner
    (tied ones share) ``distortion``, and how far the smallest type (``minority``) and the worst-off
    (``least``) get what they want, 0 to 1."""
    catalogue, share, found = scenario.catalogue(), shares(scenario), []
    orders = _orders(rule, said.rewards, catalogue)
    for p, prompt in enumerate(catalogue.prompts):
        names = list(catalogue.names(p))
        mine, true = (order_places(order[prompt], names) for order in (orders, truth))
        first = mine == 0
        value = worth(first / first.sum(), _utilities(scenario, p), share)
        small = share <= share.min() + 1e-9
        found.append((
            kendall_tau(mine, true), strictly_reversed(true, mine), value.distortion,
            value.satisfied[small].min(), value.worst,
        ))  # fmt: skip
    return dict(zip(ELECTED, map(float, np.mean(found, axis=0)), strict=True))


def _fairest(scenario: Scenario, model: Model) -> float | None:
    """How far the worst-off type gets what it wants, 0 to 1, where on each prompt the completion is
    given whose least reward among the prototypes is greatest (MaxMin); None without prototypes."""
    if not isinstance(model, prototypes.Prototypes):
        return None
    catalogue, least, found = scenario.catalogue(), model.maxmin(), []
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        given = np.eye(stop - start)[least[start:stop].argmax()]
        found.append(worth(given, _utilities(scenario, p), shares(scenario)).worst)
    return float(np.mean(found))


def _utilities(scenario: Scenario, prompt: int) -> np.ndarray:
    offsets = scenario.catalogue().offsets
    return type_utilities(scenario)[:, slice(*offsets[prompt : prompt + 2])]


def _over_seeds(values: Sequence) -> list:
    """Mean and its 95 % interval (Student's); none where a value is missing."""
    if any(v is None or not np.isfinite(v) for v in values):
        return NONE
    mean, half = np.mean(values), 0.0
    if len(values) > 1:
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        half = student.ppf(0.975, len(values) - 1) * error
    return [_short(mean), _short(mean - half), _short(mean + half)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _columns(rows: Sequence[Sequence[float]]) -> list:
    return [_short(x) for x in np.mean(rows, axis=0)]


def _short(x) -> float | None:
    return None if x is None or not np.isfinite(x) else round(float(x), 4)


# -- baked ----------------------------------------------------------------------------------------


def spec_of(scenario: Scenario | None) -> str:
    """A hash of all that a baked scoreboard depends on but the code; of data (None) all but those,
    whose own hash is ``print_of``."""
    if scenario is None:
        known = (PEOPLE, FEW, OF_DATA)
    else:
        known = (scenario_to_yaml(scenario), SEEDS, ModelsConfig(), Size())
    return _hash(repr((known, tuple(MODELS), ORDERS_BY, HEAVY)).encode())


def print_of(ratings: Ratings) -> str:
    """A hash of who ranked what."""
    parts = (ratings.item, ratings.rank, ratings.offsets, ratings.ballot_rater)
    return _hash(b"".join(np.asarray(part, np.int64).tobytes() for part in parts))


def _hash(known: bytes) -> str:
    return hashlib.sha256(known).hexdigest()[:16]


def bake(
    stem: str,
    command: str,
    on_progress: Listener = None,
    folder: Path | None = None,
    data: Path | None = None,
) -> Path:
    """Train all models and write what the page shows at once; seconds are left out, so that baking
    again changes nothing.

    Args:
        stem: one of ``SCENARIOS`` or, with the folder ``data``, of ``PEOPLE``.
    """
    folder = folder or BAKED
    if data is None:
        scenario = load_scenario(gallery()[stem])
        result = run(scenario, tuple(MODELS), SEEDS, on_progress)
        content = {"made": command, "spec": spec_of(scenario)}
    else:
        file, seeds = PEOPLE[stem]
        ratings = load_ratings(data / file)
        result = run(ratings, available(ratings), range(seeds), on_progress)
        content = {"made": command, "spec": spec_of(None), "print": print_of(ratings)}
    result["rows"] = [row | {"seconds": None} for row in result["rows"]]
    folder.mkdir(exist_ok=True)
    path = folder / f"models-{stem}.json"
    content |= {"device": device_name()}
    text = json.dumps({"result": result} | content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", "utf-8")
    return path
