"""The ballots of one contest, with the statistics that rules share.

A statistic is computed once, at its first use. Inside a JAX loop that would be inside the loop's
trace, so a rule with a loop reads its statistics before the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import DTypeLike

from scrl.voting.namespace import Array, map_rows, namespace_of, repeat

#: Scores closer than this share of the weight are tied.
TIE_TOLERANCE = 1e-9
#: Rewards and probabilities closer than this are tied: an iteration finds them. Cutting planes find
#: a lottery's value to 1e-9, and the lottery nearest to uniform to about the root of that.
ITERATION_TOLERANCE, CUTTING_TOLERANCE = 1e-8, 3e-7
#: Up to this many candidates all pairs are compared at once, one contest at a time.
MAX_ALL_PAIRS = 16
#: Most candidates for which strict orders are recognised by bits.
MAX_STRICT = 15


@dataclass(frozen=True, eq=False)
class Contest:
    """The ballots of one contest: NumPy arrays, or JAX arrays inside a compiled program. Voters are
    the last axis, so that sums over voters run along contiguous memory.

    In NumPy there is no padding: every candidate stands, and every ballot has a positive weight and
    ranks a candidate.

    Attributes:
        utility: ``[candidates, voters]``, higher better. Only its order within a voter matters to
            an ordinal rule.
        ranked: which candidates the ballot ranks, same shape.
        weight: ``[voters]``, summing to one (all zero where no ballot ranks a candidate).
        candidate_mask: False for padding ``[candidates]``.
        known_above: ``above`` where it is known already, else None.
        has_count_widths: whether ``above`` counts a ballot that does not rank both candidates as a
            tie between them.
    """

    utility: Array
    ranked: Array
    weight: Array
    candidate_mask: Array
    known_above: Array | None = None
    has_count_widths: bool = False

    @property
    def xp(self) -> ModuleType:
        """The namespace of the arrays: ``numpy`` or ``jax.numpy``."""
        return namespace_of(self.utility)

    @property
    def size(self) -> int:
        """The number of candidates, padding included."""
        return self.utility.shape[0]

    @property
    def opponents(self) -> Array:
        """Mask of the pairs of distinct candidates without padding ``[candidates, candidates]``."""
        pairs = self.candidate_mask[:, None] & self.candidate_mask[None, :]
        return pairs & ~self.xp.eye(self.size, dtype=bool)

    def share_of(self, mask: Array) -> Array:
        """The share of the weight for which ``mask [..., voters]`` is true ``[...]``."""
        return mask.astype(self.weight.dtype) @ self.weight

    def split_share_of(self, mask: Array) -> Array:
        """As ``share_of`` for ``mask [candidates, voters]``, with each voter's weight split equally
        among the candidates for which the mask is true."""
        part = self.weight / self.xp.maximum(self.xp.sum(mask, axis=0), 1)
        return mask.astype(part.dtype) @ part

    # -- pairwise comparisons ---------------------------------------------------------------------

    @cached_property
    def strictly_above(self) -> Array:
        """The share of the weight that ranks a strictly above b ``[candidates, candidates]``.

        Nothing is sorted, and no array of candidates² × voters is made, except for one block of
        voters of one contest.
        """
        xp, weight = self.xp, self.weight

        def shares_above(utility: Array, is_ranked: Array) -> Array:
            wins = self.ranked & (utility > self.utility)
            return wins.astype(weight.dtype) @ xp.where(is_ranked, weight, 0.0)

        return map_rows(xp, shares_above, self.utility, self.ranked)

    @cached_property
    def above(self) -> Array:
        """P(a ≻ b) ``[candidates, candidates]``: the share, among ballots that rank both, with a
        above b, ties half; ½ where no ballot ranks both, and on the diagonal. With
        ``has_count_widths`` the share among all ballots."""
        if self.has_count_widths and self.known_above is None:
            return 0.5 + 0.5 * (self.strictly_above - self.strictly_above.T)
        return self.share_above

    @cached_property
    def share_above(self) -> Array:
        """As ``above``, among ballots that rank both in any case."""
        if self.known_above is not None:
            return self.known_above
        margin = self.strictly_above - self.strictly_above.T
        return 0.5 + 0.5 * (margin / self.xp.where(self.both_ranked > 0, self.both_ranked, 1.0))

    @cached_property
    def both_ranked(self) -> Array:
        """The share of the weight that ranks both candidates of a pair
        ``[candidates, candidates]``."""
        weight = self.xp.where(self.ranked, self.weight, 0.0)
        return weight @ self.ranked.T.astype(self.weight.dtype)

    @cached_property
    def borda_scores(self) -> Array:
        """The sum of P(a ≻ b) over opponents ``[candidates]``."""
        return self.xp.sum(self.xp.where(self.opponents, self.above, 0.0), axis=1)

    # -- utilities --------------------------------------------------------------------------------

    @cached_property
    def mean_utility(self) -> Array:
        """The mean utility over the ballots that rank the candidate ``[candidates]``; 0 where none
        does."""
        xp = self.xp
        weight = xp.where(self.ranked, self.weight, 0.0)
        total = xp.sum(weight, axis=1)
        utility = xp.where(self.ranked, self.utility, 0.0)
        return xp.sum(weight * utility, axis=1) / xp.where(total > 0, total, 1.0)

    # -- places -----------------------------------------------------------------------------------

    @cached_property
    def place_shares(self) -> Array:
        """The share of the weight with a candidate at a place ``[candidates, places]``, a tie
        spread equally over the places it fills. Positional rules read nothing else."""
        xp, u = self.xp, self.utility
        ranked = self.ranked & self.candidate_mask[:, None]

        def compare_with(b: Array, counts: tuple[Array, Array]) -> tuple[Array, Array]:
            ahead, tied = counts
            return ahead + (ranked[b] & (u[b] > u)), tied + (ranked[b] & (u[b] == u))

        zero = xp.zeros(u.shape, np.int32)
        ahead, tied = repeat(xp, self.size, compare_with, (zero, zero))
        part = xp.where(ranked, self.weight / xp.maximum(tied, 1), 0.0)

        def share_at(place: Array) -> Array:
            return xp.sum(xp.where((ahead <= place) & (place < ahead + tied), part, 0.0), axis=1)

        return map_rows(xp, share_at, xp.arange(self.size)).T

    def first_places(self, remaining: Array) -> Array:
        """The share of the weight whose highest remaining candidate is each candidate
        ``[candidates]``. A tied top is split equally; a ballot that ranks no remaining candidate
        counts for none."""
        counted, worst = self.ranked & remaining[:, None], type_minimum(self.utility.dtype)
        utility = self.xp.where(counted, self.utility, worst)
        return self.split_share_of(counted & (utility == self.xp.max(utility, axis=0)))

    def last_places(self, remaining: Array, min_ranked: int = 2) -> Array:
        """The share of the weight whose lowest remaining candidate is each candidate
        ``[candidates]``. A tied bottom is split equally; a ballot that ranks fewer than
        ``min_ranked`` of the remaining candidates counts against none."""
        counted, best = self.ranked & remaining[:, None], type_maximum(self.utility.dtype)
        utility = self.xp.where(counted, self.utility, best)
        last = counted & (utility == self.xp.min(utility, axis=0))
        return self.split_share_of(last & (self.xp.sum(counted, axis=0) >= min_ranked))


def type_minimum(dtype: DTypeLike) -> np.ndarray:
    """The least value of a real or integer type, for a maximum over a subset."""
    dtype = np.dtype(dtype)
    return np.array(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min, dtype)


def type_maximum(dtype: DTypeLike) -> np.ndarray:
    """The greatest value of a real or integer type, for a minimum over a subset."""
    dtype = np.dtype(dtype)
    return np.array(np.inf if dtype.kind == "f" else np.iinfo(dtype).max, dtype)
