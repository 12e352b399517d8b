"""The schema of a scenario file: rater types, prompts, completions and missing data.

A rater type states an order or utilities over all completions of every prompt. Missing ratings are
stated only by the probabilities ``answers`` and ``includes``. An order of m completions stands for
the utilities m-1 … 0, ties averaged; ``noise`` is the scale of Gumbel noise in these units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from scrl.data.files import quoted
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
    path_step,
    suggestion,
)
from scrl.scenarios.text_tastes import written_out
from scrl.types import Catalogue

#: Raters × items (completions offered, summed over prompts) that a sample may have to draw.
MAX_DRAWS = 100_000_000
SHARE_TOLERANCE = 1e-6


def _as_features(value: Any) -> Any:
    if value is not None and value != "text":
        raise fault(f"should be 'text' or left out, not {quoted(value)}")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Completion(_Part):
    """A completion: its text (the name where None) and its features."""

    text: Text | None = None
    features: tuple[Real, ...] | None = None


class Prompt(_Part):
    """A prompt: its text, its features, the completions it offers (all where None), and its kind,
    which the likes of types may refer to."""

    text: Text | None = None
    completions: tuple[Name, ...] | None = None
    features: tuple[Real, ...] | None = None
    kind: Name | None = None


class RaterType(_Part):
    """A type of rater: its share, its preferences and its probabilities of answering.

    Attributes:
        share: of the population, 0 to 1.
        rankings: prompt -> places, best first, each a tuple of tied names.
        utilities: prompt -> completion -> utility, in place of a ranking.
        answers: prompt -> probability that such a rater answers it (default 1).
        includes: prompt -> completion -> probability that the ballot includes it (default 1).
        likes: attribute of a text -> weight, or kind of prompt -> such weights (``text_tastes``).
    """

    share: Share
    rankings: dict[Name, Annotated[Any, BeforeValidator(as_ranking)]] = {}
    utilities: dict[Name, dict[Name, Real]] = {}
    answers: dict[Name, Chance] = {}
    includes: dict[Name, dict[Name, Chance]] = {}
    likes: dict[Name, Real | dict[Name, Real]] = {}


class ScenarioSchema(_Part):
    """A population of raters and the prompts they answer, validated, with derived arrays.

    Where ``features`` is ``"text"``, models read completions as texts in place of names.
    """

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
    features: Annotated[Literal["text"] | None, BeforeValidator(_as_features)] = None

    @property
    def catalogue(self) -> Catalogue:
        """Prompts and completions in the order of the file."""
        number = {name: i for i, name in enumerate(self.completions)}
        offered = [[number[c] for c in self.offered(p)] for p in self.prompts]
        return Catalogue(
            tuple(self.prompts), tuple(self.completions), np.concatenate(offered),
            np.concatenate([[0], np.cumsum([len(o) for o in offered])]),
            tuple(part.text or name.strip() for name, part in self.prompts.items()),
            tuple(part.text or name.strip() for name, part in self.completions.items()),
            _features(self.prompts.values()), _features(self.completions.values()),
        )  # fmt: skip

    @property
    def type_names(self) -> tuple[str, ...]:
        return tuple(self.types)

    @property
    def type_shares(self) -> np.ndarray:
        """Share of each type in the population ``[types]``, adding up to 1."""
        values = np.array([t.share for t in self.types.values()])
        return values / values.sum()

    @property
    def type_utilities(self) -> np.ndarray:
        """Utility of each item for each type ``[types, items]``, without noise."""
        rows = []
        for t in self.types.values():
            row: list[float] = []
            for p in self.prompts:
                utility = t.utilities.get(p) or order_utilities(t.rankings[p])
                row += [utility[c] for c in self.offered(p)]
            rows.append(row)
        return np.array(rows)

    @property
    def answer_chances(self) -> np.ndarray:
        """Probability that a rater of each type answers each prompt ``[types, prompts]``."""
        return np.array(
            [[t.answers.get(p, 1.0) for p in self.prompts] for t in self.types.values()]
        )

    @property
    def inclusion_chances(self) -> np.ndarray:
        """Probability that each type's ballot includes each item ``[types, items]``, given that
        the prompt is answered."""
        pairs = [(p, c) for p in self.prompts for c in self.offered(p)]
        return np.array(
            [[t.includes.get(p, {}).get(c, 1.0) for p, c in pairs] for t in self.types.values()]
        )

    def offered(self, prompt: str) -> tuple[str, ...]:
        """The completions of a prompt, in item order."""
        return self.prompts[prompt].completions or tuple(self.completions)

    @model_validator(mode="before")
    @classmethod
    def _write_out(cls, content: Any) -> Any:
        return written_out(content) if isinstance(content, Mapping) else content

    @model_validator(mode="after")
    def _check(self) -> ScenarioSchema:
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
                where = f"prompts.{path_step(p)}.completions"
                for c in prompt.completions:
                    _check_known(where, c, self.completions, "one of the scenario's completions")
                _check_at(where, distinct, prompt.completions)
                if len(prompt.completions) < 2:
                    raise fault(f"{where}: a prompt needs at least two completions")
        for t, rater_type in self.types.items():
            self._check_type(f"types.{path_step(t)}", rater_type)
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
                _check_known(f"{where}.{key}", p, self.prompts, "one of the prompts")
        for p in self.prompts:
            offered = dict.fromkeys(self.offered(p))
            step = path_step(p)
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
                _check_known(
                    f"{where}.{key}.{step}", c, offered, "one of this prompt's completions"
                )
            _check_at(f"{where}.{key}.{step}", distinct, ranked)
            lacking = offered.keys() - set(ranked)
            if lacking:
                raise fault(
                    f"{where}.{key}.{step}: {quoted(min(lacking))} is missing; rank every "
                    "completion and say with 'includes' what is left off ballots"
                )
            for c in t.includes.get(p, {}):
                _check_known(
                    f"{where}.includes.{step}", c, offered, "one of this prompt's completions"
                )


def _check_features(key: str, parts: Mapping[str, Prompt | Completion]) -> None:
    lengths = {name: len(part.features or ()) for name, part in parts.items()}
    most = max(lengths.values())
    for name, length in lengths.items():
        if length != most:
            raise fault(
                f"{key}.{path_step(name)}: there are {length} features where another has {most}; "
                "give all of them the same number, or none"
            )
        if parts[name].features == ():
            raise fault(f"{key}.{path_step(name)}.features: the list is empty; leave it out")


def _check_known(where: str, name: str, names: Mapping[str, Any], what: str) -> None:
    if name not in names:
        raise fault(f"{where}: {quoted(name)} is not {what}{suggestion(name, names)}")


def _check_at(where: str, check: Callable[..., None], *args: Any) -> None:
    """Run ``check`` and prefix its fault with the place in the file."""
    try:
        check(*args)
    except PydanticCustomError as error:
        raise fault(f"{where}: {error.message()}") from None


def order_utilities(places: Sequence[Sequence[str]]) -> dict[str, float]:
    """The utilities that an order of m stands for: m-1 … 0, ties averaged."""
    left = sum(map(len, places))
    utility: dict[str, float] = {}
    for place in places:
        left -= len(place)
        utility.update(dict.fromkeys(place, left + (len(place) - 1) / 2))
    return utility


def _features(parts: Iterable[Prompt | Completion]) -> np.ndarray | None:
    """``[parts, features]``, or None where the parts have none."""
    rows = [part.features for part in parts]
    return None if rows[0] is None else np.array(rows)
