"""Reward models trained on the same raters' pairs and evaluated on held-out raters.

The splits are made by ``scoreboard_splits``, the rows by ``scoreboard_metrics``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np

from scrl.config import ModelsConfig
from scrl.parallel import map_tasks, usable_cores
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
from scrl.reward_models.protocols import FitRewardModel, OnChunk, RewardModel
from scrl.runs.progress import ProgressAggregator, chunk_reporter
from scrl.scenarios.scenario import Scenario
from scrl.studies.accuracy_ceilings import accuracy_ceilings
from scrl.studies.scoreboard_metrics import (
    MAX_PROMPTS,
    ORDER_RULES,
    Predictions,
    ratings_row,
    scenario_row,
    true_orders,
)
from scrl.studies.scoreboard_splits import RATINGS_SIZES, PairSplit, SplitSizes, pair_splits
from scrl.types import InputError, Progress, Ratings, Source

#: The baked scenarios and seeds, also a page's defaults.
SCENARIOS = ("blood-pressure", "pets", "tennessee-morristown")
SEEDS = tuple(range(10))
#: Ratings of real people, baked where the files are available: file name and number of seeds.
REAL_RATINGS = {
    "breakfast": ("breakfast/breakfast.csv", 5),
    "mqm": ("mqm/wmt2023-ende-mqm.csv", 5),
}
MAX_SEEDS = 20
#: For ratings, whose raters are few with many pairs each: fewer raters a step.
RATINGS_CONFIG = ModelsConfig(batch=16)
Listener = Callable[[Progress], None] | None


@dataclass(frozen=True)
class ModelEntry:
    """A model of the scoreboard.

    Attributes:
        title: for a person; description: one line.
        fit: how it is fitted.
        is_personalised: whether its rewards depend on the rater.
        uses_true_type: whether it is told raters' true types, which no real model knows.
    """

    title: str
    description: str
    fit: FitRewardModel
    is_personalised: bool = True
    uses_true_type: bool = False


#: A weight of the KL that collapses the posterior where it holds from the first step.
HEAVY_BETA = 16.0


def _fit_collapsing_vpl(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk: OnChunk = None
) -> tuple[RewardModel, dict]:
    heavy = replace(config, beta=HEAVY_BETA, anneal="constant")
    return vpl.fit(key, comparisons, heavy, on_chunk)


MODELS: dict[str, ModelEntry] = {
    "pooled": ModelEntry(
        "Bradley–Terry", "one reward for everybody: the floor", pooled.fit, False
    ),
    "distributional": ModelEntry(
        "Distributional", "for everybody, a mean and a spread of each completion",
        distributional.fit, False,
    ),
    "categorical": ModelEntry(
        "Categorical", "for everybody, chances of ten values of each completion",
        partial(distributional.fit, kind="categorical"), False,
    ),
    "held": ModelEntry(
        "VPL, KL held", f"VPL with β {HEAVY_BETA:g} from the first step, to fail",
        _fit_collapsing_vpl,
    ),
    "vpl": ModelEntry("VPL", "a latent, inferred from a rater’s pairs", vpl.fit),
    "prototypes": ModelEntry(
        "Prototypes", "a few rewards, weighed by a rater’s pairs", prototypes.fit
    ),
    "individual": ModelEntry(
        "Individual raters", "the lab’s model of raters, each pair a ballot", individual.fit
    ),
    "types": ModelEntry(
        "One for each type", "told the true type: the ceiling", per_type.fit, uses_true_type=True
    ),
}  # fmt: skip


def check(source: Scenario | Ratings, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Raise at once what ``run`` would raise.

    Raises:
        InputError: in one sentence.
    """
    _check_choice(models, seeds)
    sizes = SplitSizes(40, 2, 20, 2, 2) if source.is_scenario else RATINGS_SIZES
    _check_types(models, pair_splits(source, seeds[:1], sizes))


def _check_choice(models: Sequence[str], seeds: Sequence[int]) -> None:
    if unknown := set(models) - set(MODELS):
        raise InputError(f"There is no reward model named '{min(unknown)}'.")
    if not models:
        raise InputError("Choose at least one reward model.")
    if not 1 <= len(seeds) <= MAX_SEEDS:
        raise InputError(f"Give 1 to {MAX_SEEDS} seeds.")


def _check_types(models: Sequence[str], splits: Iterable[PairSplit]) -> None:
    for split in splits:
        if "types" in models:
            per_type.known_types(split.train)


def available(source: Source) -> tuple[str, ...]:
    """The models that can be trained on a source: one for each type only where types are known."""
    return tuple(
        name
        for name, entry in MODELS.items()
        if source.knows_every_type or not entry.uses_true_type
    )


def run(
    source: Scenario | Ratings,
    models: Sequence[str],
    seeds: Sequence[int] = (0,),
    on_progress: Listener = None,
    config: ModelsConfig | None = None,
    sizes: SplitSizes | None = None,
) -> dict:
    """Train each model from each seed and evaluate it on held-out raters.

    Returns:
        Plain data: ``"name"``, ``"types"``, ``"prompts"`` (completions by prompt), ``"seeds"``,
        ``"size"``, ``"data"`` (whether the source is ratings), ``"held"`` (number of held-out
        raters), ``"truth"`` (orders by rule and prompt) and ``"limits"`` (``accuracy_ceilings``),
        both None of ratings, and ``"rows"``, one a model, in which a measure is ``[mean, low,
        high]``, or ``[None] * 3`` where there is none.

    Raises:
        InputError: as ``check``.
    """
    config = config or (ModelsConfig() if source.is_scenario else RATINGS_CONFIG)
    sizes = sizes or (SplitSizes() if source.is_scenario else RATINGS_SIZES)
    _check_choice(models, seeds)
    models = [name for name in MODELS if name in models]
    splits = list(pair_splits(source, seeds, sizes))
    _check_types(models, splits)
    truth = {r: true_orders(source, r) for r in ORDER_RULES} if source.is_scenario else {}
    progress = ProgressAggregator(on_progress, len(splits))

    def work(i: int) -> dict[str, Predictions]:
        return progress.work(i, lambda listen: _fit_all(splits[i], models, config, listen))

    predictions = map_tasks(
        work, range(len(splits)), "threads", workers=min(usable_cores(), 8), first_alone=True
    )
    rows = []
    for name in models:
        of_model = [by_model[name] for by_model in predictions]
        if source.is_scenario:
            row = scenario_row(source, truth, splits, of_model)
        else:
            baseline = [p["pooled"] for p in predictions] if "pooled" in models else None
            row = ratings_row(source, splits, of_model, baseline)
        rows.append({"model": name} | row)
    held_out = np.unique(np.concatenate([split.held_out for split in splits]))
    catalogue = source.catalogue
    return {
        "name": source.name,
        "types": list(source.type_names),
        "prompts": {
            p: list(catalogue.names(i)) for i, p in enumerate(catalogue.prompts) if i < MAX_PROMPTS
        },
        "seeds": list(seeds),
        "size": sizes.to_dict(),
        "data": not source.is_scenario,
        "held": len(held_out),
        "truth": truth or None,
        "limits": accuracy_ceilings(source) if source.is_scenario else None,
        "rows": rows,
    }


def _fit_all(
    split: PairSplit, models: Sequence[str], config: ModelsConfig, listen: Listener
) -> dict[str, Predictions]:
    """Each model's predictions on a split."""
    predictions = {}
    for i, name in enumerate(models):
        entry, started = MODELS[name], time.perf_counter()
        report = chunk_reporter(listen, i, len(models), entry.title, entry.title)
        if report is not None:
            report(None, 0.0)
        key = jax_key(split.seed, KeyStream.SCOREBOARD, list(MODELS).index(name))
        model, _ = entry.fit(key, split.train, config, report)
        predictions[name] = Predictions(
            np.asarray(model.probabilities(split.context, split.queries), np.float64),
            model.rewards(split.context),
            collapse.check_collapse(model, split.context, split.queries),
            model, time.perf_counter() - started,
        )  # fmt: skip
    return predictions
