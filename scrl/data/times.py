"""The times of ballots: numbers that rise, or dates."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.table import Column, Table, is_missing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADVICE = "give a number, or a date such as 2026-11-30 or 2026-11-30T14:05"


class Clock:
    """Reads the times of one file, which are all numbers or all dates."""

    def __init__(self) -> None:
        self._kind = ""

    def read(self, value: Any, comma: bool = False) -> float:
        """A number as it is, a date as days since 1970-01-01 (UTC), and NaN for what is empty.
        Eight digits that are a day of 1900 to 2099, such as 20250131, are that date.

        >>> Clock().read("1970-01-02T12:00")
        1.5

        Args:
            value: a number, a date, or either as text.
            comma: whether a comma may be the decimal point.

        Raises:
            ValueError: with the end of a sentence that begins with the column's name.
        """
        text = str(value).strip()
        if value is None or is_missing(text):
            return math.nan
        kind, found = "date", _days_of_digits(text)
        if found is None:
            kind, found = "number", _number(value, text, comma)
        if found is None:
            kind, found = "date", _days(value, text)
        if found is None or not math.isfinite(found):
            raise ValueError(f"is {quoted(value)}; {_ADVICE}.")
        if self._kind not in ("", kind):
            raise ValueError(
                f"is {quoted(value)}, a {kind}, where another row has a {self._kind}; give all "
                "times as numbers or all as dates."
            )
        self._kind = kind
        return found


def column_times(table: Table, column: Column, field: str, comma: bool = False) -> np.ndarray:
    """The times in a column ``[rows]``, NaN where a cell is empty.

    Args:
        field: the column's name, for messages.

    Raises:
        InputError: naming the line of a cell that is no time.
    """
    clock, found = Clock(), np.empty(len(column.values))
    for code, text in enumerate(column.values):
        try:
            found[code] = clock.read(text, comma)
        except ValueError as error:
            row = int(np.flatnonzero(column.codes == code)[0])
            table.fail(f"{quoted(field)[1:-1]} {error}", row)
    return found[column.codes]


def _number(value: Any, text: str, comma: bool) -> float | None:
    if isinstance(value, bool) or "_" in text:
        return None
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def _days_of_digits(text: str) -> float | None:
    """Days since 1970-01-01 of a date such as 20250131; None for anything else."""
    if not re.fullmatch(r"(?:19|20)[0-9]{6}", text):
        return None
    try:
        day = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (day - _EPOCH) / timedelta(days=1)


def _days(value: Any, text: str) -> float | None:
    """Days since 1970-01-01; None where it is no date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - _EPOCH) / timedelta(days=1)
