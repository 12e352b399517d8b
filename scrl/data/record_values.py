"""Values in a row of a preference data set: scores, places, and the name of the best response."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scrl.data.files import quoted
from scrl.data.number_cells import number_advice
from scrl.data.table import is_missing

#: Words for votes that prefer no response to another, and for votes that say nothing.
_TIES = {
    "tie", "tied", "draw", "both", "tie (bothbad)", "tie(bothbad)", "tie (both bad)", "bothbad",
    "both bad", "both_bad", "tie_bothbad",
}  # fmt: skip
_SILENT = {"", "neither", "no idea", "neither/no idea", "neither / no idea"}
#: What may stand before the letter of a response.
_PREFIXES = ("", "model_", "response_", "conversation_", "completion_", "answer_", "assistant_")


class BadRow(Exception):
    """A fault of a row, without its place."""


class LeftOut(Exception):
    """Why a row is left out."""


def preferred_items(preferred: str, items: Sequence[str]) -> list[int]:
    """The numbers of the columns that a vote prefers; all where it is a tie.

    Args:
        preferred: the vote, such as ``"model_a"``, ``"A"`` or ``"tie (bothbad)"``.
        items: names of the columns, which end in a letter.

    Raises:
        LeftOut: where the vote names none of them.
    """
    word = preferred.strip().casefold()
    if is_missing(word) or word in _SILENT:
        raise LeftOut("no response is preferred")
    if word in _TIES:
        return list(range(len(items)))
    for i, item in enumerate(items):
        name = item.casefold()
        if word == name or word in {prefix + name[-1] for prefix in _PREFIXES}:
            return [i]
    raise LeftOut("the preferred response is none of the row's responses")


def record_number(value: Any) -> float:
    """A finite number; NaN for what is empty, or a word for a missing value.

    Raises:
        BadRow: for anything else.
    """
    if value is None or (isinstance(value, str) and is_missing(value.strip())):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.inf
    if isinstance(value, str) and "_" in value:
        number = math.inf
    if math.isinf(number):
        advice = isinstance(value, str) and number_advice(value)
        raise BadRow(f"a score is {quoted(value)}; {advice or 'give a finite number'}.")
    return number


def places_of(value: Mapping[str, float]) -> list[list[str]]:
    """Completions with values, higher being better, as places, best first.

    Raises:
        LeftOut: where there is none.
    """
    if not value:
        raise LeftOut("no completion has a score")
    places: dict[float, list[str]] = {}
    for text, score in value.items():
        places.setdefault(score, []).append(text)
    return [places[score] for score in sorted(places, reverse=True)]
