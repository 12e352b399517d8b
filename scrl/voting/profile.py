"""Weighted ballots over named candidates, as users write, edit and share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import Ballots, frozen, places_to_order
from scrl.voting.profile_text import read_profile_text


@dataclass(frozen=True, eq=False)
class Profile:
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
    ) -> Profile:
        """From orders of candidate indices, best first; a nested sequence is a tie.

        >>> Profile.from_orders("abc", [[0, 1, 2], [2, (0, 1)]], [3, 2]).to_text()
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
    ) -> Profile:
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
        rank = self.place if self.utility is None else None
        return Ballots(self.utility, self.place >= 0, self.weight, rank=rank)

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
    def from_text(cls, text: str) -> Profile:
        """Read ballots such as ``3: A > B = C``, one a line or separated by semicolons.

        A ballot is its weight (1 where omitted) and its candidates, best first. An optional first
        line ``candidates: A, B, C`` fixes the candidates and their order; otherwise they are
        numbered by first appearance.

        Raises:
            InputError: naming the line and the correction.
        """
        names, place, weight = read_profile_text(text)
        return cls(names, place, weight)


def format_ballot(order: Sequence[Sequence[str]]) -> str:
    """An order as text, such as ``A > B = C``."""
    return " > ".join(" = ".join(tied) for tied in order)
