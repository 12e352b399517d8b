"""What remains of ballots that are too many to be held: distinct orders, or pairwise sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.electorates.ranked_blocks import rank_type
from scrl.types import Ballots, InputError, Outcome
from scrl.voting import RULES
from scrl.voting.contest import ITERATION_TOLERANCE, TIE_TOLERANCE, Contest
from scrl.voting.weak_orders import place_scores, weak_order

#: Most candidates of which a ballot's ranks fit one whole number of 63 bits.
MAX_CODED = 15


class DistinctOrders:
    """Distinct ballots of a contest, each with the number of voters who cast it.

    Args:
        candidates: how many; at most ``MAX_CODED``.
        most: distinct orders that may be held.
    """

    def __init__(self, candidates: int, most: int) -> None:
        self._base = np.int64(candidates) ** np.arange(candidates, dtype=np.int64)
        self.most = most
        self._code, self._count = np.empty(0, np.int64), np.empty(0, np.int64)

    def add(self, rank: np.ndarray) -> None:
        """Add a block of ballots.

        Args:
            rank: ``[candidates, voters]``.

        Raises:
            InputError: where distinct orders are too many.
        """
        codes, counts = np.unique(self._base @ rank.astype(np.int64), return_counts=True)
        every, place = np.unique(np.concatenate([self._code, codes]), return_inverse=True)
        total = np.zeros(len(every), np.int64)
        np.add.at(total, place, np.concatenate([self._count, counts]))
        self._code, self._count = every, total
        if len(every) > self.most:
            raise InputError(
                f"There are more than {self.most:,} different ballots of a contest, which do not "
                "fit the memory that may be used; allow more of it, take fewer voters, or count by "
                "rules that read pairs only, such as borda, copeland or minimax."
            )

    def ballots(self) -> Ballots:
        """The distinct ballots with their numbers as weights."""
        m = len(self._base)
        rank = (self._code[:, None] // self._base) % m
        return Ballots(rank=rank.astype(rank_type(m)), weight=self._count.astype(float))


@dataclass(frozen=True, eq=False, kw_only=True)
class _SummedContest(Contest):
    """A contest of which pairwise sums are known; ``shares`` are those of ``strictly_above``."""

    shares: np.ndarray

    @cached_property
    def strictly_above(self) -> np.ndarray:
        return self.shares


class PairwiseSums:
    """How many voters rank one candidate strictly above another ``[candidates, candidates]``."""

    def __init__(self, candidates: int) -> None:
        self.wins = np.zeros((candidates, candidates), np.int64)
        self.voters = 0

    def add(self, rank: np.ndarray) -> None:
        """Add a block of ballots, ranks ``[candidates, voters]``."""
        for one, own in enumerate(rank):
            self.wins[one] += np.count_nonzero(own < rank, axis=1)
        self.voters += rank.shape[1]

    def outcomes(self, rules: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes of rules that read pairwise shares only, as ``scrl.aggregate`` has them."""
        m = len(self.wins)
        everybody = np.ones(m, bool)
        # One voter stands for all, since no such rule reads the ballots themselves.
        contest = _SummedContest(
            np.zeros((m, 1)), np.ones((m, 1), bool), np.ones(1), everybody,
            shares=self.wins / self.voters,
        )  # fmt: skip
        found = {}
        for name in rules:
            rule = RULES[name]
            values = rule.count(contest.above[None])[0] if rule.on_host else rule.count(contest)
            scores = np.asarray(values, float) * (-1 if rule.returns == "places" else 1)
            by_iteration = rule.family in ("likelihood", "lottery")
            tolerance = ITERATION_TOLERANCE if by_iteration else TIE_TOLERANCE
            place = weak_order(scores[None, None], None, np.full((1, 1), tolerance))
            if rule.returns in ("places", "order"):
                scores = place_scores(place, everybody[None])[0, 0]
            found[name] = Outcome(name, place[0, 0], scores, rule.lottery)
        return found
