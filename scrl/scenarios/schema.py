"""A scenario file -> types of rater, prompts, completions, missing data.

A type of rater states an order (or utilities) for every prompt over all its completions; silence
is said only by the chances ``answers`` and ``includes``. An order of m stands for the utilities
m-1 … 0, ties averaged; ``noise`` is the scale of Gumbel noise in these units.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from scrl.data.files import decode, plain, quoted, read_file, read_yaml
from scrl.data.table import MAX_COMPLETIONS, MAX_ROWS
from scrl.scenarios.fields import (
    Chance,
    Name,
    Noise,
    Real,
    Share,
    Text,
    as_completions,
    as_entry,
    as_ranking,
    as_raters,
    distinct,
    fault,
)
from scrl.types import Catalogue, InputError

MAX_SCENARIO_BYTES = 1_000_000
#: raters × completions offered by the prompts, each counted: what a sample may have to draw
MAX_DRAWS = 100_000_000
SHARE_TOLERANCE = 1e-6


# -- what a scenario file may say -----------------------------------------------------------------


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Completion(_Part):
    """What a rater may rank: its text (the name where none is given) and its features."""

    text: Text | None = None
    features: tuple[Real, ...] | None = None


class Prompt(_Part):
    """What is asked; ``completions`` are those on offer (all of the scenario's where None)."""

    text: Text | None = None
    completions: tuple[Name, ...] | None = None
    features: tuple[Real, ...] | None = None


class RaterType(_Part):
    """A kind of rater: its share, its view of every prompt, and what it leaves unsaid.

    Attributes:
        share: of the raters, 0 to 1.
        rankings: prompt -> places, best first, each the names tied there.
        utilities: prompt -> completion -> utility, in place of a ranking.
        answers: prompt -> chance that such a rater answers it (1 where not given).
        includes: prompt -> completion -> chance that the ballot includes it (1 where not given).
    """

    share: Share
    rankings: dict[Name, Annotated[Any, BeforeValidator(as_ranking)]] = {}
    utilities: dict[Name, dict[Name, Real]] = {}
    answers: dict[Name, Chance] = {}
    includes: dict[Name, dict[Name, Chance]] = {}


class Scenario(_Part):
    """A population of raters and what they are asked. Make one with ``load_scenario`` or
    ``parse_scenario``, whose faults are one sentence; change one with ``with_overrides``."""

    name: Name
    summary: Text = ""
    source: Text = ""
    completions: Annotated[
        dict[Name, Annotated[Completion, BeforeValidator(as_entry)]],
        BeforeValidator(as_completions),
    ]
    prompts: dict[Name, Annotated[Prompt, BeforeValidator(as_entry)]]
    types: dict[Name, RaterType]
    raters: Annotated[int, BeforeValidator(as_raters)] = 10_000
    noise: Noise = 0.0
    sampling: Literal["quota", "iid"] = "quota"

    @property
    def type_names(self) -> tuple[str, ...]:
        return tuple(self.types)

    def offered(self, prompt: str) -> tuple[str, ...]:
        """The completions of a prompt, in item order."""
        return self.prompts[prompt].completions or tuple(self.completions)

    def catalogue(self) -> Catalogue:
        """Prompts and completions in the order of the file."""
        number = {name: i for i, name in enumerate(self.completions)}
        offered = [[number[c] for c in self.offered(p)] for p in self.prompts]

        def features(parts):
            rows = [part.features for part in parts]
            return None if rows[0] is None else np.array(rows)

        return Catalogue(
            tuple(self.prompts), tuple(self.completions), np.concatenate(offered),
            np.concatenate([[0], np.cumsum([len(o) for o in offered])]),
            tuple(part.text or name.strip() for name, part in self.prompts.items()),
            tuple(part.text or name.strip() for name, part in self.completions.items()),
            features(self.prompts.values()), features(self.completions.values()),
        )  # fmt: skip

    @model_validator(mode="after")
    def _check(self) -> Scenario:
        for key, least in (("completions", 2), ("prompts", 1), ("types", 1)):
            if len(getattr(self, key)) < least:
                raise fault(f"{key}: give at least {'two' if least == 2 else 'one'}")
        if len(self.completions) > MAX_COMPLETIONS:
            raise fault(
                f"completions: {len(self.completions):,} are more than the limit of "
                f"{MAX_COMPLETIONS:,} completions"
            )
        for key in ("completions", "prompts"):
            _check_features(key, getattr(self, key))
        for p, prompt in self.prompts.items():
            if prompt.completions is not None:
                where = f"prompts.{_step(p)}.completions"
                for c in prompt.completions:
                    _known(where, c, self.completions, "one of the scenario's completions")
                _at(where, distinct, prompt.completions)
                if len(prompt.completions) < 2:
                    raise fault(f"{where}: a prompt needs at least two completions")
        for t, rater_type in self.types.items():
            self._check_type(f"types.{_step(t)}", rater_type)
        total = math.fsum(t.share for t in self.types.values())
        if abs(total - 1) > SHARE_TOLERANCE:
            raise fault(f"types: the shares add up to {total:.6g}; they should add up to 1")
        items = sum(len(self.offered(p)) for p in self.prompts)
        if self.raters * items > MAX_DRAWS:
            raise fault(
                f"raters: {self.raters:,} raters times {items:,} completions offered are more than "
                f"the limit of {MAX_DRAWS:,}; ask for fewer raters"
            )
        rows = self.raters * sum(
            t.share * t.answers.get(p, 1.0) * t.includes.get(p, {}).get(c, 1.0)
            for t in self.types.values()
            for p in self.prompts
            for c in self.offered(p)
        )
        if rows > MAX_ROWS:
            raise fault(
                f"raters: the ballots of {self.raters:,} raters would have about {rows:,.0f} rows "
                f"and the limit is {MAX_ROWS:,}; ask for fewer raters"
            )
        return self

    def _check_type(self, where: str, t: RaterType) -> None:
        for key in ("rankings", "utilities", "answers", "includes"):
            for p in getattr(t, key):
                _known(f"{where}.{key}", p, self.prompts, "one of the prompts")
        for p in self.prompts:
            offered = dict.fromkeys(self.offered(p))
            step = _step(p)
            if p in t.rankings and p in t.utilities:
                raise fault(
                    f"{where}: the prompt {quoted(p)} has a ranking and utilities; keep one"
                )
            if p not in t.rankings and p not in t.utilities:
                raise fault(
                    f"{where}.rankings: the prompt {quoted(p)} has no ranking; give every type one "
                    "for every prompt"
                )
            key = "rankings" if p in t.rankings else "utilities"
            ranked = (
                [c for place in t.rankings[p] for c in place]
                if key == "rankings"
                else list(t.utilities[p])
            )
            for c in ranked:
                _known(f"{where}.{key}.{step}", c, offered, "one of this prompt's completions")
            _at(f"{where}.{key}.{step}", distinct, ranked)
            lacking = offered.keys() - set(ranked)
            if lacking:
                raise fault(
                    f"{where}.{key}.{step}: {quoted(min(lacking))} is missing; rank every "
                    "completion and say with 'includes' what is left off ballots"
                )
            for c in t.includes.get(p, {}):
                _known(f"{where}.includes.{step}", c, offered, "one of this prompt's completions")


def _check_features(key: str, parts: Mapping) -> None:
    lengths = {name: len(part.features or ()) for name, part in parts.items()}
    most = max(lengths.values())
    for name, length in lengths.items():
        if length != most:
            raise fault(
                f"{key}.{_step(name)}: there are {length} features where another has {most}; "
                "give all of them the same number, or none"
            )
        if parts[name].features == ():
            raise fault(f"{key}.{_step(name)}.features: the list is empty; leave it out")


def _known(where: str, name: str, names: Mapping, what: str) -> None:
    if name not in names:
        raise fault(f"{where}: {quoted(name)} is not {what}{_suggestion(name, names)}")


def _suggestion(name: Any, names) -> str:
    # Comparing is quadratic in lengths and numbers: a help for people, not for huge files.
    options = [n for n in list(names)[:1000] if len(n) <= 100]
    close = difflib.get_close_matches(str(name)[:100], options, n=1, cutoff=0.6)
    return f" (did you mean {quoted(close[0])}?)" if close else ""


def _at(where: str, check, *args) -> None:
    try:
        check(*args)
    except PydanticCustomError as error:
        raise fault(f"{where}: {error.message()}") from None


def _step(part: Any) -> str:
    """A name as one step of a dotted path."""
    return quoted(str(part))[1:-1]


# -- reading and writing --------------------------------------------------------------------------


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in the YAML file ``path``.

    Raises:
        InputError: naming the file, the place in it (a dotted path or a line) and what to do.
    """
    return parse_scenario(read_file(path, MAX_SCENARIO_BYTES), Path(path).name)


def parse_scenario(data: bytes | str, filename: str) -> Scenario:
    """As ``load_scenario``, for the content of a file called ``filename``."""
    file = plain(filename)
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if len(data) > MAX_SCENARIO_BYTES:
        raise InputError(
            f"{file}: {len(data) / 1e6:,.1f} MB are more than the limit of "
            f"{MAX_SCENARIO_BYTES / 1e6:.0f} MB for a scenario."
        )
    return _validated(read_yaml(decode(data, file), file), file)


def scenario_to_yaml(scenario: Scenario) -> str:
    """The scenario as the text of a file that loads to the same; also a key for caches."""
    dump = scenario.model_dump(exclude_defaults=True)
    completions = dump["completions"]
    dump["completions"] = completions if any(completions.values()) else list(completions)
    for t in dump["types"].values():
        for prompt, ranking in t.get("rankings", {}).items():
            t["rankings"][prompt] = [list(p) if len(p) > 1 else p[0] for p in ranking]
    dump["raters"] = scenario.raters
    order = {key: dump[key] for key in Scenario.model_fields if key in dump}
    return yaml.dump(
        order, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None,
        width=100,
    )  # fmt: skip


def scenario_of(content: Any, name: str = "") -> Scenario:
    """The scenario that plain data state, as a file's would be.

    Args:
        name: what to call it in a message; its own name where "".

    Raises:
        InputError: as for a file.
    """
    if not name and isinstance(content, dict):
        name = plain(content.get("name") or "")
    return _validated(content, name or "the scenario")


def with_overrides(
    scenario: Scenario,
    shares: Sequence[float] | Mapping[str, float] | None = None,
    includes: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
    answers: Mapping[str, Mapping[str, float]] | None = None,
    raters: int | None = None,
    noise: float | None = None,
) -> Scenario:
    """A scenario like this one with other numbers, validated again.

    Args:
        shares: of all types, in their order or by name; they add up to 1.
        includes: type -> prompt -> completion -> chance; what is not named stays.
        answers: type -> prompt -> chance; what is not named stays.

    Raises:
        InputError: as for a file, under the scenario's name.
    """
    file = plain(scenario.name)
    dump = scenario.model_dump()
    if shares is not None:
        if not isinstance(shares, Mapping):
            if len(shares) != len(scenario.types):
                raise InputError(
                    f"{file}: there are {len(shares)} shares for {len(scenario.types)} types."
                )
            shares = dict(zip(scenario.types, shares, strict=True))
        shares = {t: {"share": share} for t, share in shares.items()}
    changes = (
        shares or {},
        {t: {"includes": change} for t, change in (includes or {}).items()},
        {t: {"answers": change} for t, change in (answers or {}).items()},
    )
    for change in changes:
        for t in change:
            if t not in dump["types"]:
                raise InputError(
                    f"{file}: {quoted(t)} is not one of the types{_suggestion(t, dump['types'])}."
                )
        _merge(dump["types"], change)
    dump["raters"] = scenario.raters if raters is None else raters
    dump["noise"] = scenario.noise if noise is None else noise
    return _validated(dump, file)


def _merge(into: dict, change: Mapping) -> None:
    for key, value in change.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True

    def represent_str(self, data):
        # Other styles would turn unusual line ends, such as U+0085, into ordinary ones.
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.represent_str)


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
    """The first fault; a misspelt key before the lack of the key that was meant."""
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    kind, loc, value = fault["type"], list(fault["loc"]), fault["input"]
    if loc and loc[-1] == "[key]":
        del loc[-2:]
    place = ".".join(map(_step, loc))
    if kind == "extra_forbidden":
        part = {"types": RaterType, "prompts": Prompt, "completions": Completion}
        known = (Scenario if len(loc) == 1 else part[loc[0]]).model_fields
        hint = _suggestion(loc[-1], known) or f"; the keys are {', '.join(known)}"
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
