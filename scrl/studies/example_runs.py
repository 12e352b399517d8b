"""Fitted runs of shipped scenarios, stored so that pages about the model of raters open at once."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrl.config import Config
from scrl.pipeline import check_input, draw_voters, embed_raters, fit_raters, ratings_of
from scrl.progress import RunClock
from scrl.raters.fitted_run import FittedRun
from scrl.runs.serialization import pack, unpack
from scrl.runtime import start
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.baking import load_baked
from scrl.studies.protocol import Listener, Study, differences, settings_hash

#: Stems of the scenarios; the first is the one that pages open on.
SCENARIOS = ("blood-pressure", "tennessee-morristown", "tennessee-inverted-full", "six-kinds")
#: Pages draw a few hundred of the simulated voters; the 20,000 of a run take 250 kB.
SEED, VOTERS = 0, 1000
#: Shares, rewards and places of a fitted model agree within this; rounding differs by machine.
TOLERANCE = 0.03


@dataclass(frozen=True)
class ExampleRun:
    """Steps 1 to 3 of a run as a ``Study``: the result is the bytes of ``runs.pack``, in base64.

    Attributes:
        stem: of the scenario file.
    """

    stem: str
    modules: tuple[str, ...] = (__name__,)
    needs_data: bool = False

    @property
    def name(self) -> str:
        return f"fitted-{self.stem}"

    @property
    def title(self) -> str:
        return f"The model of raters fitted to {self._scenario().name}"

    def _scenario(self) -> Scenario:
        return load_scenario(gallery()[self.stem])

    def spec(self) -> str:
        return settings_hash(self._scenario().to_yaml(), Config(), SEED, VOTERS)

    def fit(self, on_progress: Listener = None) -> FittedRun:
        """Steps 1 to 3 of a run with the default settings."""
        start()
        source, config = self._scenario(), Config(voters=VOTERS)
        given, _ = ratings_of(source, SEED)
        ratings, clock = given.with_absent_resolved(), RunClock(on_progress)
        check_input(ratings, list(config.rules))
        raters = fit_raters(ratings, config, SEED, clock)
        _, density = embed_raters(raters, ratings, SEED, clock)
        latents = draw_voters(density, config.voters, SEED, clock)
        return FittedRun(
            source, given, SEED, raters.individual, density, raters.imputation, latents
        )

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        return {"result": base64.b64encode(pack(self.fit(on_progress))).decode("ascii")}

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        stored, fresh = _unpacked(content), self.fit(on_progress)
        return differences(_numbers(stored), _numbers(fresh), TOLERANCE)


def load_example_run(stem: str) -> FittedRun:
    """The stored fitted run of one of ``SCENARIOS``.

    Raises:
        InputError: where none is stored, or where its ratings can no longer be drawn.
    """
    return _unpacked(load_baked(ExampleRun(stem).name))


def _unpacked(content: Mapping[str, Any]) -> FittedRun:
    return unpack(base64.b64decode(content["result"]))


def _numbers(run: FittedRun) -> dict[str, Any]:
    """What two fits of the same raters have in common, whatever the signs of the latent axes."""
    population = run.individual.population
    return {
        "share": population.share.tolist(),
        "reward": population.reward.tolist(),
        "variance": population.variance.tolist(),
        "density": run.density.share.sum(axis=1).tolist(),
    }


STUDIES: tuple[Study, ...] = tuple(ExampleRun(stem) for stem in SCENARIOS)
