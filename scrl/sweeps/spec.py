"""The specification of a sweep: a YAML file or plain data, validated.

    name: who answers
    scenarios: [tennessee-four, my-own.yaml]
    settings:
      scenario.noise: [0, .5, 1]
      scenario.answers: {from: .2, to: 1, steps: 5}
      voters: 5000
    seeds: 8

A value of ``settings`` is one value, a list of values, or a range. All combinations are run, or
with ``combine: zip`` the first values of all settings, then the second, and so on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from scrl.data.files import decode, printable, quoted, read_file
from scrl.data.plain_yaml import read_yaml
from scrl.scenarios.fields import Text, as_name, as_number, fault, path_step, suggestion
from scrl.scenarios.scenario import Scenario
from scrl.sweeps.store import MAX_TASKS, SCENARIO
from scrl.types import InputError

MAX_SPEC_BYTES = 1_000_000
#: Values of one setting, and seeds.
MAX_VALUES = 10_000
MAX_SEED = 2**32 - 1
_RANGE = ("from", "to", "steps", "by", "scale")


def _as_list(value: Any, what: str) -> list[Any]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        raise fault(f"is an empty list; give {what}")
    return values


def _as_sources(value: Any) -> list[Any]:
    found = _as_list(value, "one scenario at least")
    return [one if isinstance(one, Scenario) else as_name(one) for one in found]


def _as_files(value: Any) -> list[Any]:
    return [{"file": one} if isinstance(one, str) else one for one in _as_list(value, "a file")]


def _whole(value: Any, low: int, high: int, what: str) -> int:
    number = as_number(value, low, high, what)
    if number != int(number):
        raise fault(f"should be {what}, not {quoted(value)}")
    return int(number)


def _as_seeds(value: Any) -> list[int]:
    """A number of seeds from 0 on, a list of them, or ``{from, count}``."""
    seed = partial(_whole, low=0, high=MAX_SEED, what="a seed, a whole number from 0 on")
    count = partial(_whole, low=1, high=MAX_VALUES, what=f"a number of seeds, 1 to {MAX_VALUES:,}")
    if isinstance(value, Mapping):
        if set(value) != {"from", "count"}:
            raise fault("should be a number, a list, or a mapping of 'from' and 'count'")
        first, many = seed(value["from"]), count(value["count"])
        return list(range(first, seed(first + many - 1) + 1))
    if not isinstance(value, list | tuple):
        return list(range(count(value)))
    found = [seed(one) for one in _as_list(value, "one seed at least")]
    if len(set(found)) < len(found):
        raise fault("a seed stands twice; keep one")
    return found


def as_values(value: Any) -> list[Any]:
    """The values of a setting: one, a list, or a range."""
    if not isinstance(value, Mapping):
        found = [_plain(one) for one in _as_list(value, "one value at least")]
        if len({_key(one) for one in found}) < len(found):
            raise fault("a value stands twice; keep one")
    else:
        found = _range(value)
    if len(found) > MAX_VALUES:
        raise fault(f"{len(found):,} values are more than the limit of {MAX_VALUES:,}")
    return found


def _key(value: Any) -> Any:
    """Equal for values that mean the same: 1 and 1.0, but not 1 and true."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 2**53 else json.dumps(value)


def _plain(value: Any) -> Any:
    """A value that JSON holds."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise fault(f"should be a number, a text, a list or true or false, not {quoted(value)}")


def _range(value: Mapping[str, Any]) -> list[Any]:
    """``{from, to, steps}`` evenly, with ``scale: log`` by equal factors; ``{from, to, by}``."""
    unknown = [key for key in value if key not in _RANGE]
    if unknown or not {"from", "to"} <= value.keys() or ("steps" in value) == ("by" in value):
        hint = f"{quoted(unknown[0])} is unknown; " if unknown else ""
        raise fault(f"{hint}a range has 'from', 'to', and one of 'steps' and 'by'")
    low, high = (as_number(value[k], -1e30, 1e30, "a number") for k in ("from", "to"))
    scale = value.get("scale", "linear")
    if scale not in ("linear", "log") or (scale == "log" and ("by" in value or low <= 0)):
        raise fault("'scale' is linear, or log with 'steps' and a range above 0")
    if not low < high:
        raise fault(f"'from' should be below 'to', not {quoted(value['from'])}")
    if "by" in value:
        step = as_number(value["by"], 1e-30, 1e30, "a positive number")
        count = (high - low) / step
        if count >= MAX_VALUES:
            raise fault(f"the range has more than {MAX_VALUES:,} values; take larger steps")
        points = [low + step * i for i in range(math.floor(count + 1e-9) + 1)]
    else:
        steps = _whole(value["steps"], 2, MAX_VALUES, f"a whole number from 2 to {MAX_VALUES:,}")
        shares = [i / (steps - 1) for i in range(steps)]
        if scale == "log":
            points = [low * (high / low) ** share for share in shares]
        else:
            points = [low + (high - low) * share for share in shares]
    rounded = [float(f"{point:.12g}") for point in points]
    whole = all(point == int(point) for point in rounded)
    return [int(point) for point in rounded] if whole else rounded


class RatingsFile(BaseModel):
    """A ratings file: how it is read (see ``data.load_ratings``), and whether models read texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: Annotated[str, BeforeValidator(as_name)]
    missing: Literal["unseen", "last"] | None = None
    columns: dict[str, str] | None = None
    texts: Literal["read", "ignore"] = "ignore"


Values = Annotated[list[Any], BeforeValidator(as_values)]


class SweepSpec(BaseModel):
    """What a sweep runs.

    Attributes:
        name: of the sweep.
        scenarios: names of the gallery, or paths of scenario files; in Python also scenarios.
        ratings: ratings files.
        settings: name -> values. ``scenario.…`` changes scenarios, ``ratings.missing`` how ratings
            files are read, any other is a field of ``Config`` (see ``settings``).
        combine: ``"product"`` or ``"zip"``; with zip a setting of one value goes with all.
        seeds: each run's seed.
        evaluate: whether the accuracy on held-out raters is measured as well.
        hide: share of a held-out rater's ballot that is hidden for that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    name: Text = ""
    scenarios: Annotated[list[Any], BeforeValidator(_as_sources)] = []
    ratings: Annotated[list[RatingsFile], BeforeValidator(_as_files)] = []
    settings: dict[str, Values] = {}
    combine: Literal["product", "zip"] = "product"
    seeds: Annotated[list[int], BeforeValidator(_as_seeds)] = [0]
    evaluate: bool = False
    hide: float = 0.5

    @model_validator(mode="after")
    def _check(self) -> SweepSpec:
        if not self.scenarios and not self.ratings:
            raise fault("scenarios: name a scenario of the gallery or a file, or give 'ratings'")
        if len(self.name) > 200:
            raise fault("name: is longer than 200 letters; give a shorter one")
        if SCENARIO in self.settings:
            raise fault("settings.scenario: scenarios are listed under 'scenarios'")
        if not 0 < self.hide < 1:
            raise fault(f"hide: should be a fraction between 0 and 1, not {self.hide:g}")
        if self.tasks > MAX_TASKS:
            raise fault(f"the sweep has {self.tasks:,} tasks; at most {MAX_TASKS:,} are run")
        lengths = {name: len(values) for name, values in self.settings.items() if len(values) > 1}
        if self.combine == "zip" and len(set(lengths.values())) > 1:
            named = ", ".join(f"{path_step(name)} has {n}" for name, n in lengths.items())
            raise fault(f"settings: with combine: zip all have as many values, but {named}")
        return self

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        lengths = [len(values) for values in self.settings.values()]
        combined = math.prod(lengths) if self.combine == "product" else max(lengths, default=1)
        return combined * len(self.seeds) * (len(self.scenarios) + len(self.ratings))

    def to_plain(self) -> dict[str, Any]:
        """The specification as JSON; a scenario that was given as an object by its name."""
        plain = self.model_dump(exclude={"scenarios"}, exclude_defaults=True)
        names = [s.name if isinstance(s, Scenario) else s for s in self.scenarios]
        seeds = {"seeds": list(self.seeds)}
        return {"name": self.name, **({"scenarios": names} if names else {}), **plain, **seeds}


def read_spec(spec: str | Path | Mapping[str, Any]) -> tuple[SweepSpec, Path]:
    """A specification, and the folder that paths in it are relative to.

    >>> spec, _ = read_spec({"scenarios": "pets", "settings": {"scenario.noise": [0, 1]},
    ...                      "seeds": 3})
    >>> spec.tasks
    6

    Args:
        spec: the path of a YAML file, or its content as plain data.

    Raises:
        InputError: naming the file and the field.
    """
    if isinstance(spec, str | Path):
        path = Path(spec)
        file = printable(path.name)
        content = read_yaml(decode(read_file(path, MAX_SPEC_BYTES), file), file)
        return _validated(content, file, path.stem), path.parent
    return _validated(spec, "the sweep", "sweep"), Path()


def _validated(content: Any, file: str, name: str) -> SweepSpec:
    if not isinstance(content, Mapping):
        raise InputError(
            f"{file}: a sweep is a mapping with scenarios, settings and seeds; this is "
            f"{quoted(content)}."
        )
    try:
        return SweepSpec.model_validate({"name": name[:200], **content})
    except ValidationError as error:
        raise InputError(f"{file}: {_first_problem(error)}.") from None


def _first_problem(error: ValidationError) -> str:
    """The first fault; an unknown key comes before a missing one, which it may misspell."""
    faults = error.errors(include_url=False)
    first = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    loc, kind, value = list(first["loc"]), first["type"], first["input"]
    if loc and loc[-1] == "[key]":
        del loc[-2:]
    place = ".".join(map(path_step, loc))
    if kind == "extra_forbidden":
        part: type[BaseModel] = SweepSpec if len(loc) == 1 else RatingsFile
        known = part.model_fields
        hint = suggestion(loc[-1], known) or f"; the keys are {', '.join(known)}"
        return f"{place}: unknown key{hint}"
    if kind == "missing":
        return f"{place}: this is missing; give it"
    if kind in ("dict_type", "model_type"):
        return f"{place}: should be a mapping (name: value), not {quoted(value)}"
    problem = first["msg"].replace("Input should be", "should be")
    found = "" if kind == "scenario" else f", found {quoted(value)}"
    return f"{place}: {problem}{found}" if place else problem
