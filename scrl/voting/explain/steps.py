"""What an explanation of a count is made of: plain data, for figures and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import weak_order
from scrl.voting.profile import TIE_TOLERANCE

#: How a drawn victory fared.
STATES = ("counted", "path", "back", "left out", "quiet")


@dataclass(frozen=True, eq=False)
class Bars:
    """Numbers of the candidates, and what each ballot gives of them.

    Attributes:
        title: what is counted, with its unit.
        total: ``[candidates]``.
        parts: ``[ballots, candidates]`` that add up to ``total``, or None.
        line: a value to be compared with, or None; said: what it is.
        low: whether less is better.
    """

    title: str
    total: np.ndarray
    parts: np.ndarray | None = None
    line: float | None = None
    line_label: str = ""
    lower_is_better: bool = False


@dataclass(frozen=True, eq=False)
class Matrix:
    """A number of every row for every candidate: duels, strengths of paths, votes by level.

    Attributes:
        values: ``[rows, candidates]``, NaN where there is none; rows: their names, the candidates
            themselves where empty.
        centre: the value that is neither good nor bad; marked: (row, column) to point out.
    """

    title: str
    values: np.ndarray
    rows: tuple[str, ...] = ()
    centre: float = 0.5
    marked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Edge:
    """A victory of ``a`` over ``b`` with a width (P(a≻b) - P(b≻a)), what became of it (one of
    ``STATES``), and why."""

    a: int
    b: int
    width: float
    state: str = "counted"
    why: str = ""


@dataclass(frozen=True, eq=False)
class Graph:
    """Victories as arrows."""

    title: str
    edges: tuple[Edge, ...]


@dataclass(frozen=True, eq=False)
class Round:
    """One round of an elimination.

    Attributes:
        score: ``[candidates]``, NaN for those no longer there.
        out: who leaves; word: as what (``"out"``, ``"wins"``).
        moved: weight that goes from each candidate to each other, the last column to nobody
            ``[candidates, candidates + 1]``, or None where nothing moves.
        note: what happens, in a sentence.
    """

    score: np.ndarray
    out: tuple[int, ...]
    note: str
    transfers: np.ndarray | None = None
    label: str = "out"


@dataclass(frozen=True, eq=False)
class Rounds:
    """An elimination, first round first; ``unit`` is what scores are."""

    title: str
    unit: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, eq=False)
class Fit:
    """Shares of duels as seen and as a model has them ``[candidates, candidates]``."""

    title: str
    observed: np.ndarray
    fitted: np.ndarray


@dataclass(frozen=True, eq=False)
class Explanation:
    """How a rule came to its order.

    Attributes:
        rule: its name in the registry; names: of the candidates.
        place: ``[candidates]``, where the steps end: how many stand strictly ahead.
        notes: what decided, in sentences.
        steps: ``Bars``, ``Matrix``, ``Graph``, ``Rounds`` or ``Fit``, the telling one first.
        table: rows of numbers.
    """

    rule: str
    names: tuple[str, ...]
    place: np.ndarray
    notes: tuple[str, ...]
    steps: tuple = ()
    table: tuple[dict, ...] = field(default=())


class ProfileCounts:
    """A profile as explanations read it, in NumPy, apart from the rules' own code.

    Attributes:
        place: ``[ballots, candidates]``, -1 where not ranked; ranked: same shape.
        weight: ``[ballots]``, adding up to one.
    """

    def __init__(self, profile: AnonymousProfile):
        self.profile, self.names = profile, profile.names
        self.place = np.asarray(profile.place)
        self.ranked = self.place >= 0
        weight = np.where(self.ranked.any(1), profile.weight, 0.0)
        self.weight = weight / weight.sum()
        self.m = len(self.names)
        self.all_candidates = np.ones(self.m, bool)

    @cached_property
    def strictly_above(self) -> np.ndarray:
        """Share of the weight that ranks a strictly above b ``[candidates, candidates]``."""
        return self._duels(lambda a, b: a < b)

    @cached_property
    def both_ranked(self) -> np.ndarray:
        """Share of the weight that ranks both."""
        return self._duels(lambda a, b: np.ones(np.broadcast(a, b).shape, bool))

    def _duels(self, holds) -> np.ndarray:
        rows = []
        for a in range(self.m):
            both = self.ranked[:, [a]] & self.ranked
            rows.append(self.weight @ (both & holds(self.place[:, [a]], self.place)))
        return np.array(rows)

    @cached_property
    def above(self) -> np.ndarray:
        """P(a ≻ b), ½ on the diagonal and where no ballot ranks both."""
        met = np.where(self.both_ranked > 0, self.both_ranked, 1.0)
        return 0.5 + 0.5 * (self.strictly_above - self.strictly_above.T) / met

    @cached_property
    def margin(self) -> np.ndarray:
        """P(a ≻ b) - P(b ≻ a), 0 within the tolerance of a tie."""
        margin = self.above - self.above.T
        return np.where(np.abs(margin) <= 2 * TIE_TOLERANCE, 0.0, margin)

    def top_shares(self, on: np.ndarray) -> np.ndarray:
        """The share of each ballot's vote for each of those ``on``, its highest among them
        ``[ballots, candidates]``."""
        return self._extreme(on, self.place, 1)

    def bottom_shares(self, on: np.ndarray, least: int = 2) -> np.ndarray:
        """As ``tops``, the lowest; ballots that rank fewer than ``least`` of them have none."""
        return self._extreme(on, -self.place, least)

    def _extreme(self, on, key, least) -> np.ndarray:
        open_ = self.ranked & on
        best = np.where(open_, key, np.iinfo(np.int32).max).min(1, keepdims=True)
        tied = open_ & (key == best) & (open_.sum(1, keepdims=True) >= least)
        return tied / np.maximum(tied.sum(1, keepdims=True), 1)

    @cached_property
    def place_shares(self) -> np.ndarray:
        """How much of each place a candidate fills on each ballot, ties spread over the places
        they fill ``[ballots, candidates, places]``."""
        k = np.arange(self.m)
        out = np.zeros((*self.place.shape, self.m))
        for i, row in enumerate(self.place):
            for p in np.unique(row[row >= 0]):
                tied = np.flatnonzero(row == p)
                ahead = ((row >= 0) & (row < p)).sum()
                inside = (k >= ahead) & (k < ahead + len(tied))
                out[i, tied] = inside / len(tied)
        return out

    def join_names(self, who) -> str:
        """Names as a sentence has them."""
        names = [self.names[i] for i in who]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def places_by_score(scores: np.ndarray) -> np.ndarray:
    """Places by scores, higher better, ties within 1e-9."""
    return weak_order(np.asarray(scores, float))


def places_by_rank(place: np.ndarray) -> np.ndarray:
    """How many stand strictly ahead, from any whole numbers of which lower is better."""
    place = np.asarray(place)
    return (place[None, :] < place[:, None]).sum(1)


def winners(place: np.ndarray) -> list[int]:
    return np.flatnonzero(np.asarray(place) == 0).tolist()


def percent(share: float) -> str:
    return f"{share:.1%}".replace(".0%", "%")
