"""Field types of a scenario file: pydantic validators whose error messages are sentences."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from scrl.data.files import quoted
from scrl.data.limits import MAX_NOISE, MAX_UTILITY, MIN_WEIGHT, NOISE, UTILITY
from scrl.data.table import MAX_RATERS


def fault(problem: str) -> PydanticCustomError:
    """A validation error whose message is ``problem``."""
    return PydanticCustomError("scenario", "{problem}", {"problem": problem})


def path_step(part: object) -> str:
    """A name as one step of a dotted path."""
    return quoted(str(part))[1:-1]


def suggestion(name: object, names: Iterable[str]) -> str:
    """`` (did you mean …?)`` with the closest of ``names``, or an empty text."""
    # The comparison is quadratic in lengths, so only few and short names are compared.
    options = [n for n in list(names)[:1000] if len(n) <= 100]
    close = difflib.get_close_matches(str(name)[:100], options, n=1, cutoff=0.6)
    return f" (did you mean {quoted(close[0])}?)" if close else ""


def as_text(value: Any) -> str:
    """A text that UTF-8 can hold, stripped."""
    if isinstance(value, bool):
        raise fault("a bare yes, no, on, off, true or false is not text; put quotes around it")
    if not isinstance(value, str):
        hint = "" if isinstance(value, dict | list | tuple) else "; put quotes around it"
        raise fault(f"{quoted(value)} is not text{hint}")
    if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
        raise fault(f"{quoted(value)} holds a character that is no text")
    return value.strip()


def as_name(value: Any) -> str:
    """A text that is not empty, unchanged."""
    if not as_text(value):
        raise fault("a name is empty; give it a name")
    return value


def as_number(value: Any, low: float, high: float, what: str) -> float:
    """A finite number from ``low`` to ``high``; ``what`` describes it in a message."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and low <= number <= high):
        raise fault(f"should be {what}, not {quoted(value)}")
    return number


def as_share(value: Any) -> float:
    """A share from 0 to 1; one below the least weight, which no population shows, is 0."""
    share = as_number(value, 0, 1, "a share between 0 and 1")
    return share if share >= MIN_WEIGHT else 0.0


def as_raters(value: Any) -> int:
    """A number of raters within its limit."""
    number = as_number(value, -math.inf, math.inf, f"a whole number from 1 to {MAX_RATERS:,}")
    if number > MAX_RATERS:
        raise fault(f"{quoted(value)[1:-1]} raters are more than the limit of {MAX_RATERS:,}")
    if number < 1 or number != int(number):
        raise fault(f"should be a whole number from 1 to {MAX_RATERS:,}, not {quoted(value)}")
    return int(number)


def as_ranking(value: Any) -> tuple[tuple[str, ...], ...]:
    """Places, best first; a single name is a place of its own."""
    if not isinstance(value, list | tuple) or not value:
        raise fault("should be a list of completions, best first")
    places = [tuple(p) if isinstance(p, list | tuple) else (p,) for p in value]
    if not all(places):
        raise fault("holds an empty list; leave it out")
    return tuple(tuple(as_name(name) for name in place) for place in places)


def as_completions(value: Any) -> Any:
    """A list of names as a mapping of completions without text and features."""
    if not isinstance(value, list | tuple):
        return value
    names = [as_name(name) for name in value]
    distinct(names)
    return {name: {} for name in names}


def distinct(names: Sequence[str]) -> None:
    """Raise a fault where a name stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise fault(f"{quoted(name)} stands twice; keep one")
        seen.add(name)


def as_entry(value: Any) -> Any:
    """An entry without a value (``best:``) has no text and no features."""
    return {} if value is None else value


Text = Annotated[str, BeforeValidator(as_text)]
Name = Annotated[str, BeforeValidator(as_name)]
Real = Annotated[
    float,
    BeforeValidator(partial(as_number, low=-MAX_UTILITY, high=MAX_UTILITY, what=UTILITY)),
]
Chance = Annotated[
    float, BeforeValidator(partial(as_number, low=0, high=1, what="a chance between 0 and 1"))
]
Share = Annotated[float, BeforeValidator(as_share)]
Noise = Annotated[float, BeforeValidator(partial(as_number, low=0, high=MAX_NOISE, what=NOISE))]
