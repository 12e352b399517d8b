"""One task of a sweep, in whatever process it runs: a run, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.results import Order, RunResult
from scrl.runs.measures import MAX_PROMPTS, measures_of
from scrl.sweeps.planning import SweepTask


def compute(task: SweepTask) -> dict[str, Any]:
    """Run a task.

    Returns:
        ``"measures"``, ``"orders"``, ``"result"`` and ``"evaluation"`` of ``store.Record``.

    Raises:
        InputError: as ``run``.
    """
    from scrl.evaluation.held_out_accuracy import evaluate
    from scrl.pipeline import run
    from scrl.runs.report import to_dict

    experiment = run(task.source, task.config, task.seed)
    result, evaluation = to_dict(experiment), None
    measures = measures_of(result) | distortions(result, task.source)
    if task.hide is not None:
        found = evaluate(experiment.ratings, task.config, task.hide, task.seed, rivals=())
        evaluation = found.to_dict()
        measures |= {
            name: value
            for name, value in measures_of(evaluation).items()
            if name.startswith(("accuracy/", "calibration_error/"))
        }
    orders = order_texts(result)
    return {"measures": measures, "orders": orders, "result": result, "evaluation": evaluation}


def order_texts(result: RunResult) -> dict[str, str]:
    """The orders of a result as text, best first: ``PROMPT/RULE/SOURCE``, and ``PROMPT/vanilla``.

    Those of ``MAX_PROMPTS`` prompts; the result holds all.
    """
    found = {}
    for prompt, entry in list(result["prompts"].items())[:MAX_PROMPTS]:
        label = prompt.replace("/", "_")
        found[f"{label}/vanilla"] = _as_text(entry["vanilla"]["order"])
        for source in ("truth", "raters", "voters", "social"):
            outcomes: Mapping[str, Any] = entry.get(source, {})  # type: ignore[assignment]
            for rule, outcome in outcomes.items():
                found[f"{label}/{rule}/{source}"] = _as_text(outcome["order"])
    return found


def _as_text(order: Order) -> str:
    return " > ".join(" = ".join(tied) for tied in order)


def distortions(result: RunResult, source: Any) -> dict[str, float]:
    """The greatest mean utility of a completion over that of an order's winner, a mean over
    prompts: ``distortion/vanilla``, ``distortion/RULE/truth`` and ``distortion/RULE/social``.

    Where utilities are below zero, or a winner's is zero, there is none.
    """
    utility = source.type_utilities
    if utility is None or np.min(utility) < 0:
        return {}
    values: dict[str, list[float]] = {}
    for entry in result["prompts"].values():
        welfare: Mapping[str, Any] = entry.get("welfare", {})  # type: ignore[assignment]
        for kind in ("truth", "social"):
            for rule, found in welfare.get(kind, {}).items():
                values.setdefault(f"distortion/{rule}/{kind}", []).append(
                    _ratio(welfare["best"], found["mean"])
                )
        if welfare:
            ratio = _ratio(welfare["best"], welfare["vanilla"]["mean"])
            values.setdefault("distortion/vanilla", []).append(ratio)
    means = {name: float(np.mean(own)) for name, own in values.items()}
    return {name: round(mean, 9) for name, mean in means.items() if np.isfinite(mean)}


def _ratio(best: float, mean: float) -> float:
    return best / mean if mean > 0 else np.inf
