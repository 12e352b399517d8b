"""Result files as CSV that a spreadsheet opens without computing anything."""

from __future__ import annotations

from collections.abc import Mapping

from scrl.data.spreadsheets import safe_csv
from scrl.runs import csv_export


def orders_csv(result: Mapping) -> str:
    """Every order of a result file: prompt, source, rule, completion, place, score."""
    return safe_csv(csv_export.orders_csv(result))
