"""The baked scoreboards: of two scenarios, and of real people's ballots."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scrl.config import ModelsConfig
from scrl.data.readers import load_ratings
from scrl.runtime import device_name
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies import scoreboard
from scrl.studies.protocol import Listener, Study, data_folder, differences, selected, settings_hash
from scrl.studies.scoreboard_metrics import ORDER_RULES
from scrl.studies.scoreboard_splits import RATINGS_SIZES, SplitSizes
from scrl.types import Ratings

#: Accuracies of one seed agree within this; rounding differs between machines.
TOLERANCE = 0.02
#: The accuracy of one seed lies within this of the mean over seeds.
SEED_TOLERANCE = 0.04


def scenario_spec(scenario: Scenario) -> str:
    """A hash of the settings of a scenario's scoreboard."""
    settings = (scenario.to_yaml(), scoreboard.SEEDS, ModelsConfig(), SplitSizes())
    return settings_hash(settings, tuple(scoreboard.MODELS), ORDER_RULES, scoreboard.HEAVY_BETA)


def people_spec() -> str:
    """A hash of the settings of real people's scoreboards; ``ratings_hash`` covers their data."""
    settings = (scoreboard.REAL_RATINGS, scoreboard.RATINGS_CONFIG, RATINGS_SIZES)
    return settings_hash(settings, tuple(scoreboard.MODELS), ORDER_RULES, scoreboard.HEAVY_BETA)


def ratings_hash(ratings: Ratings) -> str:
    """A hash of the ballots."""
    parts = (ratings.item, ratings.rank, ratings.offsets, ratings.ballot_rater)
    data = b"".join(np.asarray(part, np.int64).tobytes() for part in parts)
    return hashlib.sha256(data).hexdigest()[:16]


def _content(result: dict[str, Any]) -> dict[str, Any]:
    """The content of a baked file: the result without seconds, which vary, and the device."""
    rows = [row | {"seconds": None} for row in result["rows"]]
    return {"result": result | {"rows": rows}, "device": device_name()}


@dataclass(frozen=True)
class ScenarioScoreboard:
    """A scenario's scoreboard as a ``Study``. Its spot check repeats the first seed.

    Attributes:
        stem: of the scenario file.
    """

    stem: str
    modules: tuple[str, ...] = (__name__,)
    needs_data: bool = False

    @property
    def name(self) -> str:
        return f"scoreboard-{self.stem}"

    @property
    def title(self) -> str:
        return f"Reward models side by side on {self._scenario().name}"

    def _scenario(self) -> Scenario:
        return load_scenario(gallery()[self.stem])

    def spec(self) -> str:
        return scenario_spec(self._scenario())

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        models, seeds = tuple(scoreboard.MODELS), scoreboard.SEEDS
        return _content(scoreboard.run(self._scenario(), models, seeds, on_progress))

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        stored, seeds = content["result"], scoreboard.SEEDS
        fresh = scoreboard.run(self._scenario(), tuple(scoreboard.MODELS), seeds[:1], on_progress)
        found = differences(stored["seeds"], seeds, where="seeds.")
        found += differences(stored["truth"], fresh["truth"], where="truth.")
        found += differences(stored["limits"], fresh["limits"], 1e-3, "limits.")
        return found + differences(_first_seed(stored), _first_seed(fresh), TOLERANCE, "each.")


def _first_seed(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Model -> measure -> its value from the first seed."""
    return {
        row["model"]: {measure: values[0] for measure, values in row["each"].items() if values}
        for row in result["rows"]
    }


@dataclass(frozen=True)
class PeopleScoreboard:
    """The scoreboard of real people's ballots as a ``Study``.

    Its spot check counts the exact Bradley–Terry row again and repeats one seed of all models.

    Attributes:
        stem: a name of ``scoreboard.REAL_RATINGS``.
    """

    stem: str
    modules: tuple[str, ...] = (__name__,)
    needs_data: bool = True

    @property
    def name(self) -> str:
        return f"scoreboard-{self.stem}"

    @property
    def title(self) -> str:
        return f"Reward models side by side on the people of {self.stem}"

    def spec(self) -> str:
        return people_spec()

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        ratings, seeds = self._ratings(data), range(scoreboard.REAL_RATINGS[self.stem][1])
        models = scoreboard.available(ratings)
        result = scoreboard.run(ratings, models, seeds, on_progress)
        return _content(result) | {"print": ratings_hash(ratings)}

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        stored, seeds = content["result"], range(scoreboard.REAL_RATINGS[self.stem][1])
        ratings = self._ratings(data)
        found = differences(content["print"], ratings_hash(ratings), where="data.")
        found += differences(stored["seeds"], list(seeds), where="seeds.")
        exact = scoreboard.run(ratings, ("pooled",), seeds)
        rows = {row["model"]: row for row in stored["rows"]}
        (row,), compared = exact["rows"], ("accuracy", "disputed")
        before, after = (selected(one, compared) for one in (rows["pooled"], row))
        found += differences(before, after, 1e-3, "pooled.")
        fresh = scoreboard.run(ratings, scoreboard.available(ratings), seeds[:1], on_progress)
        means = {name: row["accuracy"][0] for name, row in rows.items()}
        again = {row["model"]: row["accuracy"][0] for row in fresh["rows"]}
        return found + differences(means, again, SEED_TOLERANCE, "accuracy.")

    def _ratings(self, data: Path | None) -> Ratings:
        return load_ratings(data_folder(data) / scoreboard.REAL_RATINGS[self.stem][0])


STUDIES: tuple[Study, ...] = (
    *(ScenarioScoreboard(stem) for stem in scoreboard.SCENARIOS),
    *(PeopleScoreboard(stem) for stem in scoreboard.REAL_RATINGS),
)
