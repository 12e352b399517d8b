"""The stories of the first screen: a scenario run once with the default settings, and what its
Bradley–Terry model would say if more of the silent raters answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrl.config import Config
from scrl.pipeline import run
from scrl.runs.report import latent_map, to_dict
from scrl.runtime import start
from scrl.scenarios.exact_preview import preview
from scrl.scenarios.stories import STORIES, Story
from scrl.studies.protocol import Listener, differences, selected, settings_hash

SEED = 0
#: Raters on the baked latent map.
MAP_RATERS = 400
#: Scores and rewards agree within this; rounding differs between machines.
TOLERANCE = 0.03
#: Response rates of the silent types at which Bradley–Terry is computed, in percent.
RATES = tuple(range(101))


@dataclass(frozen=True)
class StoryRun:
    """One run of a story as a ``Study``."""

    story: Story
    modules: tuple[str, ...] = (__name__,)
    needs_data: bool = False

    @property
    def name(self) -> str:
        return self.story.stem

    @property
    def title(self) -> str:
        return f"A story: {self.story.scenario().name}"

    def spec(self) -> str:
        return settings_hash(self.story.scenario().to_yaml(), Config(), SEED, MAP_RATERS, RATES)

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        """The run's ``"result"`` without seconds and device, its ``"latent"`` map, and
        ``"silence"``, as of ``silence``."""
        start()
        experiment = run(self.story.scenario(), Config(), SEED, on_progress)
        result = to_dict(experiment)
        del result["seconds"], result["device"]
        return {
            "result": result,
            "latent": latent_map(experiment, MAP_RATERS),
            "silence": self.silence(),
        }

    def silence(self) -> dict[str, Any]:
        """Bradley–Terry's exact order at each response rate of the silent types.

        Returns:
            ``"rates"`` in percent; ``"orders"``, best first; and ``"turning"``, the lowest rate
            from which on Bradley–Terry puts the same completion first as the rule does on complete
            ballots, None where it always or never does.
        """
        orders, right = [], []
        for rate in RATES:
            entry = preview(self.story.with_rate(rate / 100), [self.story.rule])[self.story.prompt]
            orders.append(entry["vanilla"]["order"])
            right.append(orders[-1][0] == entry["truth"][self.story.rule]["order"][0])
        wrong = [i for i, agrees in enumerate(right) if not agrees]
        always_or_never = not wrong or not right[-1]
        return {
            "rates": list(RATES),
            "orders": orders,
            "turning": None if always_or_never else RATES[wrong[-1] + 1],
        }

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        fresh = self.run(on_progress)
        found = differences(content["silence"], fresh["silence"], where="silence.")
        return found + result_differences(content["result"], fresh["result"])


def result_differences(stored: Mapping, fresh: Mapping) -> list[str]:
    """Where two results of a story differ by more than rounding.

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


STUDIES = tuple(StoryRun(story) for story in STORIES)
