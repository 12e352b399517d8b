"""Weighted ballots over named candidates, as users write, edit and share them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.files import quoted
from scrl.types import Ballots, InputError, frozen, places_to_order

MAX_CANDIDATES = 50
MAX_BALLOTS = 5_000
MAX_CHARACTERS = 200_000


@dataclass(frozen=True, eq=False)
class AnonymousProfile:
    """An anonymous preference profile: distinct ballots and how many voters cast each.

    Attributes:
        names: of the candidates.
        place: place on the ballot ``[ballots, candidates]``, 0 = best, equal = tied, dense; -1
            where the ballot does not rank the candidate.
        weight: number (or share) of voters who cast the ballot ``[ballots]``, positive.
        labels: name of the voters who cast the ballot, such as a rater type ``[ballots]``; "" for
            none.
        utility: utility of each candidate to those voters ``[ballots, candidates]``, or None where
            only orders are known.
    """

    names: tuple[str, ...]
    place: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...] = ()
    utility: np.ndarray | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "names", tuple(self.names))
        set_(self, "place", frozen(self.place, np.int32))
        set_(self, "weight", frozen(self.weight, np.float64))
        set_(self, "labels", tuple(self.labels) or ("",) * len(self.place))
        if self.utility is not None:
            set_(self, "utility", frozen(self.utility, np.float64))

    @classmethod
    def from_orders(
        cls,
        names: Sequence[str],
        orders: Sequence[Sequence[int | Sequence[int]] | np.ndarray],
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
    ) -> AnonymousProfile:
        """From orders of candidate indices, best first; a nested sequence is a tie.

        >>> AnonymousProfile.from_orders("abc", [[0, 1, 2], [2, (0, 1)]], [3, 2]).to_text()
        '3: a > b > c\\n2: c > a = b'
        """
        place = np.full((len(orders), len(names)), -1)
        for row, order in enumerate(orders):
            for rank, tied in enumerate(order):
                place[row, np.atleast_1d(np.asarray(tied, int))] = rank
        weight = np.ones(len(orders)) if weight is None else np.asarray(weight)
        return cls(tuple(names), place, weight, tuple(labels))

    @classmethod
    def from_utilities(
        cls,
        names: Sequence[str],
        utility: ArrayLike,
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
    ) -> AnonymousProfile:
        """From utilities ``[ballots, candidates]``; equal utilities are tied."""
        utility = np.asarray(utility, float)
        place = np.stack([np.unique(-row, return_inverse=True)[1].ravel() for row in utility])
        weight = np.ones(len(utility)) if weight is None else np.asarray(weight)
        return cls(tuple(names), place, weight, tuple(labels), utility)

    @property
    def is_complete(self) -> bool:
        """Whether every ballot ranks all candidates."""
        return bool((self.place >= 0).all())

    @property
    def is_strict(self) -> bool:
        """Whether every ballot ranks all candidates without ties."""
        m = len(self.names)
        return bool((np.sort(self.place, axis=1) == np.arange(m)).all())

    def ballots(self) -> Ballots:
        """``Ballots`` of the utilities where they are known, else of the orders."""
        utility = -self.place if self.utility is None else self.utility
        return Ballots(utility, self.place >= 0, self.weight)

    def orders(self) -> list[list[list[str]]]:
        """The order of each ballot, best first; each place is the list of names tied there."""
        names = np.array(self.names, object)
        return [places_to_order(row[row >= 0], list(names[row >= 0])) for row in self.place]

    def to_text(self, separator: str = "\n") -> str:
        """The text that ``from_text`` reads, such as ``3: A > B = C``; without utilities."""
        lines = []
        mentioned = [name for order in self.orders() for tied in order for name in tied]
        if list(dict.fromkeys(mentioned)) != list(self.names):
            lines.append("candidates: " + ", ".join(self.names))
        for weight, order in zip(self.weight, self.orders(), strict=True):
            lines.append(f"{weight:.10g}: {format_ballot(order)}")
        return separator.join(lines)

    @classmethod
    def from_text(cls, text: str) -> AnonymousProfile:
        """Read ballots such as ``3: A > B = C``, one a line or separated by semicolons.

        A ballot is its weight (1 where omitted) and its candidates, best first. An optional first
        line ``candidates: A, B, C`` fixes the candidates and their order; otherwise they are
        numbered by first appearance.

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
        return cls(tuple(names), place, np.array(weights))


def format_ballot(order: Sequence[Sequence[str]]) -> str:
    """An order as text, such as ``A > B = C``."""
    return " > ".join(" = ".join(tied) for tied in order)


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
