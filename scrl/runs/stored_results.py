"""The schema of an exported run: its manifest, and results that fit its data.

Plain data are checked by their types first (``scrl.results``), then by what they say together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from scrl.config import MAX_SEEDS
from scrl.data.files import quoted
from scrl.data.strict_json import strict_json
from scrl.results import LatentMap, RunResult
from scrl.runs.csv_export import scores_of
from scrl.runs.seed_spread import SOURCES
from scrl.runs.stored_run_schema import MAX_RULES
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings
from scrl.voting.registry import RULES

_MAX_NOTES = 100
_NOT_SOUND = (
    "The results in this archive do not fit its data, so they are not imported; export the run "
    "again."
)
_Rule = Annotated[str, Field(min_length=1, max_length=200)]


class Manifest(BaseModel):
    """What ``manifest.json`` says; other keys are not read.

    Attributes:
        config: the settings as plain data, None in archives of early versions.
    """

    model_config = ConfigDict(strict=True, extra="ignore")

    format: str
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    seeds: Annotated[int, Field(ge=1, le=MAX_SEEDS)] = 1
    rules: Annotated[list[_Rule], Field(min_length=1, max_length=MAX_RULES)]
    config: dict[str, Any] | None

    @model_validator(mode="after")
    def _within(self) -> Manifest:
        if self.seed + self.seeds > 2**32:
            raise ValueError("'seed' and 'seeds' lead beyond the last seed")
        if len(set(self.rules)) < len(self.rules):
            raise ValueError("'rules' names a rule twice")
        return self


def read_json(data: bytes, name: str) -> Any:
    """The plain data of a file of an archive.

    Raises:
        InputError: where it is no JSON that is strict.
    """
    try:
        return strict_json(data)
    except (ValueError, RecursionError) as error:
        problem = quoted(error)[1:-1] if isinstance(error, ValueError) else "it is nested too deep"
        raise InputError(
            f"{name} in the archive cannot be read: {problem}; export the run again."
        ) from None


def read_manifest(tree: Any) -> Manifest:
    """The manifest of plain data.

    Raises:
        InputError: naming the key that is missing or wrong.
    """
    try:
        return Manifest.model_validate(tree)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        problem = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        at = f"{quoted(place)} {problem}" if place else problem
        raise InputError(f"The archive's manifest is wrong: {at}; export the run again.") from None


@cache
def _adapter(kind: Any) -> TypeAdapter:
    return TypeAdapter(kind)


def read_typed(kind: Any, data: bytes, name: str) -> Any:
    """JSON of a type of ``scrl.results``, as it is in the archive.

    Raises:
        InputError: where it is another one.
    """
    found = read_json(data, name)
    try:
        _adapter(kind).validate_json(data, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step)[:40] for step in fault["loc"][-3:])
        raise InputError(
            f"{name} in the archive does not hold what it should: {quoted(place)} "
            f"{fault['msg'].removeprefix('Input ')[:80]}; export the run again."
        ) from None
    return found


def require(fits: bool) -> None:
    """Raise ``InputError`` where results do not fit the data."""
    if not fits:
        raise InputError(_NOT_SOUND)


def check_rules(rules: Sequence[str]) -> None:
    """Raise ``InputError`` for a rule that this version does not know."""
    if not set(rules) <= set(RULES):
        raise InputError(
            "This run counts by a rule that this version of the software does not know."
        )


def check_result(
    result: RunResult, source: Scenario | Ratings, rules: Sequence[str], seeds: int
) -> None:
    """Refuse results whose prompts, completions, rules and seeds are not those of the run."""
    catalogue = source.catalogue
    require(bool(result["prompts"]) and len(result["notes"]) <= _MAX_NOTES)
    for prompt, entry in result["prompts"].items():
        require(prompt in catalogue.prompts)
        names = catalogue.names(catalogue.prompts.index(prompt))
        require(sorted(entry["completions"]) == sorted(names))
        parts: Mapping[str, Any] = entry
        require(set(entry["social"]) == set(entry["voters"]) == set(rules))
        for part in ("truth", "raters"):
            require(part not in parts or set(parts[part]) >= set(rules))
        require("truth" in parts or not source.is_scenario)
        _check_outcome(entry["vanilla"], names)
        require(sorted(entry["vanilla"]["mle"]) == sorted(names))
        for part in ("truth", "raters", "voters", "social"):
            for outcome in parts.get(part, {}).values():
                _check_outcome(outcome, names)
        for part in ("agreement", "welfare"):
            require(part not in parts or "truth" in parts)
    for cluster in result["silence"]["kinds"]:
        for prompt, block in cluster["prompts"].items():
            require(prompt in result["prompts"])
            known = set(result["prompts"][prompt]["completions"])
            require({name for tied in block["order"] for name in tied} <= known)
            require(set(block["silent"]) <= known)
    if "seeds" in result:
        _check_seeds(result, rules, seeds)
    else:
        require(seeds == 1)


def _check_outcome(outcome: Mapping, names: Sequence[str]) -> None:
    """Refuse an outcome that does not order and value exactly these names."""
    require(sorted(name for tied in outcome["order"] for name in tied) == sorted(names))
    require(all(outcome["order"]))
    require(sorted(outcome.get("rewards") or scores_of(outcome)) == sorted(names))


def _check_seeds(result: RunResult, rules: Sequence[str], count: int) -> None:
    """Refuse results of several seeds that lack one, or order other completions."""
    seeds = result["seeds"]
    require(len(seeds["seeds"]) == count and set(seeds["prompts"]) == set(result["prompts"]))
    for values in seeds["latent"].values():
        require(len(values) == count and all(map(is_number, values)))
    require({"active_units", "components"} <= set(seeds["latent"]))
    for prompt, parts in seeds["prompts"].items():
        names = sorted(result["prompts"][prompt]["completions"])
        for source in set(SOURCES) & set(parts):
            by_rule = {"": parts[source]} if source == "vanilla" else parts[source]
            require(set(by_rule) <= {"", *RULES})
            for outcome in by_rule.values():
                require(len(outcome["order"]) == count)
                for order in outcome["order"]:
                    require(sorted(name for tied in order for name in tied) == names)
                by_name: Mapping = outcome.get("rewards") or scores_of(outcome)
                require(sorted(by_name) == names)
                for row in by_name.values():
                    require(len(row) == count and all(map(is_number, row)))
        for rule, by_source in parts.get("agreement", {}).items():
            require(rule in rules and "truth" in result["prompts"][prompt])
            for agreement in by_source.values():
                require(len(agreement["tau"]) == count and all(map(is_number, agreement["tau"])))


def is_number(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def check_latent(latent: LatentMap) -> None:
    """Refuse a map whose lists differ in length."""
    lists = (latent["x"], latent["y"], latent["type"], latent["marked"])
    require(len({len(values) for values in lists}) == 1)
    require(all(-1 <= i < len(latent["types"]) for i in latent["type"]))
    require(len(latent["explained"]) >= 2)
