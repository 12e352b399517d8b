"""Profiles written as text, such as ``3: A > B = C``."""

from __future__ import annotations

import re

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError

MAX_CANDIDATES = 50
MAX_BALLOTS = 5_000
MAX_CHARACTERS = 200_000


def read_profile_text(text: str) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Read ballots written as ``Profile.from_text`` describes.

    Returns:
        Names of the candidates, places ``[ballots, candidates]`` and weights ``[ballots]``.

    Raises:
        InputError: naming the line and the correction.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The profile is longer than {MAX_CHARACTERS:,} letters.")
    names: dict[str, int] = {}
    is_declared = False
    rows: list[dict[int, int]] = []
    weights: list[float] = []
    for number, line in enumerate(re.split(r"[;\n]", text), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.lower().startswith("candidates:"):
            if rows or is_declared:
                raise InputError(f"Line {number}: 'candidates:' belongs on the first line.")
            for name in line.split(":", 1)[1].split(","):
                _add_candidate(names, name.strip(), number)
            is_declared = True
            continue
        weight, colon, order = line.rpartition(":")
        weights.append(_read_weight(weight, number) if colon else 1.0)
        rows.append(_read_order(order, names, is_declared, number))
        if len(rows) > MAX_BALLOTS:
            raise InputError(f"The profile has more than {MAX_BALLOTS:,} lines.")
    if not rows:
        raise InputError("The profile has no ballot; write one a line, such as 3: A > B > C.")
    place = np.full((len(rows), len(names)), -1)
    for i, row in enumerate(rows):
        place[i, list(row)] = list(row.values())
    return tuple(names), place, np.array(weights)


def _read_order(text: str, names: dict[str, int], is_declared: bool, number: int) -> dict[int, int]:
    """Place by candidate index. New candidates are added to ``names`` unless they are declared."""
    place: dict[int, int] = {}
    for rank, tied in enumerate(text.split(">")):
        for name in tied.split("="):
            name = name.strip()
            if name not in names:
                if is_declared:
                    raise InputError(f"Line {number}: {quoted(name)} is not among the candidates.")
                _add_candidate(names, name, number)
            if names[name] in place:
                raise InputError(
                    f"Line {number} ranks {quoted(name)} twice; name each candidate once."
                )
            place[names[name]] = rank
    return place


def _add_candidate(names: dict[str, int], name: str, number: int) -> None:
    if not name:
        raise InputError(
            f"Line {number} has an empty place; write a ballot as 3: A > B > C, ties as A = B."
        )
    if name in names:
        raise InputError(f"Line {number} names {quoted(name)} twice; name each candidate once.")
    if len(names) >= MAX_CANDIDATES:
        raise InputError(f"Line {number}: there are more than {MAX_CANDIDATES} candidates.")
    names[name] = len(names)


def _read_weight(text: str, number: int) -> float:
    try:
        weight = float(text.strip())
    except ValueError:
        weight = float("nan")
    if not 0 < weight < 1e12:
        raise InputError(
            f"Line {number}: the weight {quoted(text.strip())} is not a number above 0; write a "
            "ballot as 3: A > B > C."
        )
    return weight
