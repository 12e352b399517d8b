"""The tasks of a sweep: every scenario or ratings file × settings × seed, with an address each.

The address is the SHA-256 of what the result depends on: the scenario with its settings or the
ballots, all settings of the run, the seed, and the code that computes it. The code's hash leaves
out comments and docstrings (``studies.code_hash``); the version alone would keep results of other
code. The device is left out: a result says on which it was computed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scrl.config import Config
from scrl.data.dataclass_json import to_plain
from scrl.data.files import quoted
from scrl.data.readers import load_ratings
from scrl.runs.serialization import pack_source
from scrl.scenarios.fields import suggestion
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.code_hash import code_hash
from scrl.sweeps.settings import OF_RATINGS, OF_SCENARIO, config_with, scenario_with
from scrl.sweeps.spec import RatingsFile, SweepSpec
from scrl.sweeps.store import SCENARIO, ListedTask
from scrl.text import with_text_features
from scrl.types import InputError, Ratings

#: The modules that a task's result depends on, with all that they import.
MODULES = ("scrl.pipeline", "scrl.runs.report")
EVALUATION = "scrl.evaluation.held_out_accuracy"
MISSING = "ratings.missing"


@dataclass(frozen=True, eq=False)
class SweepTask:
    """One run of a sweep.

    Attributes:
        id: its address. scenario: the label of its source. settings: as the specification names
            them. seed: of the run.
        source, config: what is run.
        hide: share of a held-out rater's ballot to predict; None where that is not measured.
    """

    id: str
    scenario: str
    settings: dict[str, Any]
    seed: int
    source: Scenario | Ratings
    config: Config
    hide: float | None = None

    def listed(self) -> ListedTask:
        """The task as ``tasks.json`` holds it."""
        return ListedTask(self.id, self.scenario, self.settings, self.seed)


@dataclass(eq=False)
class _Source:
    """A scenario or a ratings file, its variants by setting, and their digests."""

    label: str
    scenario: Scenario | None = None
    file: RatingsFile | None = None
    path: Path = Path()
    variants: dict[str, tuple[Scenario | Ratings, str]] = field(default_factory=dict)

    def variant(self, settings: Mapping[str, Any], origin: str) -> tuple[Scenario | Ratings, str]:
        """The source under settings, and the digest of its content.

        Raises:
            InputError: where a setting does not fit the source.
        """
        own, other = (OF_SCENARIO, OF_RATINGS) if self.scenario else (OF_RATINGS, OF_SCENARIO)
        for name in settings:
            if name.startswith(other):
                kind = "scenario" if self.scenario else "ratings file"
                raise InputError(
                    f"{origin}: settings.{name} is none of '{self.label}', which is a {kind}; give "
                    "it a sweep of its own."
                )
        chosen = {name: value for name, value in settings.items() if name.startswith(own)}
        key = json.dumps(chosen, sort_keys=True)
        if key not in self.variants:
            self.variants[key] = self._read(chosen, origin)
        return self.variants[key]

    def _read(self, settings: Mapping[str, Any], origin: str) -> tuple[Scenario | Ratings, str]:
        if self.scenario is not None:
            scenario = scenario_with(self.scenario, settings, origin)
            return scenario, hashlib.sha256(scenario.to_yaml().encode()).hexdigest()
        assert self.file is not None
        missing = settings.get(MISSING, self.file.missing)
        if set(settings) - {MISSING} or missing not in (None, "unseen", "last"):
            raise InputError(f"{origin}: of ratings files only {MISSING} is set: unseen or last.")
        ratings = load_ratings(self.path, missing, self.file.columns)
        if self.file.texts == "read":
            ratings = with_text_features(ratings)
        return ratings, hashlib.sha256(pack_source(ratings)).hexdigest()


def plan_tasks(
    spec: SweepSpec, folder: Path = Path(), origin: str = "the sweep"
) -> tuple[list[SweepTask], dict[str, list[Any]]]:
    """The tasks of a sweep, and its axes: ``scenario`` and every setting with its values.

    Args:
        folder: that paths are relative to.
        origin: what to call the specification in messages.

    Raises:
        InputError: for a file that is missing or wrong, or a setting that does not fit.
    """
    sources = _sources(spec, folder, origin)
    code = code_hash([*MODULES, *([EVALUATION] if spec.evaluate else [])])
    combined = [(settings, config_with(settings, origin)) for settings in _combined(spec)]
    hide, found = spec.hide if spec.evaluate else None, []
    for source in sources:
        for settings, config in combined:
            content, digest = source.variant(settings, origin)
            task = SweepTask("", source.label, settings, 0, content, config, hide)
            fixed = {"source": digest, "config": to_plain(config), "hide": hide, "code": code}
            found += [replace(task, id=_address(fixed, s), seed=s) for s in spec.seeds]
    return found, {SCENARIO: [source.label for source in sources], **spec.settings}


def _address(fixed: Mapping[str, Any], seed: int) -> str:
    text = json.dumps({**fixed, "seed": seed}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _combined(spec: SweepSpec) -> Iterator[dict[str, Any]]:
    """The settings of each run, but for scenario and seed."""
    names, values = list(spec.settings), list(spec.settings.values())
    if spec.combine == "zip":
        length = max((len(own) for own in values), default=1)
        rows = zip(*(own * (length // len(own)) for own in values), strict=True)
        yield from (dict(zip(names, row, strict=True)) for row in rows) if names else ({},)
    else:
        yield from (dict(zip(names, row, strict=True)) for row in itertools.product(*values))


def _sources(spec: SweepSpec, folder: Path, origin: str) -> list[_Source]:
    found = [_scenario(one, folder, origin) for one in spec.scenarios]
    for file in spec.ratings:
        path = folder / file.file
        if not path.exists():
            raise InputError(f"{origin}: there is no file {quoted(file.file)}; give its path.")
        found.append(_Source(path.stem, file=file, path=path))
    return _labelled(found)


def _scenario(given: Any, folder: Path, origin: str) -> _Source:
    if isinstance(given, Scenario):
        return _Source(given.name, given)
    path = folder / given
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        shipped = gallery()
        if given not in shipped:
            hint = suggestion(given, shipped)
            raise InputError(
                f"{origin}: {quoted(given)} is no scenario file and none of the gallery{hint}."
            )
        path = shipped[given]
    return _Source(path.stem, load_scenario(path))


def _labelled(sources: Sequence[_Source]) -> list[_Source]:
    """The sources with labels of which no two are the same."""
    taken: dict[str, int] = {}
    for source in sources:
        taken[source.label] = taken.get(source.label, 0) + 1
        if taken[source.label] > 1:
            source.label = f"{source.label} ({taken[source.label]})"
    return list(sources)
