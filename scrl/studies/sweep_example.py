"""A small sweep that comes with the library: who is asked, how many, and how sure they are.

In the story of the first screen hardly any Memphis rater ranks Morristown, and Bradley–Terry puts
it last. The sweep varies the share of them who do, the number of raters, and the noise of choices.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from scrl.config import Config
from scrl.parallel import run_tasks
from scrl.pipeline import run as run_once
from scrl.results import rounded
from scrl.runs.measures import measures_of
from scrl.runs.report import to_dict
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SCENARIO, PROMPT, TYPE, COMPLETION = "tennessee-morristown", "best", "Memphis", "Morristown"
NAME = "Who ranks Morristown"
#: Setting -> its values, by the names that a sweep's specification has for them.
AXES: dict[str, tuple[float, ...]] = {
    "scenario.raters": (30, 300, 3000),
    f"scenario.types.{TYPE}.includes.{PROMPT}.{COMPLETION}": (0.1, 0.5, 0.9),
    "scenario.noise": (0.0, 1.0),
}
SEEDS = tuple(range(5))
RULES = ("borda", "plurality")
#: The measures that are kept, by how they begin, and of those the left out, by how they end.
MEASURES = ("agreement/", "welfare/", "latent/components", "check/largest")
LEFT_OUT = ("/places", "/reversed")
#: Kendall's τ agrees within one swapped pair of ten; rounding differs between machines.
TOLERANCE = 0.21
DIGITS = 6


def settings_of_tasks() -> list[dict[str, float]]:
    """The settings of each task, without the seed, in order."""
    return [dict(zip(AXES, values, strict=True)) for values in product(*AXES.values())]


def scenario_of(settings: Mapping[str, float]) -> Scenario:
    """The scenario of a task. Raters are drawn independently, so that few raters are a sample."""
    raters, share, noise = (settings[name] for name in AXES)
    scenario = load_scenario(gallery()[SCENARIO]).model_copy(update={"sampling": "iid"})
    return with_overrides(
        scenario, raters=int(raters), noise=noise, includes={TYPE: {PROMPT: {COMPLETION: share}}}
    )


def spec() -> str:
    """A hash of the study's settings."""
    scenarios = [scenario_of(settings).to_yaml() for settings in settings_of_tasks()]
    return settings_hash(scenarios, SEEDS, RULES, MEASURES, LEFT_OUT, Config())


def run(
    on_progress: Listener = None,
    settings: Sequence[Mapping[str, float]] | None = None,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Any]:
    """Run every task: some minutes.

    Returns:
        ``"name"``, ``"axes"``, ``"scenario"``, ``"completions"`` and ``"tasks"``: of each its
        ``settings``, ``seed``, ``measures`` and ``orders``: source -> rule -> places, each of
        positions in ``completions``; Bradley–Terry's has no rule.
    """
    tasks = [(dict(s), seed) for s in settings or settings_of_tasks() for seed in seeds]
    done = 0

    def count(_: object) -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(Progress("sweep", done / len(tasks), f"{done} of {len(tasks)} runs"))

    found = run_tasks(_run_task, tasks, "threads", count, first_alone=True)
    for result in found:
        if result.failure is not None:
            raise result.failure.to_exception()
    return {
        "name": NAME, "scenario": SCENARIO,
        "axes": {name: list(values) for name, values in AXES.items()},
        "completions": list(scenario_of(settings_of_tasks()[0]).offered(PROMPT)),
        "tasks": [result.value for result in found],
    }  # fmt: skip


def _run_task(task: tuple[Mapping[str, float], int]) -> dict[str, Any]:
    settings, seed = task
    result = to_dict(run_once(scenario_of(settings), Config(rules=RULES), seed))
    entry = result["prompts"][PROMPT]
    place = {name: i for i, name in enumerate(entry["completions"])}

    def places(outcome: Mapping[str, Any]) -> list[list[int]]:
        return [[place[name] for name in tied] for tied in outcome["order"]]

    kept = {
        name: value
        for name, value in measures_of(result).items()
        if name.startswith(MEASURES) and not name.endswith(LEFT_OUT)
    }
    return {
        "settings": dict(settings), "seed": seed, "measures": rounded(kept, DIGITS),
        "orders": {
            "truth": {rule: places(entry["truth"][rule]) for rule in RULES},
            "vanilla": places(entry["vanilla"]),
            "social": {rule: places(entry["social"][rule]) for rule in RULES},
        },
    }  # fmt: skip


def result_of(content: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    """The orders of a task as in a result file, which also has scores.

    Args:
        content: of ``run``. task: one of its tasks.
    """
    names = content["completions"]

    def order(places: Sequence[Sequence[int]]) -> dict[str, Any]:
        return {"order": [[names[i] for i in tied] for tied in places]}

    orders = task["orders"]
    return {
        "scenario": content["scenario"],
        "seed": task["seed"],
        "prompts": {
            PROMPT: {
                "completions": names,
                "vanilla": order(orders["vanilla"]),
                **{source: {rule: order(places) for rule, places in orders[source].items()}
                   for source in ("truth", "social")},
            }
        },
    }  # fmt: skip


def task_id(task: Mapping[str, Any]) -> str:
    """The id of a task's row."""
    text = json.dumps([task["settings"], task["seed"]])
    return hashlib.sha256(text.encode()).hexdigest()


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from one task of each number of raters, repeated."""
    stored = content["result"]
    own = {task_id(task): task for task in stored["tasks"]}
    expected = {
        task_id({"settings": s, "seed": seed}) for s in settings_of_tasks() for seed in SEEDS
    }
    if own.keys() != expected:
        return ["tasks: others are stored than the settings name"]
    chosen = [s for s in settings_of_tasks() if list(s.values())[1:] == [0.5, 0.0]]
    found = []
    for fresh in run(on_progress, chosen, SEEDS[:1])["tasks"]:
        before = own[task_id(fresh)]
        for name in (n for n in fresh["measures"] if n.endswith("/tau")):
            where = f"{fresh['settings']}: {name}: "
            found += differences(
                before["measures"].get(name), fresh["measures"][name], TOLERANCE, where
            )
    return found


STUDY = ModuleStudy(
    name="sweep-example",
    title="A small sweep: raters, who answers, and noise",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
