"""Reward models side by side: trained on the same raters' pairs, judged on raters never met.

Who is asked what is in ``reward_models.held_out``, what is made of the answers in ``judging``.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from scrl.config import ModelsConfig
from scrl.data.readers import load_ratings
from scrl.random_streams import KeyStream, jax_key
from scrl.reward_models import (
    collapse,
    distributional,
    individual,
    per_type,
    pooled,
    prototypes,
    vpl,
)
from scrl.reward_models.comparisons import Comparisons
from scrl.runs.parallel import run_after_warmup
from scrl.runs.progress import ProgressAggregator, chunk_reporter
from scrl.runs.report import keep_baked
from scrl.runtime import device_name
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies import scoreboard_metrics as judging
from scrl.studies import scoreboard_splits as held_out
from scrl.studies.scoreboard_metrics import MOST_PROMPTS, ORDERS_BY, Said, truth_of
from scrl.studies.scoreboard_splits import OF_DATA, Size, Trial, limits
from scrl.types import InputError, Progress, Ratings

#: What is baked, and what a page begins with.
SCENARIOS, SEEDS = ("pets", "tennessee-morristown"), tuple(range(10))
#: Real people whose ballots are baked too where they are at hand: file in a folder, and seeds.
PEOPLE = {
    "breakfast": ("breakfast/breakfast.csv", 5),
    "mqm": ("mqm/wmt2023-ende-mqm.csv", 5),
}
MOST_SEEDS = 20
#: Of data, whose raters are few and have said much: fewer of them a step.
FEW = ModelsConfig(batch=16)
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


def check(source: Scenario | Ratings, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Raise what ``run`` would at once.

    Raises:
        InputError: in one sentence.
    """
    _check_choice(models, seeds)
    size = Size(40, 2, 20, 2, 2) if source.is_scenario else OF_DATA
    _check_types(models, held_out.trials(source, seeds[:1], size))


def _check_choice(models: Sequence[str], seeds: Sequence[int]) -> None:
    if unknown := set(models) - set(MODELS):
        raise InputError(f"There is no reward model named '{min(unknown)}'.")
    if not models:
        raise InputError("Choose at least one reward model.")
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise InputError(f"Give 1 to {MOST_SEEDS} seeds.")


def _check_types(models: Sequence[str], trials: Iterable[Trial]) -> None:
    for trial in trials:
        if "types" in models:
            per_type.known_types(trial.train)


def available(source: Scenario | Ratings) -> tuple[str, ...]:
    """The models that can be trained on it: one for each type only where types are known."""
    return tuple(
        name for name, entry in MODELS.items() if source.knows_every_type or not entry.told
    )


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
    config = config or (ModelsConfig() if source.is_scenario else FEW)
    size = size or (Size() if source.is_scenario else OF_DATA)
    _check_choice(models, seeds)
    models = [name for name in MODELS if name in models]
    trials = list(held_out.trials(source, seeds, size))
    _check_types(models, trials)
    truth = {r: truth_of(source, r) for r in ORDERS_BY} if source.is_scenario else None
    progress = ProgressAggregator(on_progress, len(trials))

    def work(i: int) -> dict[str, Said]:
        return progress.work(i, lambda listen: _fitted(trials[i], models, config, listen))

    said = run_after_warmup(work, len(trials), min(os.cpu_count() or 1, 8))
    rows = []
    for name in models:
        mine = [one[name] for one in said]
        base = [one["pooled"] for one in said] if "pooled" in models else None
        row = (judging.of_scenario(source, truth, trials, mine) if source.is_scenario
               else judging.of_data(source, trials, mine, base))  # fmt: skip
        rows.append({"model": name} | row)
    catalogue = source.catalogue
    return {
        "name": source.name,
        "types": list(source.type_names),
        "prompts": {
            p: list(catalogue.names(i)) for i, p in enumerate(catalogue.prompts) if i < MOST_PROMPTS
        },
        "seeds": list(seeds),
        "size": vars(size),
        "data": not source.is_scenario,
        "held": size.held if source.is_scenario else len({int(w) for t in trials for w in t.who}),
        "truth": truth,
        "limits": limits(source) if source.is_scenario else None,
        "rows": rows,
    }


def _fitted(trial: Trial, models: Sequence[str], config: ModelsConfig, listen) -> dict[str, Said]:
    found = {}
    for i, name in enumerate(models):
        entry, started = MODELS[name], time.perf_counter()
        report = chunk_reporter(listen, i, len(models), entry.title, entry.title)
        if report is not None:
            report(None, 0.0)
        key = jax_key(trial.seed, KeyStream.SCOREBOARD, list(MODELS).index(name))
        model, _ = entry.fit(key, trial.train, config, report)
        found[name] = Said(
            np.asarray(model.probabilities(trial.context, trial.asked), np.float64),
            model.rewards(trial.context),
            collapse.check_collapse(model, trial.context, trial.asked),
            model, time.perf_counter() - started,
        )  # fmt: skip
    return found


# -- baked ----------------------------------------------------------------------------------------


def spec_of(scenario: Scenario | None) -> str:
    """A hash of all that a baked scoreboard depends on but the code; of data (None) all but those,
    whose own hash is ``print_of``."""
    if scenario is None:
        known = (PEOPLE, FEW, OF_DATA)
    else:
        known = (scenario.to_yaml(), SEEDS, ModelsConfig(), Size())
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
    content |= {"device": device_name()}
    return keep_baked(f"models-{stem}", {"result": result} | content, folder)
