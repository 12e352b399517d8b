"""Profiles written as text, such as ``3: A > B = C``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_WEIGHT, MIN_WEIGHT, WEIGHT
from scrl.types import InputError
from scrl.voting.profiles.names import Looks, plain_name

MAX_CANDIDATES = 50
MAX_BALLOTS = 5_000
MAX_CHARACTERS = 200_000
#: A name in double quotes, between separators; a double quote inside is doubled.
_QUOTED = re.compile(
    r'((?:\A|[>=;:,*×≻→»＞\n])[ \t]*)"((?:[^"\n]|"")*)"(?=[ \t]*(?:[>=;:,*×≻→»＞\n-]|\Z))'
)
#: The place of a quoted name in what is left.
_PLACEHOLDER = re.compile(r"\0([0-9]+)\0")
_NUMBER = r"\d+(?:[.,]\d+)?"
#: ``3 * A > B`` and ``3 x A > B``; ``A > B * 3``; a number at the beginning.
_FACTOR_FIRST = re.compile(rf"({_NUMBER})\s*(?:[*×]|x\s)\s*(\S.*)")
_FACTOR_LAST = re.compile(rf"(.*\S)(?:\s*[*×]|\sx)\s*({_NUMBER})")
_NUMBERED = re.compile(rf"({_NUMBER})(\s*)(\S.*)")
#: Other ways to write that one candidate is ahead.
_AHEAD = re.compile(r"->|=>|[≻→»＞]")
_FOREIGN = re.compile(r"[<≺≽≥,＝∼|]|(?<=\S )~|(?<=[^\s~])~(?=\S)")


@dataclass
class _Reader:
    """Reads ballots line by line.

    Attributes:
        literal: the names in double quotes, by number.
        names: candidate -> index.
        is_declared: whether the candidates are stated.
    """

    literal: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    is_declared: bool = False
    looks: Looks = field(default_factory=Looks)

    def unquote(self, text: str) -> str:
        """``text`` with quoted names replaced by placeholders, and ``literal`` with the names."""

        def keep(match: re.Match[str]) -> str:
            self.literal.append(match[2].replace('""', '"'))
            return f"{match[1]}\0{len(self.literal) - 1}\0"

        return _QUOTED.sub(keep, text.replace("\0", "\ufffd"))

    def read_candidates(self, text: str, number: int) -> None:
        """The names of ``candidates: A, B, C``."""
        for part in text.split(","):
            self._add(self._name(part, number), number)
        self.is_declared = True

    def read_ballot(self, line: str, number: int) -> tuple[float, dict[int, int]]:
        """The weight of a ballot, and the place of each candidate by index."""
        weight, colon, order = line.rpartition(":")
        factor = _FACTOR_LAST.fullmatch(order)
        if factor and self._is_name(order.rpartition(">")[2].rpartition("=")[2]):
            factor = None
        if colon and factor:
            raise InputError(
                f"Line {number} states its weight before and after the ballot; write it as "
                "3: A > B > C."
            )
        if factor:
            weight, order = factor[2], factor[1]
        elif not colon and (factor := _FACTOR_FIRST.fullmatch(order)) and not self._is_first(order):
            weight, order = factor[1], factor[2]
        elif not colon and not self._is_first(order):
            _check_no_bare_number(order, number)
        return (_read_weight(weight, number) if weight or colon else 1.0), self._read_order(
            order, number
        )

    def _read_order(self, text: str, number: int) -> dict[int, int]:
        place: dict[int, int] = {}
        for rank, tied in enumerate(_AHEAD.sub(">", text).split(">")):
            for part in tied.split("="):
                name = self._name(part, number)
                if name not in self.names:
                    self._add_found(name, part, number)
                if self.names[name] in place:
                    raise InputError(
                        f"Line {number} ranks {quoted(name)} twice; name each candidate once."
                    )
                place[self.names[name]] = rank
        return place

    def _add_found(self, name: str, part: str, number: int) -> None:
        """Add the candidate whose first appearance is ``part`` of a ballot."""
        if self.is_declared:
            raise InputError(f"Line {number}: {quoted(name)} is not among the candidates.")
        foreign = _FOREIGN.search(part)
        if foreign or (_PLACEHOLDER.search(part) and re.search("[>=]", name)):
            mark = quoted(foreign[0]) if foreign else "a separator"
            raise InputError(
                f"Line {number}: {quoted(name)} holds {mark}; write a ballot as 3: A > B = C, best "
                'first, or name the candidate in a first line candidates: "A, B", C.'
            )
        self._add(name, number)

    def _name(self, part: str, number: int) -> str:
        """The candidate that a part of a line names."""
        part = part.strip()
        match = _PLACEHOLDER.fullmatch(part)
        text = self.literal[int(match[1])] if match else part
        text = _PLACEHOLDER.sub(lambda found: f'"{self.literal[int(found[1])]}"', text)
        name = plain_name(text)
        if not name:
            raise InputError(
                f"Line {number} has an empty place; write a ballot as 3: A > B > C, ties as A = B."
            )
        return name

    def _is_name(self, text: str) -> bool:
        return self.is_declared and plain_name(text) in self.names

    def _is_first(self, order: str) -> bool:
        """Whether the first part of an order is a known candidate as it stands."""
        return plain_name(re.split("[>=]", order, maxsplit=1)[0]) in self.names

    def _add(self, name: str, number: int) -> None:
        if name in self.names:
            raise InputError(f"Line {number} names {quoted(name)} twice; name each candidate once.")
        if len(self.names) >= MAX_CANDIDATES:
            raise InputError(f"Line {number}: there are more than {MAX_CANDIDATES} candidates.")
        try:
            self.looks.add(name)
        except InputError as error:
            raise InputError(f"Line {number}: {error}") from None
        self.names[name] = len(self.names)


def read_profile_text(text: str) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Read ballots written as ``Profile.from_text`` describes.

    Returns:
        Names of the candidates, places ``[ballots, candidates]`` and weights ``[ballots]``.

    Raises:
        InputError: naming the line and the correction.
    """
    if not isinstance(text, str):
        raise InputError(f"{quoted(text)} is no text; write ballots such as '3: A > B > C'.")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The profile is longer than {MAX_CHARACTERS:,} letters.")
    reader = _Reader()
    rows: list[dict[int, int]] = []
    weights: list[float] = []
    for number, line in enumerate(re.split(r"[;\n]", reader.unquote(text)), 1):
        line = " ".join(line.lstrip("\ufeff").split())  # so that patterns take linear time
        if not line or line.startswith("#"):
            continue
        if line.lower().startswith("candidates:"):
            if rows or reader.is_declared:
                raise InputError(f"Line {number}: 'candidates:' belongs on the first line.")
            reader.read_candidates(line.split(":", 1)[1], number)
            continue
        weight, row = reader.read_ballot(line, number)
        weights.append(weight)
        rows.append(row)
        if len(rows) > MAX_BALLOTS:
            raise InputError(f"The profile has more than {MAX_BALLOTS:,} lines.")
    if not rows:
        raise InputError("The profile has no ballot; write one a line, such as 3: A > B > C.")
    if not reader.is_declared:
        _check_no_weight_in_names(reader.names)
    place = np.full((len(rows), len(reader.names)), -1)
    for i, row in enumerate(rows):
        place[i, list(row)] = list(row.values())
    return tuple(reader.names), place, np.array(weights)


def _check_no_bare_number(order: str, number: int) -> None:
    """Raise ``InputError`` for a ballot such as ``3 A > B``: three voters, or the name ``3 A``."""
    match = _NUMBERED.fullmatch(order)
    if match and match[2]:
        raise InputError(
            f"Line {number} begins with a number and no colon; write {match[1]}: "
            f"{quoted(match[3])[1:-1]} for so many voters, or 1: before a name that begins with a "
            "number."
        )


def _check_no_weight_in_names(names: dict[str, int]) -> None:
    """Raise ``InputError`` for a name such as ``3A`` beside a candidate ``A``."""
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match and match[3] in names:
            raise InputError(
                f"{quoted(name)} is a candidate beside {quoted(match[3])}; write {match[1]}: "
                f"{quoted(match[3])[1:-1]} for so many voters, or state the candidates in a first "
                f"line candidates: {quoted(match[3])[1:-1]}, {quoted(name)[1:-1]}."
            )


def _read_weight(text: str, number: int) -> float:
    text = text.strip()
    try:
        weight = float(text)
    except ValueError:
        weight = float("nan")
    if weight > MAX_WEIGHT:
        raise InputError(
            f"Line {number}: the weight {quoted(text)} is more than {MAX_WEIGHT:,.0f}, the "
            "most that a ballot may weigh."
        )
    if 0 < weight < MIN_WEIGHT:
        raise InputError(f"Line {number}: the weight {quoted(text)} is too small; give {WEIGHT}.")
    if not weight > 0:
        raise InputError(
            f"Line {number}: the weight {quoted(text)} is not a number above 0; write a ballot as "
            "3: A > B > C."
        )
    return weight
