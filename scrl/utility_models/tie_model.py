"""The prevalences of ties in the Davidson–Luce model, and their maximum-likelihood update.

At each stage a ballot takes a set S from the m completions that are left, with probability in
proportion to

    w(|S|, m) (∏_{i ∈ S} α_i)^{1/|S|},   α = exp(utility)

(Firth, Kosmidis & Turner 2019; Plackett–Luce where only single completions are taken, and Davidson
1970 for two completions). The prevalence w is 1 for one completion, a parameter of |S| for *inner*
ties (1 < |S| < m), and a parameter of m for *final* ties, where all that are left are tied. Final
ties end truncated ballots, whose other completions are tied last, and ballots of approvals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.types import InputError
from scrl.utility_models.ballot_table import BallotSlots

#: Prevalence from which the sizes of tie that occur start.
START = 0.1
#: Stages with and without a tie that are added to the observed ones, for each size.
PSEUDO_COUNT = 1e-4


@dataclass(frozen=True, eq=False)
class TieModel:
    """How frequent ties of each size are, relative to choices of one completion.

    Attributes:
        inner: prevalence of ties of t completions before others, by t ``[max_size + 1]``.
        final: prevalence of ties of all m completions that are left, by m ``[max_size + 1]``.
            Entries 0 are 0 and entries 1 are 1 in both. Sizes above ``max_size`` are never tied.

    Raises:
        InputError: where the arrays are not of this form.
    """

    inner: np.ndarray
    final: np.ndarray

    def __post_init__(self) -> None:
        for prevalence in (self.inner, self.final):
            valid = np.isfinite(prevalence).all() and (prevalence >= 0).all()
            if not valid or prevalence[:2].tolist() != [0.0, 1.0]:
                raise InputError(
                    "Prevalences of ties are finite, not negative, and begin with 0 and 1."
                )
        if self.inner.shape != self.final.shape:
            raise InputError("Prevalences of inner and of final ties are given for equal sizes.")

    @classmethod
    def none(cls, size: int) -> TieModel:
        """No ties: Plackett–Luce."""
        prevalence = np.where(np.arange(max(size, 1) + 1) == 1, 1.0, 0.0)
        return cls(prevalence, prevalence)

    @classmethod
    def start(cls, slots: BallotSlots) -> TieModel:
        """A small prevalence of every size of tie that occurs on these ballots, 0 of others."""
        return cls.none(slots.mask.shape[1]).covering(slots)

    @property
    def max_size(self) -> int:
        return len(self.inner) - 1

    @property
    def inner_sizes(self) -> list[int]:
        """The sizes of inner ties that may occur."""
        return [size for size in range(2, self.max_size + 1) if self.inner[size] > 0]

    def resized(self, size: int) -> TieModel:
        """The same prevalences for sizes up to ``size``."""
        both = np.zeros((2, size + 1))
        kept = min(size, self.max_size) + 1
        both[:, :kept] = self.inner[:kept], self.final[:kept]
        return TieModel(*both)

    def covering(self, slots: BallotSlots) -> TieModel:
        """The same, but with a small prevalence of sizes of tie that occur on these ballots and
        have prevalence 0 here; such ballots have the log-likelihood -inf otherwise."""
        size = max(self.max_size, slots.mask.shape[1])
        known, stages = self.resized(size), Stages.of(slots)
        both = []
        for prevalence, occurs in ((known.inner, stages.inner), (known.final, stages.final)):
            count = np.bincount(stages.taken[occurs], minlength=size + 1)
            both.append(np.where((count > 0) & (prevalence == 0), START, prevalence))
        return TieModel(*both)


@dataclass(frozen=True, eq=False)
class Stages:
    """The stages of ballots, each at the first slot of those it takes; all ``[places, ballots]``.

    Attributes:
        real: whether there is a stage at this slot.
        taken: how many completions are tied with this slot, itself included.
        left: how many completions stand here or later.
    """

    real: np.ndarray
    taken: np.ndarray
    left: np.ndarray

    @classmethod
    def of(cls, slots: BallotSlots) -> Stages:
        place = np.arange(slots.mask.shape[1])
        left = np.maximum(slots.mask.sum(1, keepdims=True) - place, 0)
        real = slots.mask & (slots.tie_start == place)
        parts = real, slots.tie_stop - slots.tie_start, left
        return cls(*(np.ascontiguousarray(part.T) for part in parts))

    @property
    def inner(self) -> np.ndarray:
        """Which stages are inner ties."""
        return self.real & (self.taken > 1) & (self.taken < self.left)

    @property
    def final(self) -> np.ndarray:
        """Which stages are final ties."""
        return self.real & (self.taken > 1) & (self.taken == self.left)


@dataclass(frozen=True, eq=False)
class TieCounts:
    """How many ties of each size there are, and how many were to be expected.

    The sum of the counts of two sets of ballots, or of types, are the counts of both.

    Attributes:
        observed, expected: weight of the stages that are such a tie; possible: weight of the
            stages that could be. All ``[2, max_size + 1]``: inner ties, then final ties.
    """

    observed: np.ndarray
    expected: np.ndarray
    possible: np.ndarray

    def __add__(self, other: TieCounts) -> TieCounts:
        size = max(self.observed.shape[1], other.observed.shape[1])
        mine, theirs = self.resized(size - 1), other.resized(size - 1)
        return TieCounts(
            mine.observed + theirs.observed,
            mine.expected + theirs.expected,
            mine.possible + theirs.possible,
        )

    def resized(self, size: int) -> TieCounts:
        """The counts with no ties of the sizes that are added, up to ``size``."""
        more = size + 1 - self.observed.shape[1]
        if not more:
            return self
        columns = self.observed, self.expected, self.possible
        return TieCounts(*(np.pad(column, ((0, 0), (0, more))) for column in columns))


def updated_ties(ties: TieModel, counts: TieCounts) -> TieModel:
    """One step towards the prevalences of maximum likelihood, at fixed utilities.

    Each prevalence is multiplied by the ratio of the observed odds of its tie to the expected odds.
    In log w this is a contraction in the maximum norm, whose fixed point has observed = expected;
    it needs one step where all stages are alike, since the odds of a tie are w times a constant.
    ``PSEUDO_COUNT`` keeps the prevalences finite where everybody ties. A prevalence of 0 stays 0.

    Args:
        counts: at ``ties``, of all types and ballots together.
    """
    old, counts = np.stack([ties.inner, ties.final]), counts.resized(ties.max_size)
    observed = counts.observed + PSEUDO_COUNT
    # The added stages choose between the tie and one completion, at equal utilities.
    expected = counts.expected + 2 * PSEUDO_COUNT * old / (1 + old)
    possible = counts.possible + 2 * PSEUDO_COUNT
    free = (old > 0) & (np.arange(old.shape[1]) > 1)
    expected = np.where(free, expected, 0.5 * possible)
    odds = observed / (possible - observed)
    new = old * odds * (possible - expected) / expected
    return TieModel(*np.where(free, new, old))
