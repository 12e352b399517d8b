"""The ballots of one contest, with the statistics that rules share.

A statistic is computed once, at its first use. Inside a JAX loop that would be inside the loop's
trace, so a rule with a loop reads its statistics before the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

#: Scores closer than this share of the weight are tied.
TIE_TOLERANCE = 1e-9
#: Number of comparisons summed as bytes before they are summed as int32.
BYTE_BLOCK = 25
#: Up to this many candidates all pairs are compared at once, one contest at a time.
MAX_ALL_PAIRS = 16
#: Number of voters whose pairs are compared at once.
VOTER_BLOCK = 50_000
#: Most candidates for which strict orders are recognised, and pairwise comparisons packed, by bits.
MAX_STRICT, MAX_PACKED = 15, 10


@dataclass(frozen=True, eq=False)
class Contest:
    """The ballots of one contest. Voters are the last axis, so that sums over voters run along
    contiguous memory.

    Attributes:
        utility: ``[candidates, voters]``, higher better. Only its order within a voter matters to
            an ordinal rule.
        ranked: which candidates the ballot ranks, same shape; None for all.
        weight: ``[voters]``, summing to one (all zero where no ballot ranks a candidate); None for
            equal weights, and then ``ranked`` is None too.
        candidate_mask: False for padding ``[candidates]``.
        known_above: ``above`` where it is known already, else None.
        are_strict_ranks: whether every ballot is a strict order of all candidates and ``utility``
            is minus the place, so that Borda scores need no comparison.
        has_count_widths: whether ``above`` counts a ballot that does not rank both candidates as a
            tie between them.
    """

    utility: jax.Array
    ranked: jax.Array | None
    weight: jax.Array | None
    candidate_mask: jax.Array
    known_above: jax.Array | None = None
    are_strict_ranks: bool = False
    has_count_widths: bool = False

    @property
    def size(self) -> int:
        """The number of candidates, padding included."""
        return self.utility.shape[0]

    @property
    def has_bits(self) -> bool:
        """Whether ``bits`` has been computed."""
        return "bits" in vars(self)

    @property
    def opponents(self) -> jax.Array:
        """Mask of the pairs of distinct candidates without padding ``[candidates, candidates]``."""
        pairs = self.candidate_mask[:, None] & self.candidate_mask[None, :]
        return pairs & ~jnp.eye(self.size, dtype=bool)

    def share_of(self, mask: jax.Array) -> jax.Array:
        """The share of the weight for which ``mask [..., voters]`` is true ``[...]``."""
        if self.weight is None:
            return count_true(mask).astype(float) / mask.shape[-1]
        return mask.astype(self.weight.dtype) @ self.weight

    def split_share_of(self, mask: jax.Array) -> jax.Array:
        """As ``share_of`` for ``mask [candidates, voters]``, with each voter's weight split equally
        among the candidates for which the mask is true."""
        if self.are_strict_ranks:
            return self.share_of(mask)
        weight = 1.0 / mask.shape[-1] if self.weight is None else self.weight
        part = weight / jnp.maximum(jnp.sum(mask, axis=0), 1)
        return mask.astype(part.dtype) @ part

    # -- pairwise comparisons ---------------------------------------------------------------------

    @cached_property
    def strictly_above(self) -> jax.Array:
        """The share of the weight that ranks a strictly above b ``[candidates, candidates]``.

        Nothing is sorted, and no array of candidates² × voters is made, except for one block of
        voters of one contest.
        """
        u, ranked, weight = self.utility, self.ranked, self.weight
        if weight is None and self.size <= MAX_ALL_PAIRS:
            # Comparing all pairs at once is several times faster than one by one. Strict orders
            # need only half of the pairs.
            first, second = np.triu_indices(self.size, 1)
            shares = jnp.zeros((self.size, self.size))
            if self.are_strict_ranks:
                if self.has_bits:
                    wins = count_bits(self.bits).astype(float) / u.shape[1]
                else:
                    wins = self._pairwise_wins(first, second)
                return shares.at[first, second].set(wins).at[second, first].set(1.0 - wins)
            first, second = np.append(first, second), np.append(second, first)
            return shares.at[first, second].set(self._pairwise_wins(first, second))
        if ranked is None:
            return jax.lax.map(lambda utility: self.share_of(utility > u), u)
        assert weight is not None

        def shares_above(candidate: tuple[jax.Array, jax.Array]) -> jax.Array:
            utility, is_ranked = candidate
            wins = ranked & (utility > u)
            return wins.astype(weight.dtype) @ jnp.where(is_ranked, weight, 0.0)

        return jax.lax.map(shares_above, (u, ranked))

    @cached_property
    def bits(self) -> jax.Array:
        """For strict orders, one bit a voter and pair: whether the first candidate of the pair is
        above the second ``[pairs, bytes]``.

        One pass over the ballots computes it. Elimination rounds and pairwise shares then read an
        eighth of the bytes, which pays off where several of them are needed.
        """
        first, second = np.triu_indices(self.size, 1)
        return pack_bits(self.utility[first] > self.utility[second])

    def _packed_places(self, remaining: jax.Array, last: bool = False) -> jax.Array:
        """First (or last) places among the remaining candidates, from ``bits``: the share of the
        voters with a candidate above (or below) all others that remain ``[candidates]``."""
        voters = self.utility.shape[1]
        pair = {pair: i for i, pair in enumerate(combinations(range(self.size), 2))}
        remaining_byte = jnp.where(remaining, np.uint8(255), np.uint8(0))
        rows = []
        for a in range(self.size):
            row = jnp.asarray(np.packbits(np.ones(voters, bool), bitorder="little"))
            for b in range(self.size):
                if a != b:
                    above = self.bits[pair[min(a, b), max(a, b)]]
                    is_out = ~remaining_byte[b]
                    row &= above | is_out if (a < b) != last else ~(above & remaining_byte[b])
            rows.append(row)
        share = count_bits(jnp.stack(rows)).astype(float) / voters
        return jnp.where(remaining, share, 0.0)

    def _pairwise_wins(self, first: np.ndarray, second: np.ndarray) -> jax.Array:
        """The share of equally weighted voters with ``first`` above ``second`` ``[pairs]``,
        computed a block of voters at a time."""
        voters = self.utility.shape[1]

        def count_wins(block: jax.Array) -> jax.Array:
            return count_true(block[first] > block[second])

        def add_block(i: jax.Array, total: jax.Array) -> jax.Array:
            start = i * VOTER_BLOCK
            return total + count_wins(
                jax.lax.dynamic_slice_in_dim(self.utility, start, VOTER_BLOCK, axis=1)
            )

        blocks = voters // VOTER_BLOCK
        total = jnp.zeros(len(first), jnp.int32)
        if blocks:
            total = jax.lax.fori_loop(0, blocks, add_block, total)
        if voters % VOTER_BLOCK:
            total += count_wins(self.utility[:, blocks * VOTER_BLOCK :])
        return total.astype(float) / voters

    @cached_property
    def above(self) -> jax.Array:
        """P(a ≻ b) ``[candidates, candidates]``: the share, among ballots that rank both, with a
        above b, ties half; ½ where no ballot ranks both, and on the diagonal. With
        ``has_count_widths`` the share among all ballots."""
        if self.has_count_widths and self.known_above is None:
            return 0.5 + 0.5 * (self.strictly_above - self.strictly_above.T)
        return self.share_above

    @cached_property
    def share_above(self) -> jax.Array:
        """As ``above``, among ballots that rank both in any case."""
        if self.known_above is not None:
            return self.known_above
        margin = self.strictly_above - self.strictly_above.T
        if self.ranked is not None:
            margin = margin / jnp.where(self.both_ranked > 0, self.both_ranked, 1.0)
        return 0.5 + 0.5 * margin

    @cached_property
    def both_ranked(self) -> jax.Array:
        """The share of the weight that ranks both candidates of a pair
        ``[candidates, candidates]``."""
        if self.ranked is None:
            return jnp.ones((self.size, self.size))
        assert self.weight is not None
        weight = jnp.where(self.ranked, self.weight, 0.0)
        return weight @ self.ranked.T.astype(self.weight.dtype)

    @cached_property
    def borda_scores(self) -> jax.Array:
        """The sum of P(a ≻ b) over opponents ``[candidates]``."""
        if self.are_strict_ranks:
            # On a strict ballot the score is m - 1 - place: one pass over the ballots.
            total = sum_bytes(-self.utility, max(1, self.size - 1)).astype(float)
            return self.size - 1 - total / self.utility.shape[-1]
        return jnp.sum(jnp.where(self.opponents, self.above, 0.0), axis=1)

    # -- places -----------------------------------------------------------------------------------

    @cached_property
    def place_shares(self) -> jax.Array:
        """The share of the weight with a candidate at a place ``[candidates, places]``, a tie
        spread equally over the places it fills. Positional rules read nothing else."""
        if self.are_strict_ranks:
            return jnp.stack([self.share_of(self.utility == -r) for r in range(self.size)], axis=1)
        u = self.utility
        ranked = jnp.broadcast_to(self.candidate_mask[:, None], u.shape)
        ranked = ranked if self.ranked is None else self.ranked & ranked

        def compare_with(
            b: jax.Array, counts: tuple[jax.Array, jax.Array]
        ) -> tuple[jax.Array, jax.Array]:
            ahead, tied = counts
            return ahead + (ranked[b] & (u[b] > u)), tied + (ranked[b] & (u[b] == u))

        zero = jnp.zeros(u.shape, jnp.int32)
        ahead, tied = jax.lax.fori_loop(0, self.size, compare_with, (zero, zero))
        weight = jnp.full(u.shape[1], 1 / u.shape[1]) if self.weight is None else self.weight
        part = jnp.where(ranked, weight / jnp.maximum(tied, 1), 0.0)

        def share_at(place: jax.Array) -> jax.Array:
            return jnp.sum(jnp.where((ahead <= place) & (place < ahead + tied), part, 0.0), axis=1)

        return jax.lax.map(share_at, jnp.arange(self.size)).T

    def first_places(self, remaining: jax.Array) -> jax.Array:
        """The share of the weight whose highest remaining candidate is each candidate
        ``[candidates]``. A tied top is split equally; a ballot that ranks no remaining candidate
        counts for none."""
        if self.has_bits:
            return self._packed_places(remaining)
        if self.are_strict_ranks:
            # A bit that puts eliminated candidates behind all others takes half the time of a
            # ``where``.
            out = jnp.where(remaining, 0, 64).astype(self.utility.dtype)
            place = -self.utility | out[:, None]
            return self.share_of(place == jnp.min(place, axis=0))
        counted, worst = self._ranked_remaining(remaining), type_minimum(self.utility.dtype)
        utility = jnp.where(counted, self.utility, worst)
        return self.split_share_of(counted & (utility == jnp.max(utility, axis=0)))

    def last_places(self, remaining: jax.Array, min_ranked: int = 2) -> jax.Array:
        """The share of the weight whose lowest remaining candidate is each candidate
        ``[candidates]``. A tied bottom is split equally; a ballot that ranks fewer than
        ``min_ranked`` of the remaining candidates counts against none."""
        if self.has_bits:
            return self._packed_places(remaining, last=True)
        counted, best = self._ranked_remaining(remaining), type_maximum(self.utility.dtype)
        utility = jnp.where(counted, self.utility, best)
        last = counted & (utility == jnp.min(utility, axis=0))
        if self.ranked is not None:
            last &= jnp.sum(counted, axis=0) >= min_ranked
        return self.split_share_of(last)

    def _ranked_remaining(self, remaining: jax.Array) -> jax.Array:
        return remaining[:, None] if self.ranked is None else self.ranked & remaining[:, None]


@dataclass(frozen=True, eq=False)
class HostContest:
    """The ballots of one contest in NumPy, without padding and without ballots that count nothing.

    Attributes:
        utility: ``[candidates, voters]``, higher better.
        ranked: which candidates the ballot ranks, same shape.
        weight: ``[voters]``, positive, summing to one.
        above: P(a ≻ b) ``[candidates, candidates]``.
    """

    utility: np.ndarray
    ranked: np.ndarray
    weight: np.ndarray
    above: np.ndarray


def count_true(mask: jax.Array) -> jax.Array:
    """The number of true values along the last axis ``[...]``."""
    return sum_bytes(mask, 1)


def pack_bits(mask: jax.Array) -> jax.Array:
    """Booleans ``[..., n]`` as bits ``[..., bytes]``, the last byte filled up with zeros.

    The bits of a byte come from eight parts of the row, so that all bytes are joined in parallel.
    """
    n = mask.shape[-1]
    split = n // 8 * 8
    parts = (mask[..., :split].reshape(*mask.shape[:-1], 8, -1), mask[..., split:, None])
    return jnp.concatenate([_join_bits(part) for part in parts if part.size], axis=-1)


def _join_bits(mask: jax.Array) -> jax.Array:
    """Booleans ``[..., up to 8 bits, n]`` as bytes ``[..., n]``."""
    place = np.arange(mask.shape[-2], dtype=np.uint8)[:, None]
    return jnp.sum(jnp.left_shift(mask.astype(jnp.uint8), place), axis=-2, dtype=jnp.uint8)


def count_bits(bits: jax.Array) -> jax.Array:
    """The number of ones in ``bits [..., bytes]`` ``[...]``, summed as in ``sum_bytes``."""
    n = bits.shape[-1]
    block = min(31, -(-n // 31))  # 31 bytes of at most 8 ones: the sum fits a byte
    split = n // block * block
    head = bits[..., :split].reshape(*bits.shape[:-1], block, -1)
    head = jnp.sum(jax.lax.population_count(head), axis=-2, dtype=jnp.uint8)
    total = jnp.sum(head, axis=-1, dtype=jnp.int32)
    if split == n:
        return total
    rest = jax.lax.population_count(bits[..., split:])
    return total + jnp.sum(rest, axis=-1, dtype=jnp.int32)


def sum_bytes(values: jax.Array, max_value: int) -> jax.Array:
    """The sum along the last axis of integers from 0 to ``max_value`` ``[...]``.

    As many as fit a byte are first summed as bytes, which is several times faster.
    """
    block = min(BYTE_BLOCK, 255 // max_value)
    split = values.shape[-1] // block * block
    head = values[..., :split].astype(jnp.uint8).reshape(*values.shape[:-1], block, -1)
    total = jnp.sum(jnp.sum(head, axis=-2, dtype=jnp.uint8), axis=-1, dtype=jnp.int32)
    if split == values.shape[-1]:
        return total
    return total + jnp.sum(values[..., split:], axis=-1, dtype=jnp.int32)


def type_minimum(dtype: DTypeLike) -> np.ndarray:
    """The least value of a real or integer type, for a maximum over a subset."""
    return (
        np.array(-np.inf, dtype)
        if jnp.issubdtype(dtype, jnp.floating)
        else np.array(jnp.iinfo(dtype).min, dtype)
    )


def type_maximum(dtype: DTypeLike) -> np.ndarray:
    """The greatest value of a real or integer type, for a minimum over a subset."""
    return (
        np.array(np.inf, dtype)
        if jnp.issubdtype(dtype, jnp.floating)
        else np.array(jnp.iinfo(dtype).max, dtype)
    )


def strict_ranks(rank: jax.Array) -> jax.Array:
    """Whether all ballots of ``rank [candidates, voters]``, at most ``MAX_STRICT`` candidates, are
    strict orders 0 … m - 1.

    m powers of two add up to 2^m - 1 only if they are all different. (A rank below 0 or above 31
    shifts to nothing, and fewer powers cannot make up for it.)
    """
    bit = jnp.left_shift(np.int32(1), rank.astype(jnp.int32))
    return jnp.all(jnp.sum(bit, axis=0, dtype=jnp.int32) == (1 << len(rank)) - 1)
