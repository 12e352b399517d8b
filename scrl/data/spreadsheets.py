"""CSV files that a spreadsheet opens without computing anything.

A spreadsheet reads a cell as a formula where it begins with an equals sign, a plus, a minus or an
at sign, and some do after a tab or a line end. The writers here put an apostrophe before such a
text, as spreadsheets do themselves, and the readers take it away.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from scrl.data import csv_format, readers
from scrl.data.files import printable
from scrl.types import InputError, Ratings

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
        writer.writerow([c if _NUMBER.fullmatch(c) else escape_formula(c) for c in row])
    return out.getvalue()


def to_csv(ratings: Ratings) -> str:
    """As ``csv_format.to_csv``, with an apostrophe before names that look like formulas.

    ``parse_ratings`` reads the same names back.
    """
    return safe_csv(csv_format.to_csv(ratings))


def save_ratings(ratings: Ratings, path: str | Path) -> None:
    """Write ``to_csv(ratings)`` to ``path``.

    Raises:
        InputError: where the file cannot be written.
    """
    try:
        Path(path).write_text(to_csv(ratings), encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{printable(path)}: the file cannot be written ({reason}).") from error


def load_ratings(path: str | Path, missing: str | None = None) -> Ratings:
    """Read a file of ratings: .csv, .jsonl or .ndjson, .soc, .soi, .toc or .toi.

    >>> ratings = load_ratings("tests/golden/ties.csv")
    >>> ratings.catalogue.prompts
    ('p',)

    Args:
        missing: what a completion left off a ballot means, ``"unseen"`` or ``"last"``; the
            format's own default where None.

    Raises:
        InputError: where the file cannot be read, is too large, or is not in its format.
    """
    return _named_as_meant(readers.load_ratings(path, missing), str(path))


def parse_ratings(data: bytes, filename: str, missing: str | None = None) -> Ratings:
    """As ``load_ratings``, for the bytes of an upload; the suffix of ``filename`` is the format."""
    return _named_as_meant(readers.parse_ratings(data, filename, missing), filename)


def _named_as_meant(ratings: Ratings, filename: str) -> Ratings:
    """Ratings whose names and texts lack the apostrophe of ``escape_formula``."""
    if not filename.lower().endswith(".csv"):
        return ratings
    c = ratings.catalogue
    catalogue = replace(
        c, prompts=_unescaped(c.prompts), completions=_unescaped(c.completions),
        prompt_texts=tuple(map(str.strip, _unescaped(c.prompt_texts))),
        completion_texts=tuple(map(str.strip, _unescaped(c.completion_texts))),
    )  # fmt: skip
    return replace(
        ratings, catalogue=catalogue, raters=_unescaped(ratings.raters),
        types=_unescaped(ratings.types),
    )  # fmt: skip


def _unescaped(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names without that apostrophe; as they are where two names would become one."""
    if not any(name.startswith("'") for name in names):
        return names
    found = tuple(
        name[1:] if name.startswith("'") and _RISKY.match(name[1:]) else name for name in names
    )
    return found if len(set(found)) == len(set(names)) else names
