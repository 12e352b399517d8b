"""The stories of the app: scenarios in which a few raters speak for all."""

from __future__ import annotations

from dataclasses import dataclass

from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery


@dataclass(frozen=True)
class Story:
    """A scenario in which some types of raters leave out one completion.

    Attributes:
        stem: of the scenario file.
        prompt, completion: what the story is about.
        rule: by which everyone's complete ballots are counted.
    """

    stem: str
    prompt: str
    completion: str
    rule: str = "borda"

    def scenario(self) -> Scenario:
        return load_scenario(gallery()[self.stem])

    def silent_types(self) -> tuple[str, ...]:
        """The types of raters of whom most leave the completion out."""
        return tuple(
            name
            for name, kind in self.scenario().types.items()
            if kind.includes.get(self.prompt, {}).get(self.completion, 1.0) < 0.5
        )

    def with_rate(self, rate: float) -> Scenario:
        """The scenario in which this share of each silent type ranks the completion."""
        includes = {t: {self.prompt: {self.completion: rate}} for t in self.silent_types()}
        return with_overrides(self.scenario(), includes=includes)

    def outspoken_share(self, rate: float) -> float:
        """Of all who rank the completion, the share that belongs to no silent type.

        Args:
            rate: of each silent type, the share that ranks it.
        """
        silent, shares = self.silent_types(), self.scenario().types
        ranks = {
            name: kind.share
            * (
                rate
                if name in silent
                else kind.includes.get(self.prompt, {}).get(self.completion, 1.0)
            )
            for name, kind in shares.items()
        }
        return 1 - sum(ranks[name] for name in silent) / sum(ranks.values())


#: The first is the one that the app opens on.
STORIES = (
    Story("blood-pressure", "pressure", "Clinical"),
    Story("tennessee-morristown", "best", "Morristown"),
)
