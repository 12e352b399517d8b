"""A scenario as a source of ratings: raters can be drawn from it and its truth is known."""

from __future__ import annotations

from typing import Literal

from scrl.data.plain_yaml import write_yaml
from scrl.scenarios import sampling
from scrl.scenarios.schema import ScenarioSchema
from scrl.types import Ballots, Ratings


class Scenario(ScenarioSchema):
    """A population of raters and the prompts they answer: a ``Source``.

    ``load_scenario`` and ``parse_scenario`` make one and report a fault in one sentence;
    ``with_overrides`` makes a changed copy.
    """

    @property
    def is_scenario(self) -> Literal[True]:
        return True

    @property
    def knows_every_type(self) -> bool:
        return True

    def ratings(self, seed: int) -> Ratings:
        """Ballots of raters drawn with this seed; see ``sampling.sample``."""
        return sampling.sample(self, seed).ratings

    def true_ballots(self, draws: int = 4096, seed: int = 0) -> list[Ballots]:
        """Complete ballots of the whole population; see ``sampling.true_ballots``."""
        return sampling.true_ballots(self, draws, seed)

    def to_yaml(self) -> str:
        """The text of a file that loads to this scenario; also a key for caches."""
        dump = self.model_dump(exclude_defaults=True)
        completions = dump["completions"]
        dump["completions"] = completions if any(completions.values()) else list(completions)
        for t in dump["types"].values():
            for prompt, ranking in t.get("rankings", {}).items():
                t["rankings"][prompt] = [list(p) if len(p) > 1 else p[0] for p in ranking]
        dump["raters"] = self.raters
        return write_yaml({key: dump[key] for key in type(self).model_fields if key in dump})
