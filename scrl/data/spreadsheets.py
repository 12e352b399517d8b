"""CSV files that a spreadsheet opens without computing anything.

A spreadsheet reads a cell as a formula where it begins with an equals sign, a plus, a minus or an
at sign, and some do after a tab or a line end. The writers put an apostrophe before such a text, as
spreadsheets do themselves, and the readers take it away.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

#: A text that a spreadsheet may compute, after the apostrophes that keep it from doing so.
_RISKY = re.compile(r"'*(?:\s*[=+\-\u2212@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_NUMBER = re.compile(r"[+\-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-]?\d+)?")


def escape_formula(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet might compute it.

    >>> escape_formula("=1+2"), escape_formula("bread"), escape_formula("'=1")
    ("'=1+2", 'bread', "''=1")
    """
    return f"'{text}" if _RISKY.match(text) else text


def safe_csv(text: str) -> str:
    """A CSV in which no cell, header included, is a formula; numbers stay as they are.

    >>> safe_csv("name,@score\\n=A1,-2\\n")
    "name,'@score\\n'=A1,-2\\n"
    """
    end = "\r\n" if "\r\n" in text else "\n"
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    for row in csv.reader(io.StringIO(text, newline="")):
        writer.writerow([escape_cell(cell) for cell in row])
    return out.getvalue()


def escape_cell(text: str) -> str:
    """As ``escape_formula``, except that a number stays as it is."""
    return text if _NUMBER.fullmatch(text) else escape_formula(text)


def unescaped(names: Sequence[str]) -> list[str]:
    """Distinct texts without the apostrophe of ``escape_formula``; as they are where two would
    become one."""
    if not any(name.startswith("'") for name in names):
        return list(names)
    found = [
        name[1:] if name.startswith("'") and _RISKY.match(name[1:]) else name for name in names
    ]
    return found if len(set(found)) == len(set(names)) else list(names)
