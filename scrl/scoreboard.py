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

from scrl.agreement import kendall_tau, order_places
from scrl.config import ModelsConfig
from scrl.diagnostics.health import reliability
from scrl.evaluation import Bootstrap
from scrl.policies.families import worth
from scrl.questions import abstaining
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
from scrl.reward_models.base import Model
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.held_out import OF_DATA, Size, Trial, limits
from scrl.sampling import shares, true_ballots, type_utilities
from scrl.scenario import Scenario, gallery, load_scenario, scenario_to_yaml
from scrl.together import Together, first_alone
from scrl.types import Ballots, InputError, Progress, Ratings
from scrl.voting import aggregate

#: What is baked, and what a page begins with.
SCENARIOS, SEEDS, RULE = ("pets", "tennessee-morristown"), tuple(range(10)), "borda"
MOST_SEEDS = 20
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
    rule: str = RULE,
    config: ModelsConfig | None = None,
    size: Size | None = None,
) -> dict:
    """Train each model from each seed and judge it.

    Returns:
        Plain data: ``"name"``, ``"rule"``, ``"types"``, ``"prompts"`` (completions by prompt),
        ``"seeds"``, ``"size"``, ``"data"`` (whether it is), ``"held"`` (raters), ``"truth"`` (order
        by prompt; None of data), ``"limits"`` (see ``limits``; None of data), and ``"rows"``, one
        a model, in which a measure is ``[mean, low, high]``, or ``[None] * 3`` where there is none.

    Raises:
        InputError: as ``check``.
    """
    config = config or ModelsConfig()
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
        rows.append({"model": name} | judge(source, rule, trials, mine, base))
    catalogue = source.catalogue() if is_drawn(source) else source.catalogue
    return {
        "name": source.name,
        "rule": rule,
        "types": list(source.type_names if is_drawn(source) else source.types),
        "prompts": {p: list(catalogue.names(i)) for i, p in enumerate(catalogue.prompts)},
        "seeds": list(seeds),
        "size": vars(size),
        "data": not is_drawn(source),
        "held": size.held if is_drawn(source) else len({int(w) for t in trials for w in t.who}),
        "truth": _truth(source, rule) if is_drawn(source) else None,
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

MEASURES = (
    "accuracy", "disputed", "calibration", "tau", "distortion", "minority", "least", "maxmin",
)  # fmt: skip
NONE = [None, None, None]


def _of_scenario(scenario: Scenario, rule: str, trials, said: Sequence[_Said], base) -> dict:
    """A row: means over seeds with intervals."""
    count = len(scenario.types)
    runs, by_type, contested, covered = [], [], [], []
    for trial, one in zip(trials, said, strict=True):
        right = doctor.right(one.chances)
        kinds = np.broadcast_to(trial.asked.rater_type[:, None], right.shape)
        runs.append(
            {
                "accuracy": right.mean(),
                "disputed": right[trial.disputed].mean() if trial.disputed.any() else None,
                "calibration": reliability(one.chances.ravel())[1],
            }
            | _elected(scenario, rule, one)
        )
        by_type.append([_mean(right[kinds == t]) for t in range(count)])
        contested.append([_mean(right[(kinds == t) & trial.disputed]) for t in range(count)])
        covered.append(abstaining(one.chances, np.ones(right.shape, bool), np.array(COVERAGE)))
    spread = {m: _over_seeds([run[m] for run in runs]) for m in MEASURES}
    return _row(said, rule, scenario.catalogue()) | spread | {
        "ahead": NONE,
        "each": {m: [_short(run[m]) for run in runs] for m in ("accuracy", "disputed")},
        "by_type": _columns(by_type), "disputed_by_type": _columns(contested),
        "covered": np.mean(covered, axis=0).round(4).tolist(),
    }  # fmt: skip


def _of_data(ratings: Ratings, rule: str, trials, said: Sequence[_Said], base) -> dict:
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
    return _row(said, rule, ratings.catalogue) | dict.fromkeys(MEASURES, NONE) | {
        "accuracy": over_raters(every, right), "disputed": over_raters(disputed, right),
        "calibration": [_short(reliability(chance)[1]), None, None], "ahead": ahead,
        "each": {"accuracy": [], "disputed": []}, "by_type": [], "disputed_by_type": [],
        "covered": abstaining(chance, every, np.array(COVERAGE)).round(4).tolist(),
    }  # fmt: skip


def _row(said: Sequence[_Said], rule: str, catalogue) -> dict:
    """What both kinds of source have."""
    health = [one.health for one in said if one.health is not None]
    failed = [h for h in health if h.collapsed]
    told = failed or health
    return {
        "active": float(np.mean([h.active for h in health])) if health else None,
        "collapsed": len(failed), "trainings": len(said),
        "checks": [_short(np.mean([getattr(h, k) for h in health])) for k in
                   ("own", "swapped", "silenced")] if health else NONE,
        "verdict": doctor.verdict(told[0] if told else None, said[0].model),
        "orders": _orders(rule, np.concatenate([one.rewards for one in said]), catalogue),
        "parameters": said[0].model.parameters,
        "seconds": round(float(np.median([one.seconds for one in said])), 2),
    }  # fmt: skip


def _orders(rule: str, rewards: np.ndarray, catalogue) -> dict[str, list[list[str]]]:
    """The rule's order of each prompt, the rewards ``[raters, items]`` being the ballots."""
    found = {}
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        outcome = aggregate(Ballots(rewards[:, start:stop]), rule)
        found[catalogue.prompts[p]] = outcome.order(list(catalogue.names(p)))
    return found


def _truth(scenario: Scenario, rule: str) -> dict[str, list[list[str]]]:
    catalogue = scenario.catalogue()
    return {
        prompt: aggregate(ballots, rule).order(list(catalogue.names(p)))
        for p, (prompt, ballots) in enumerate(
            zip(catalogue.prompts, true_ballots(scenario, 1024), strict=True)
        )
    }


def _elected(scenario: Scenario, rule: str, said: _Said) -> dict:
    """What the order counted from the held-out raters' rewards is worth, a mean over prompts:
    Kendall's ``tau`` with the truth; of the winner (tied ones share) ``distortion``, and how far
    the smallest type (``minority``) and the worst-off (``least``) get what they want, 0 to 1;
    and how far the worst-off would by MaxMin over prototypes, where there are such."""
    catalogue, share = scenario.catalogue(), shares(scenario)
    utility, found = type_utilities(scenario), []
    orders, truth = _orders(rule, said.rewards, catalogue), _truth(scenario, rule)
    for p, prompt in enumerate(catalogue.prompts):
        names = list(catalogue.names(p))
        places = [order_places(order[prompt], names) for order in (orders, truth)]
        first = np.isin(names, orders[prompt][0])
        here = utility[:, slice(*catalogue.offsets[p : p + 2])]
        value = worth(first / first.sum(), here, share)
        small = share <= share.min() + 1e-9
        fair = np.nan
        if isinstance(said.model, prototypes.Prototypes):
            least = said.model.maxmin()[slice(*catalogue.offsets[p : p + 2])]
            fair = worth(np.eye(len(names))[least.argmax()], here, share).worst
        found.append(
            (kendall_tau(*places), value.distortion, value.satisfied[small].min(), value.worst,
             fair)
        )  # fmt: skip
    return dict(zip(MEASURES[3:], map(float, np.mean(found, axis=0)), strict=True))


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


def spec_of(scenario: Scenario, seeds: Sequence[int] = SEEDS) -> str:
    """A hash of all that a baked scoreboard depends on but the code."""
    known = (scenario_to_yaml(scenario), tuple(MODELS), tuple(seeds), ModelsConfig(), Size(), RULE)
    return hashlib.sha256(repr((*known, HEAVY)).encode()).hexdigest()[:16]


def bake(stem: str, command: str, on_progress: Listener = None, folder: Path | None = None) -> Path:
    """Train them and write what the page shows at once; seconds are left out, so that baking again
    changes nothing."""
    folder = folder or BAKED
    scenario = load_scenario(gallery()[stem])
    result = run(scenario, tuple(MODELS), SEEDS, on_progress)
    result["rows"] = [row | {"seconds": None} for row in result["rows"]]
    content = {"result": result, "made": command, "spec": spec_of(scenario)}
    folder.mkdir(exist_ok=True)
    path = folder / f"models-{stem}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    return path
