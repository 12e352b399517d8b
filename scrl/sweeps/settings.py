"""Settings of a sweep by name: fields of ``Config``, and of scenarios.

voters, rules, raters.max_types …      a field of ``Config``; a rule alone is a list of one
scenario.noise, scenario.raters …      a field of the scenario file
scenario.answers, scenario.includes    the chance of every type to answer, and to include
scenario.types.NAME.answers …          those of one type; .PROMPT below it, of one prompt
scenario.types.NAME.share              the other types keep their proportions
ratings.missing                        how a ratings file reads what a ballot leaves out
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from scrl.config import Config
from scrl.data.dataclass_json import to_plain
from scrl.data.files import quoted
from scrl.runs.serialization import config_of
from scrl.scenarios.fields import path_step, suggestion
from scrl.scenarios.parsing import scenario_of
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError
from scrl.voting import RULES

OF_SCENARIO, OF_RATINGS = "scenario.", "ratings."
_CHANCES = ("answers", "includes")


def config_with(settings: Mapping[str, Any], file: str = "the sweep") -> Config:
    """The default settings with some of them changed; those of scenarios and ratings are skipped.

    >>> config_with({"raters.max_types": 4, "rules": "borda"}).rules
    ('borda',)

    Args:
        file: what to call their origin in a message.

    Raises:
        InputError: for an unknown setting, or a value out of its range.
    """
    tree = to_plain(Config())
    for name, value in settings.items():
        if name.startswith((OF_SCENARIO, OF_RATINGS)):
            continue
        place = f"{file}: settings.{path_step(name)}"
        if name == "rules" and isinstance(value, str):
            value = [value]
        for rule in value if name == "rules" and isinstance(value, list) else ():
            if not isinstance(rule, str) or rule not in RULES:
                hint = suggestion(rule, RULES)
                raise InputError(f"{place}: {quoted(rule)} is no voting rule{hint}; give another.")
        before = _set(tree, name, value, place)
        if not _is_like(value, before):
            raise InputError(
                f"{place}: {quoted(value)} does not fit; the default is {quoted(before)}."
            )
        try:
            config_of(tree)
        except InputError as error:
            reason = str(error).removeprefix("A setting of this run is out of range: ")
            raise InputError(f"{place}: {reason}") from None
    return config_of(tree)


def scenario_with(
    scenario: Scenario, settings: Mapping[str, Any], file: str = "the sweep"
) -> Scenario:
    """The scenario with other numbers; settings that are not of scenarios are skipped.

    >>> import scrl
    >>> pets = scrl.load_scenario(scrl.gallery()["pets"])
    >>> scenario_with(pets, {"scenario.noise": 2, "voters": 100}).noise
    2.0

    Raises:
        InputError: for a field that the scenario has not, or a value that does not fit.
    """
    own = {name: value for name, value in settings.items() if name.startswith(OF_SCENARIO)}
    if not own:
        return scenario
    tree = _written_out(scenario)
    for name, value in own.items():
        place, field = f"{file}: settings.{path_step(name)}", name.removeprefix(OF_SCENARIO)
        if not isinstance(tree["types"], dict) or not all(
            isinstance(entry, dict) for entry in tree["types"].values()
        ):
            break  # a setting before has replaced the types; the scenario's own check says so
        if field in _CHANCES:
            for entry in tree["types"].values():
                entry[field] = _filled(entry[field], value)
        elif not _set_share(tree, field, value):
            _set(tree, field, value, place)
    label = f"{file}, {quoted(scenario.name)} with {', '.join(map(path_step, own))}"
    try:
        return scenario_of(_without_ones(tree), label)
    except ValidationError as error:  # a value of a kind that no field has
        raise InputError(f"{label}: {error.errors()[0]['msg']}.") from None


def _written_out(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain data, with every chance that it leaves at 1."""
    tree = scenario.model_dump()
    for entry in tree["types"].values():
        entry["answers"] = {p: entry["answers"].get(p, 1.0) for p in scenario.prompts}
        entry["includes"] = {
            p: {c: entry["includes"].get(p, {}).get(c, 1.0) for c in scenario.offered(p)}
            for p in scenario.prompts
        }
    return tree


def _without_ones(tree: dict[str, Any]) -> dict[str, Any]:
    """Without the chances of 1, so that a scenario has one form. What a setting has replaced by
    something else stays, for the scenario's own check."""
    types = tree["types"]
    for entry in types.values() if isinstance(types, dict) else ():
        for field in _CHANCES if isinstance(entry, dict) else ():
            if isinstance(entry[field], dict):
                entry[field] = _pruned(entry[field])
    return tree


def _pruned(chances: dict[str, Any]) -> dict[str, Any]:
    inner = {k: _pruned(v) if isinstance(v, dict) else v for k, v in chances.items()}
    return {k: v for k, v in inner.items() if v not in (1, {})}


def _set_share(tree: dict[str, Any], field: str, value: Any) -> bool:
    """Give one type a share, and the others what is left in their proportions; whether the field
    is a share."""
    for name, entry in tree["types"].items():
        if field != f"types.{name}.share":
            continue
        others = [other for other in tree["types"].values() if other is not entry]
        left = sum(other["share"] for other in others)
        if isinstance(value, int | float) and left > 0:
            for other in others:
                other["share"] *= (1 - value) / left
        entry["share"] = value
        return True
    return False


def _set(tree: dict[str, Any], field: str, value: Any, place: str) -> Any:
    """Set a field by its dotted path; names may hold dots themselves.

    A number for a part of chances is the number of each of them.

    Returns:
        What stood there.

    Raises:
        InputError: where there is no such field.
    """
    for key in sorted(tree, key=len, reverse=True):
        inner = tree[key]
        if field == key:
            tree[key] = _filled(inner, value) if isinstance(inner, dict) else value
            return inner
        if field.startswith(f"{key}.") and isinstance(inner, dict):
            return _set(inner, field[len(key) + 1 :], value, place)
    known = ", ".join(map(path_step, list(tree)[:20]))
    hint = suggestion(field, tree) or f"; there are {known}"
    raise InputError(f"{place}: there is no setting {quoted(field)}{hint}.")


def _filled(inner: Any, value: Any) -> Any:
    """A nest of numbers in which each is ``value``; ``value`` itself where that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(inner, dict):
        return {key: _filled(own, value) for key, own in inner.items()}
    return value


def _is_like(value: Any, before: Any) -> bool:
    """Whether a value is of the kind of what it replaces."""
    if isinstance(before, bool) or isinstance(value, bool):
        return isinstance(before, bool) and isinstance(value, bool)
    if isinstance(before, list):
        return isinstance(value, list)
    if isinstance(before, float):
        return isinstance(value, int | float)
    return isinstance(value, type(before))
