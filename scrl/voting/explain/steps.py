"""The parts of an explanation: plain data for figures and tables, and counts of a profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.profiles.profile import Profile
from scrl.voting.weak_orders import weak_order

#: States of an edge: counted; on a strongest path or the path back; discarded; not decisive.
STATES = ("counted", "path", "back", "left out", "quiet")


@dataclass(frozen=True, eq=False)
class Bars:
    """A score of each candidate, and each ballot's contribution.

    Attributes:
        title: the quantity and its unit.
        total: ``[candidates]``.
        parts: contributions ``[ballots, candidates]`` that add up to ``total``, or None.
        line: a reference value drawn as a line, or None.
        line_label: label of the line.
        lower_is_better: whether a lower score is better.
    """

    title: str
    total: np.ndarray
    parts: np.ndarray | None = None
    line: float | None = None
    line_label: str = ""
    lower_is_better: bool = False


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix over candidates: pairwise shares, strengths of paths, votes by level.

    Attributes:
        title: the quantity.
        values: ``[rows, candidates]``, NaN where there is none.
        rows: names of the rows; empty where they are the candidates.
        centre: the neutral value.
        marked: cells ``(row, column)`` to outline.
    """

    title: str
    values: np.ndarray
    rows: tuple[str, ...] = ()
    centre: float = 0.5
    marked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Edge:
    """A pairwise victory of candidate ``a`` over ``b``.

    Attributes:
        a, b: winner and loser.
        margin: P(a ≻ b) - P(b ≻ a).
        state: one of ``STATES``.
        reason: of the state, for readers; may be empty.
    """

    a: int
    b: int
    margin: float
    state: str = "counted"
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Graph:
    """Pairwise victories as a directed graph."""

    title: str
    edges: tuple[Edge, ...]


@dataclass(frozen=True, eq=False)
class Round:
    """One round of an elimination.

    Attributes:
        score: ``[candidates]``, NaN for those eliminated before.
        out: the candidates that leave in this round.
        note: the round in a sentence.
        transfers: weight that moves from each candidate to each other, in the last column to
            none ``[candidates, candidates + 1]``; None where no votes are transferred.
        label: how they leave, such as ``"out"`` or ``"wins"``.
    """

    score: np.ndarray
    out: tuple[int, ...]
    note: str
    transfers: np.ndarray | None = None
    label: str = "out"


@dataclass(frozen=True, eq=False)
class Rounds:
    """The rounds of an elimination in order; ``unit`` describes their scores."""

    title: str
    unit: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True, eq=False)
class Fit:
    """P(a ≻ b) as observed and as fitted by a model ``[candidates, candidates]``."""

    title: str
    observed: np.ndarray
    fitted: np.ndarray


Step = Bars | Matrix | Graph | Rounds | Fit


@dataclass(frozen=True, eq=False)
class Explanation:
    """How a rule counts a profile.

    Attributes:
        rule: its name in the registry.
        names: of the candidates.
        place: the order that the steps end in ``[candidates]``: how many candidates are strictly
            ahead.
        notes: sentences on what decides the outcome.
        steps: the most informative one first.
        table: rows of numbers.
    """

    rule: str
    names: tuple[str, ...]
    place: np.ndarray
    notes: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    table: tuple[dict[str, Any], ...] = field(default=())


class ProfileCounts:
    """Counts of a profile in NumPy, independent of the code of the rules.

    Attributes:
        profile: the profile.
        names: of the candidates.
        place: ``[ballots, candidates]``, -1 where not ranked.
        ranked: whether the ballot ranks the candidate, same shape.
        weight: ``[ballots]``, adding up to one.
        m: the number of candidates.
        all_candidates: a mask of all of them ``[candidates]``.
        by_counts: whether a ballot that does not rank both candidates counts as a tie between them.
    """

    def __init__(self, profile: Profile, by_counts: bool = False) -> None:
        self.profile, self.names, self.by_counts = profile, profile.names, by_counts
        self.place = np.asarray(profile.place)
        self.ranked = self.place >= 0
        weight = np.where(self.ranked.any(1), profile.weight, 0.0)
        self.weight = weight / weight.sum()
        self.m = len(self.names)
        self.all_candidates = np.ones(self.m, bool)

    @cached_property
    def strictly_above(self) -> np.ndarray:
        """Share of the weight that ranks a strictly above b ``[candidates, candidates]``."""
        return self._pair_shares(lambda a, b: a < b)

    @cached_property
    def both_ranked(self) -> np.ndarray:
        """Share of the weight that ranks both ``[candidates, candidates]``."""
        return self._pair_shares(lambda a, b: np.ones(np.broadcast(a, b).shape, bool))

    def _pair_shares(self, holds: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """Share of the weight that ranks both and whose places satisfy ``holds``
        ``[candidates, candidates]``."""
        rows = []
        for a in range(self.m):
            both = self.ranked[:, [a]] & self.ranked
            rows.append(self.weight @ (both & holds(self.place[:, [a]], self.place)))
        return np.array(rows)

    @cached_property
    def above(self) -> np.ndarray:
        """P(a ≻ b) ``[candidates, candidates]``; ½ on the diagonal and for pairs never ranked."""
        if self.by_counts:
            return 0.5 + 0.5 * (self.strictly_above - self.strictly_above.T)
        return self.share_above

    @cached_property
    def share_above(self) -> np.ndarray:
        """As ``above``, among the ballots that rank both in any case."""
        met = np.where(self.both_ranked > 0, self.both_ranked, 1.0)
        return 0.5 + 0.5 * (self.strictly_above - self.strictly_above.T) / met

    @cached_property
    def margin(self) -> np.ndarray:
        """P(a ≻ b) - P(b ≻ a) ``[candidates, candidates]``, 0 within the tolerance of a tie."""
        margin = self.above - self.above.T
        return np.where(np.abs(margin) <= 2 * TIE_TOLERANCE, 0.0, margin)

    def top_shares(self, among: np.ndarray) -> np.ndarray:
        """Each ballot's vote for its best candidate, split evenly over ties
        ``[ballots, candidates]``.

        Args:
            among: mask of the candidates that count ``[candidates]``.
        """
        return self._extreme_shares(among, self.place, 1)

    def bottom_shares(self, among: np.ndarray, min_ranked: int = 2) -> np.ndarray:
        """As ``top_shares``, for the worst; 0 for ballots that rank fewer than ``min_ranked``."""
        return self._extreme_shares(among, -self.place, min_ranked)

    def _extreme_shares(self, among: np.ndarray, key: np.ndarray, min_ranked: int) -> np.ndarray:
        eligible = self.ranked & among
        best = np.where(eligible, key, np.iinfo(np.int32).max).min(1, keepdims=True)
        enough = eligible.sum(1, keepdims=True) >= min_ranked
        tied = eligible & (key == best) & enough
        return np.asarray(tied / np.maximum(tied.sum(1, keepdims=True), 1))

    @cached_property
    def place_shares(self) -> np.ndarray:
        """How much of each place a candidate fills on each ballot
        ``[ballots, candidates, places]``; ties are spread evenly over the places they fill."""
        places = np.arange(self.m)
        shares = np.zeros((*self.place.shape, self.m))
        for i, row in enumerate(self.place):
            for p in np.unique(row[row >= 0]):
                tied = np.flatnonzero(row == p)
                ahead = ((row >= 0) & (row < p)).sum()
                filled = (places >= ahead) & (places < ahead + len(tied))
                shares[i, tied] = filled / len(tied)
        return shares

    def join_names(self, candidates: Iterable[int]) -> str:
        """Names of candidates as a list in a sentence."""
        names = [self.names[i] for i in candidates]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def places_by_score(scores: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Places ``[candidates]`` by scores, higher better; within 1e-9 of ``scale`` they are tied."""
    return weak_order(np.asarray(scores, float), None, scale * TIE_TOLERANCE)


def places_by_rank(place: np.ndarray) -> np.ndarray:
    """How many candidates are strictly ahead ``[candidates]``.

    Args:
        place: any whole numbers, lower better ``[candidates]``.
    """
    place = np.asarray(place)
    return (place[None, :] < place[:, None]).sum(1)


def winners(place: np.ndarray) -> list[int]:
    """Candidates in first place."""
    return np.flatnonzero(np.asarray(place) == 0).tolist()


def percent(share: float) -> str:
    """A share as a percentage with at most one decimal."""
    return f"{share:.1%}".replace(".0%", "%")
