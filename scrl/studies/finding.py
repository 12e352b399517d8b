"""The result of the first screen: Tennessee with Morristown, run once with the default settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrl.config import Config
from scrl.pipeline import run
from scrl.runs.report import latent_map, to_dict
from scrl.runtime import start
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.protocol import Listener, ModuleStudy, differences, selected, settings_hash

SCENARIO, SEED = "tennessee-morristown", 0
#: Raters on the baked latent map.
MAP_RATERS = 400
#: Scores and rewards agree within this; rounding differs between machines.
TOLERANCE = 0.03


def spec() -> str:
    """A hash of the run's settings."""
    return settings_hash(load_scenario(gallery()[SCENARIO]).to_yaml(), Config(), SEED, MAP_RATERS)


def compute(on_progress: Listener = None) -> dict[str, Any]:
    """The run's ``"result"`` without seconds and device, and its ``"latent"`` map."""
    start()
    experiment = run(load_scenario(gallery()[SCENARIO]), Config(), SEED, on_progress)
    result = to_dict(experiment)
    del result["seconds"], result["device"]
    return {"result": result, "latent": latent_map(experiment, MAP_RATERS)}


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the whole run, repeated."""
    return result_differences(content["result"], compute(on_progress)["result"])


def result_differences(stored: Mapping, fresh: Mapping) -> list[str]:
    """Where two results of the first screen differ by more than rounding.

    The truth and the raters' own ballots are exact. Where a rule's true order has ties, only the
    strict pairs of the truth are compared: a voter or two breaks a tie either way.
    """
    same, sizes = ("scenario", "seed"), ("raters", "dim")
    found = differences(selected(stored, same), selected(fresh, same))
    before, after = (selected(result["latent"], sizes) for result in (stored, fresh))
    found += differences(before, after, where="latent.")
    (then,), (now,) = stored["prompts"].values(), fresh["prompts"].values()
    for part in ("truth", "raters"):
        found += differences(then[part], now[part], 1e-9, f"{part}.")
    found += differences(then["vanilla"], now["vanilla"], TOLERANCE, "vanilla.")
    for rule, truth in now["truth"].items():
        found += _rule_differences(then, now, rule, truth["order"])
    return found


def _rule_differences(then: Mapping, now: Mapping, rule: str, truth: list[list[str]]) -> list[str]:
    before, after = (entry["voters"][rule]["scores"] for entry in (then, now))
    scores = differences(before, after, TOLERANCE, f"voters.{rule}.")
    if any(len(place) > 1 for place in truth):
        strict = strict_pairs(truth)
        return scores + [
            f"{part}.{rule}: the order reverses a strict pair of the truth"
            for part in ("voters", "social")
            for entry in (then, now)
            if not strict <= strict_pairs(entry[part][rule]["order"])
        ]
    orders = [
        d
        for part in ("voters", "social")
        for entry in (then, now)
        for d in differences(truth, entry[part][rule]["order"], where=f"{part}.{rule}.order.")
    ]
    before, after = (entry["social"][rule]["rewards"] for entry in (then, now))
    return scores + orders + differences(before, after, TOLERANCE, f"social.{rule}.")


def strict_pairs(order: list[list[str]]) -> set[tuple[str, str]]:
    """The pairs ``(a, b)`` of which an order puts a above b."""
    return {
        (a, b)
        for i, tied in enumerate(order)
        for later in order[i + 1 :]
        for a in tied
        for b in later
    }


STUDY = ModuleStudy(
    name=SCENARIO,
    title="The first screen: one run on Tennessee with Morristown",
    modules=(__name__,),
    compute_spec=spec,
    compute=compute,
    check=spot_check,
)
