"""PrefLib's categories (.cat) and weighted graphs (.wmd), where they are rankings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from scrl.data.preflib import parse_preflib
from scrl.data.rows import CHUNK, Rows
from scrl.data.table import check_counts
from scrl.types import InputError, Ratings

CATEGORIES, GRAPH = ".cat", ".wmd"
_EMPTY = re.compile(r"\{\s*\}")
_COMMAS = re.compile(r",(?:\s*,)+")
_EDGE = re.compile(r"\s*([0-9]{1,9})\s*,\s*([0-9]{1,9})\s*,\s*([^,\s]+)\s*")


def parse_categories(
    text: str, file: str, missing: str | None, name: str, max_alternatives: int
) -> Ratings:
    """A file in which voters put alternatives in ordered categories, the best first.

    Args:
        file, missing, name, max_alternatives: as of ``parse_preflib``; an alternative in no
            category is unseen unless ``missing`` says otherwise.

    Raises:
        InputError: naming the file and the line.
    """
    lines, empty, names = [], 0, []
    for line in text.split("\n"):
        if line.lstrip().startswith("#"):
            key, _, value = line.lstrip(" #").partition(":")
            names += [value.strip()] if key.upper().startswith("CATEGORY NAME") else []
        elif ":" in line:
            count, _, order = line.partition(":")
            order = _COMMAS.sub(",", _EMPTY.sub("", order).strip()).strip(" ,\t\r")
            empty += not order
            line = f"{count}: {order}" if order else "# NOTHING: said"
        lines.append(line)
    ratings = parse_preflib(
        "\n".join(lines), file, ".toi", missing or "unseen", name, max_alternatives
    )
    notes = [f"Categories are read in their order: {' > '.join(names)[:200]}."] if names else []
    notes += [f"Orders that name no alternative are left out: {empty:,}."] if empty else []
    return replace(ratings, notes=(*ratings.notes, *notes))


def graph_rows(text: str, file: str) -> Rows:
    """The edges of a weighted graph as a table: the first vertex rates the second.

    Raises:
        InputError: naming the file and the line.
    """
    names: dict[str, str] = {}
    edges: list[tuple[str, str, str]] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.lstrip().startswith("#"):
            key, _, value = line.lstrip(" #").partition(":")
            words = key.upper().split()
            if words[:2] == ["ALTERNATIVE", "NAME"] and len(words) == 3:
                names[words[2]] = value.strip() or key.strip()
        elif line.strip():
            match = _EDGE.fullmatch(line)
            if not match:
                raise InputError(
                    f"{file}: line {number}: {line.strip()[:60]!r} is not an edge; write it as "
                    "'1,2,0.5', two alternatives by number and a weight."
                )
            edges.append((match[1], match[2], match[3]))
            lines.append(number)
            check_counts(file, len(edges), 0, 0)
    if not edges:
        raise InputError(f"{file}: there is no edge in this file.")

    def chunks() -> Iterator[list[list[str]]]:
        left = iter(edges)
        while part := list(islice(left, CHUNK)):
            yield [
                [f"{names.get(one, '')} ({one})".strip() for one, _, _ in part],
                [f"{names.get(two, '')} ({two})".strip() for _, two, _ in part],
                [weight for _, _, weight in part],
            ]

    return Rows(file, ["rater", "completion", "score"], chunks(), lines.__getitem__)


def check_is_ranking(ratings: Ratings, file: str) -> Ratings:
    """The ratings of a graph, in which some vertex weighs two others differently.

    Raises:
        InputError: where none does.
    """
    if not ratings.rank.any():
        raise InputError(
            f"{file}: all edges of a vertex weigh the same, so this graph ranks nothing; give a "
            "file with orders."
        )
    return ratings
