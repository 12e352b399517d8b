"""Complete ballots of equal weight inside a compiled program: the many ballots of large elections.

The statistics are those of ``Contest``. Here they are counted as bytes and as bits, which is
several times faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

from scrl.voting.contest import MAX_ALL_PAIRS, Contest, type_maximum

#: Number of comparisons summed as bytes before they are summed as int32.
BYTE_BLOCK = 25
#: Number of voters whose pairs are compared at once.
VOTER_BLOCK = 50_000
#: Most candidates for which pairwise comparisons are packed by bits.
MAX_PACKED = 10


@dataclass(frozen=True, eq=False)
class UniformContest(Contest):
    """One contest in JAX whose ballots rank all candidates and weigh the same.

    Attributes:
        are_strict_ranks: whether every ballot is a strict order of all candidates and ``utility``
            is minus the place, so that Borda scores need no comparison.
    """

    are_strict_ranks: bool = False

    @classmethod
    def of(cls, utility: jax.Array, candidate_mask: jax.Array, are_ranks: bool) -> UniformContest:
        """The contest of ``utility [candidates, voters]``."""
        voters = utility.shape[1]
        ranked, weight = jnp.ones(utility.shape, bool), jnp.full(voters, 1 / voters)
        return cls(utility, ranked, weight, candidate_mask, are_strict_ranks=are_ranks)

    @property
    def has_bits(self) -> bool:
        """Whether ``bits`` has been computed."""
        return "bits" in vars(self)

    def share_of(self, mask: jax.Array) -> jax.Array:
        return count_true(mask).astype(float) / mask.shape[-1]

    def split_share_of(self, mask: jax.Array) -> jax.Array:
        if self.are_strict_ranks:
            return self.share_of(mask)
        part = (1.0 / mask.shape[-1]) / jnp.maximum(jnp.sum(mask, axis=0), 1)
        return mask.astype(part.dtype) @ part

    # -- pairwise comparisons ---------------------------------------------------------------------

    @cached_property
    def strictly_above(self) -> jax.Array:
        u = self.utility
        if self.size > MAX_ALL_PAIRS:
            return jax.lax.map(lambda utility: self.share_of(utility > u), u)
        # Comparing all pairs at once is several times faster than one by one. Strict orders need
        # only half of the pairs.
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
        """The share of voters with ``first`` above ``second`` ``[pairs]``, computed a block of
        voters at a time."""
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
    def both_ranked(self) -> jax.Array:
        return jnp.ones((self.size, self.size))

    @cached_property
    def borda_scores(self) -> jax.Array:
        if not self.are_strict_ranks:
            return super().borda_scores
        # On a strict ballot the score is m - 1 - place: one pass over the ballots.
        total = sum_bytes(-self.utility, max(1, self.size - 1)).astype(float)
        return self.size - 1 - total / self.utility.shape[-1]

    # -- utilities and places ---------------------------------------------------------------------

    @cached_property
    def mean_utility(self) -> jax.Array:
        return jnp.mean(self.utility, axis=1, dtype=float)

    @cached_property
    def place_shares(self) -> jax.Array:
        if not self.are_strict_ranks:
            return super().place_shares
        return jnp.stack([self.share_of(self.utility == -r) for r in range(self.size)], axis=1)

    def first_places(self, remaining: jax.Array) -> jax.Array:
        if self.has_bits:
            return self._packed_places(remaining)
        if not self.are_strict_ranks:
            return super().first_places(remaining)
        # A bit that puts eliminated candidates behind all others takes half the time of a
        # ``where``.
        out = jnp.where(remaining, 0, 64).astype(self.utility.dtype)
        place = -self.utility | out[:, None]
        return self.share_of(place == jnp.min(place, axis=0))

    def last_places(self, remaining: jax.Array, min_ranked: int = 2) -> jax.Array:
        if self.has_bits:
            return self._packed_places(remaining, last=True)
        counted, best = remaining[:, None], type_maximum(self.utility.dtype)
        utility = jnp.where(counted, self.utility, best)
        return self.split_share_of(counted & (utility == jnp.min(utility, axis=0)))


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


def strict_ranks(rank: jax.Array) -> jax.Array:
    """Whether all ballots of ``rank [candidates, voters]``, at most ``MAX_STRICT`` candidates, are
    strict orders 0 … m - 1.

    m powers of two add up to 2^m - 1 only if they are all different. (A rank below 0 or above 31
    shifts to nothing, and fewer powers cannot make up for it.)
    """
    bit = jnp.left_shift(np.int32(1), rank.astype(jnp.int32))
    return jnp.all(jnp.sum(bit, axis=0, dtype=jnp.int32) == (1 << len(rank)) - 1)
