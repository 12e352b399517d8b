"""Scenario files and plain data, validated to ``Scenario``; a scenario with other numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scrl.data.files import decode, printable, quoted, read_file
from scrl.data.plain_yaml import read_yaml
from scrl.scenarios.fields import path_step, suggestion
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.schema import Completion, Prompt, RaterType
from scrl.types import InputError

MAX_SCENARIO_BYTES = 1_000_000


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in the YAML file ``path``.

    >>> from scrl.scenarios import gallery
    >>> scenario = load_scenario(gallery()["tennessee-four"])
    >>> scenario.type_names
    ('Memphis', 'Nashville', 'Chattanooga', 'Knoxville')

    Raises:
        InputError: naming the file, the place in it (a dotted path or a line) and what to do.
    """
    return parse_scenario(read_file(path, MAX_SCENARIO_BYTES), Path(path).name)


def parse_scenario(data: bytes | str, filename: str) -> Scenario:
    """As ``load_scenario``, for the content of a file called ``filename``."""
    file = printable(filename)
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if len(data) > MAX_SCENARIO_BYTES:
        raise InputError(
            f"{file}: {len(data) / 1e6:,.1f} MB are more than the limit of "
            f"{MAX_SCENARIO_BYTES / 1e6:.0f} MB for a scenario."
        )
    return _validated(read_yaml(decode(data, file), file), file)


def scenario_of(content: Any, name: str = "") -> Scenario:
    """The scenario of plain data, as a file would state them.

    Args:
        name: what to call it in a message; the scenario's own name where "".

    Raises:
        InputError: as for a file.
    """
    if not name and isinstance(content, dict):
        name = printable(content.get("name") or "")
    return _validated(content, name or "the scenario")


def with_overrides(
    scenario: Scenario,
    shares: Sequence[float] | Mapping[str, float] | None = None,
    includes: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
    answers: Mapping[str, Mapping[str, float]] | None = None,
    raters: int | None = None,
    noise: float | None = None,
) -> Scenario:
    """A copy of the scenario with other numbers, validated.

    Args:
        shares: of all types, in their order or by name; they add up to 1.
        includes: type -> prompt -> completion -> chance; what is not named stays.
        answers: type -> prompt -> chance; what is not named stays.

    Raises:
        InputError: as for a file, under the scenario's name.
    """
    file = printable(scenario.name)
    dump = scenario.model_dump()
    if shares is not None and not isinstance(shares, Mapping):
        if len(shares) != len(scenario.types):
            raise InputError(
                f"{file}: there are {len(shares)} shares for {len(scenario.types)} types."
            )
        shares = dict(zip(scenario.types, shares, strict=True))
    changes: tuple[dict[str, dict], ...] = (
        {t: {"share": share} for t, share in (shares or {}).items()},
        {t: {"includes": change} for t, change in (includes or {}).items()},
        {t: {"answers": change} for t, change in (answers or {}).items()},
    )
    for change in changes:
        for t in change:
            if t not in dump["types"]:
                raise InputError(
                    f"{file}: {quoted(t)} is not one of the types{suggestion(t, dump['types'])}."
                )
        _merge(dump["types"], change)
    dump["raters"] = scenario.raters if raters is None else raters
    dump["noise"] = scenario.noise if noise is None else noise
    return _validated(dump, file)


def _merge(into: dict, change: Mapping) -> None:
    """Write ``change`` into nested dictionaries."""
    for key, value in change.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _validated(content: Any, file: str) -> Scenario:
    if not isinstance(content, dict):
        raise InputError(
            f"{file}: a scenario is a mapping with name, completions, prompts and types; this is "
            f"{quoted(content)}."
        )
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{file}: {_first_problem(error)}.") from None


def _first_problem(error: ValidationError) -> str:
    """The first fault; an unknown key comes before a missing one, which it may misspell."""
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    kind, loc, value = fault["type"], list(fault["loc"]), fault["input"]
    if loc and loc[-1] == "[key]":
        del loc[-2:]
    place = ".".join(map(path_step, loc))
    if kind == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {
            "types": RaterType, "prompts": Prompt, "completions": Completion
        }  # fmt: skip
        part = Scenario if len(loc) == 1 else parts[str(loc[0])]
        known = part.model_fields
        hint = suggestion(loc[-1], known) or f"; the keys are {', '.join(known)}"
        return f"{place}: unknown key{hint}"
    if kind == "missing":
        return f"{place}: this is missing; give it"
    problem = {
        "scenario": fault["msg"],
        "dict_type": f"should be a mapping (name: value), not {quoted(value)}",
        "model_type": f"should be a mapping (name: value), not {quoted(value)}",
        "tuple_type": f"should be a list, not {quoted(value)}",
        "literal_error": f"should be 'quota' or 'iid', not {quoted(value)}",
    }.get(kind, f"{fault['msg']}, found {quoted(value)}")
    return f"{place}: {problem}" if place else problem
