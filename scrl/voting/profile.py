"""One contest as the rules read it, and the statistics that they share, each computed once, where
it is first read: a rule with a loop reads them before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

#: Scores closer than this share of the weight are tied.
TIE_TOLERANCE = 1e-9
#: So many comparisons are added as bytes before they are added as numbers.
BYTE_BLOCK = 25
#: Among so few candidates all pairs are compared at once, one contest at a time.
MAX_ALL_PAIRS = 16
#: Voters whose pairs are compared at once.
VOTER_BLOCK = 50_000
#: Candidates whose strict orders are recognised by bits, and whose pairs are held as bits.
MAX_STRICT, MAX_PACKED = 15, 10


@dataclass(frozen=True, eq=False)
class Profile:
    """The ballots of one contest, candidates first so that sums over voters run along memory.

    Attributes:
        utility: ``[candidates, voters]``, higher better. Only its order within a voter matters to
            an ordinal rule.
        ranked: which of them the ballot ranks, same shape; None for all.
        weight: ``[voters]``, adding up to one (all zero where no ballot ranks anybody); None for
            equal ones.
        candidate_mask: which candidates are not padding ``[candidates]``.
        known_above: ``above`` where it is known already, else None.
        are_strict_ranks: whether every ballot is a strict order of all candidates and ``utility``
            is minus the place, so that points need no comparison.
    """

    utility: jax.Array
    ranked: jax.Array | None
    weight: jax.Array | None
    candidate_mask: jax.Array
    known_above: jax.Array | None = None
    are_strict_ranks: bool = False

    @property
    def size(self) -> int:
        """Candidates, padding included."""
        return self.utility.shape[0]

    @property
    def packed(self) -> bool:
        """Whether ``bits`` are at hand."""
        return "bits" in vars(self)

    @property
    def opponents(self) -> jax.Array:
        """Who opposes whom ``[candidates, candidates]``."""
        both = self.candidate_mask[:, None] & self.candidate_mask[None, :]
        return both & ~jnp.eye(self.size, dtype=bool)

    def share_of(self, of: jax.Array) -> jax.Array:
        """The share of the weight for which ``of [..., voters]`` is true ``[...]``."""
        if self.weight is None:
            return count_true(of).astype(float) / of.shape[-1]
        return of.astype(self.weight.dtype) @ self.weight

    def split_share_of(self, of: jax.Array) -> jax.Array:
        """As ``share`` of ``[candidates, voters]``, a voter's weight split equally among the
        candidates for which it is true."""
        if self.are_strict_ranks:
            return self.share_of(of)
        weight = 1.0 / of.shape[-1] if self.weight is None else self.weight
        part = weight / jnp.maximum(jnp.sum(of, axis=0), 1)
        return of.astype(part.dtype) @ part

    # -- duels ------------------------------------------------------------------------------------

    @cached_property
    def strictly_above(self) -> jax.Array:
        """The share of the weight that ranks a strictly above b ``[candidates, candidates]``: no
        sort, and no array of candidates² × voters but for a block of voters of one contest."""
        u = self.utility
        if self.weight is None and self.size <= MAX_ALL_PAIRS:
            # All pairs in one comparison, which runs several times faster than one by one; of
            # strict orders half of them will do.
            first, second = np.triu_indices(self.size, 1)
            both = jnp.zeros((self.size, self.size))
            if self.are_strict_ranks:
                if self.packed:
                    wins = count_bits(self.bits).astype(float) / u.shape[1]
                else:
                    wins = self._ahead(first, second)
                return both.at[first, second].set(wins).at[second, first].set(1.0 - wins)
            first, second = np.append(first, second), np.append(second, first)
            return both.at[first, second].set(self._ahead(first, second))
        if self.ranked is None:
            return jax.lax.map(lambda one: self.share_of(one > u), u)

        def row(a):
            one, here = a
            return (self.ranked & (one > u)).astype(self.weight.dtype) @ jnp.where(
                here, self.weight, 0.0
            )

        return jax.lax.map(row, (u, self.ranked))

    @cached_property
    def bits(self) -> jax.Array:
        """Of strict orders, who puts the first of two candidates above the second, a bit for each
        voter ``[pairs, bytes]``: one pass over the ballots, after which rounds of elimination,
        and duels beside them, read an eighth of the bytes. Worth it if asked for in advance."""
        first, second = np.triu_indices(self.size, 1)
        return pack_bits(self.utility[first] > self.utility[second])

    def _outermost(self, remaining, last: bool = False) -> jax.Array:
        """From ``bits``, the share whose first (or last) of the remaining each is
        ``[candidates]``: those who put it above (or below) all others that remain."""
        voters = self.utility.shape[1]
        pair = {pair: i for i, pair in enumerate(combinations(range(self.size), 2))}
        on = jnp.where(remaining, np.uint8(255), np.uint8(0))
        rows = []
        for a in range(self.size):
            row = jnp.asarray(np.packbits(np.ones(voters, bool), bitorder="little"))
            for b in range(self.size):
                if a != b:
                    first = self.bits[pair[min(a, b), max(a, b)]]
                    row &= first | ~on[b] if (a < b) != last else ~(first & on[b])
            rows.append(row)
        share = count_bits(jnp.stack(rows)).astype(float) / voters
        return jnp.where(remaining, share, 0.0)

    def _ahead(self, first: np.ndarray, second: np.ndarray) -> jax.Array:
        """The share of voters, all of equal weight, who put ``first`` above ``second``
        ``[pairs]``, a block of voters at a time."""
        voters = self.utility.shape[1]

        def wins(some) -> jax.Array:
            return count_true(some[first] > some[second])

        def more(i, total):
            some = jax.lax.dynamic_slice_in_dim(self.utility, i * VOTER_BLOCK, VOTER_BLOCK, axis=1)
            return total + wins(some)

        blocks = voters // VOTER_BLOCK
        total = jnp.zeros(len(first), jnp.int32)
        if blocks:
            total = jax.lax.fori_loop(0, blocks, more, total)
        if voters % VOTER_BLOCK:
            total += wins(self.utility[:, blocks * VOTER_BLOCK :])
        return total.astype(float) / voters

    @cached_property
    def above(self) -> jax.Array:
        """P(a ≻ b) ``[candidates, candidates]``: the share, among ballots that rank both, with a
        above b, ties half; ½ where no ballot ranks both, and on the diagonal."""
        if self.known_above is not None:
            return self.known_above
        lead = self.strictly_above - self.strictly_above.T
        if self.ranked is not None:
            met = self.both_ranked
            lead = lead / jnp.where(met > 0, met, 1.0)
        return 0.5 + 0.5 * lead

    @cached_property
    def both_ranked(self) -> jax.Array:
        """The share of the weight that ranks both of two candidates, same shape."""
        if self.ranked is None:
            return jnp.ones((self.size, self.size))
        weight = self.weight
        return jnp.where(self.ranked, weight, 0.0) @ self.ranked.T.astype(weight.dtype)

    @cached_property
    def points(self) -> jax.Array:
        """The sum of P(a ≻ b) over opponents ``[candidates]``."""
        if self.are_strict_ranks:
            # Points of a strict ballot are the opponents it puts behind: one pass over the ballots.
            total = sum_bytes(-self.utility, max(1, self.size - 1)).astype(float)
            return self.size - 1 - total / self.utility.shape[-1]
        return jnp.sum(jnp.where(self.opponents, self.above, 0.0), axis=1)

    # -- places -----------------------------------------------------------------------------------

    @cached_property
    def places(self) -> jax.Array:
        """The share of the weight that puts a candidate at a place
        ``[candidates, places]``, a tie spread equally over the places it fills: all that rules of
        points read."""
        if self.are_strict_ranks:
            return jnp.stack([self.share_of(self.utility == -r) for r in range(self.size)], axis=1)
        u = self.utility
        on = jnp.broadcast_to(self.candidate_mask[:, None], u.shape)
        on = on if self.ranked is None else self.ranked & on

        def against(b, found):
            ahead, tied = found
            other, here = u[b], on[b]
            return ahead + (here & (other > u)), tied + (here & (other == u))

        zero = jnp.zeros(u.shape, jnp.int32)
        ahead, tied = jax.lax.fori_loop(0, self.size, against, (zero, zero))
        weight = jnp.full(u.shape[1], 1 / u.shape[1]) if self.weight is None else self.weight
        part = jnp.where(on, weight / jnp.maximum(tied, 1), 0.0)

        def at(r):
            return jnp.sum(jnp.where((ahead <= r) & (r < ahead + tied), part, 0.0), axis=1)

        return jax.lax.map(at, jnp.arange(self.size)).T

    def first_places(self, remaining) -> jax.Array:
        """Share of the weight whose highest remaining candidate each is ``[candidates]``, a tied
        top split equally; ballots that rank none of the remaining count for nobody."""
        if self.packed:
            return self._outermost(remaining)
        if self.are_strict_ranks:
            # A bit puts those out behind all others, in half the time that a choice takes.
            out = jnp.where(remaining, 0, 64).astype(self.utility.dtype)
            shown = -self.utility | out[:, None]
            return self.share_of(shown == jnp.min(shown, axis=0))
        open_, worst = self._open(remaining), type_minimum(self.utility.dtype)
        shown = jnp.where(open_, self.utility, worst)
        return self.split_share_of(open_ & (shown == jnp.max(shown, axis=0)))

    def last_places(self, remaining, least: int = 2) -> jax.Array:
        """Share of the weight whose lowest remaining candidate each is ``[candidates]``, a tied
        bottom split equally; ballots that rank fewer than ``least`` of the remaining count
        against nobody."""
        if self.packed:
            return self._outermost(remaining, last=True)
        open_, top = self._open(remaining), type_maximum(self.utility.dtype)
        shown = jnp.where(open_, self.utility, top)
        last = open_ & (shown == jnp.min(shown, axis=0))
        if self.ranked is not None:
            last &= jnp.sum(open_, axis=0) >= least
        return self.split_share_of(last)

    def _open(self, remaining) -> jax.Array:
        return remaining[:, None] if self.ranked is None else self.ranked & remaining[:, None]


def count_true(of) -> jax.Array:
    """How many are true along the last axis ``[...]``."""
    return sum_bytes(of, 1)


def pack_bits(of) -> jax.Array:
    """Truths ``[..., n]`` as bits ``[..., bytes]``, the last byte filled up with zeros. Each byte
    has bits from eight parts of the row, so that bytes are put together side by side."""
    n = of.shape[-1]
    whole = n // 8 * 8
    parts = (of[..., :whole].reshape(*of.shape[:-1], 8, -1), of[..., whole:, None])
    return jnp.concatenate([_bytes(part) for part in parts if part.size], axis=-1)


def _bytes(of) -> jax.Array:
    """``[..., up to 8 bits, n]`` as bytes ``[..., n]``."""
    place = np.arange(of.shape[-2], dtype=np.uint8)[:, None]
    return jnp.sum(jnp.left_shift(of.astype(jnp.uint8), place), axis=-2, dtype=jnp.uint8)


def count_bits(bits) -> jax.Array:
    """How many bits of ``[..., bytes]`` are 1 ``[...]``, added as bytes as in ``sum_bytes``."""
    n = bits.shape[-1]
    block = min(31, -(-n // 31))  # 31 bytes of at most 8 bits, which a byte holds
    whole = n // block * block
    head = bits[..., :whole].reshape(*bits.shape[:-1], block, -1)
    head = jnp.sum(jax.lax.population_count(head), axis=-2, dtype=jnp.uint8)
    total = jnp.sum(head, axis=-1, dtype=jnp.int32)
    if whole == n:
        return total
    rest = jax.lax.population_count(bits[..., whole:])
    return total + jnp.sum(rest, axis=-1, dtype=jnp.int32)


def sum_bytes(values, most: int) -> jax.Array:
    """The sum along the last axis of whole numbers from 0 to ``most``. As many as a byte holds are
    added as bytes, which the processor does several times faster."""
    block = min(BYTE_BLOCK, 255 // most)
    whole = values.shape[-1] // block * block
    head = values[..., :whole].astype(jnp.uint8).reshape(*values.shape[:-1], block, -1)
    total = jnp.sum(jnp.sum(head, axis=-2, dtype=jnp.uint8), axis=-1, dtype=jnp.int32)
    if whole == values.shape[-1]:
        return total
    return total + jnp.sum(values[..., whole:], axis=-1, dtype=jnp.int32)


def type_minimum(dtype):
    """The least value of a real or whole type, for a maximum over some."""
    return (
        np.array(-np.inf, dtype)
        if jnp.issubdtype(dtype, jnp.floating)
        else np.array(jnp.iinfo(dtype).min, dtype)
    )


def type_maximum(dtype):
    """The greatest value of a real or whole type, for a minimum over some."""
    return (
        np.array(np.inf, dtype)
        if jnp.issubdtype(dtype, jnp.floating)
        else np.array(jnp.iinfo(dtype).max, dtype)
    )


def strict_ranks(rank) -> jax.Array:
    """Whether all ballots of ``rank [candidates, voters]``, at most ``MAX_STRICT`` candidates, are
    strict orders 0 … m - 1: m powers of two add up to 2^m - 1 only if they are all different.
    (A rank below 0 or above 31 shifts to nothing, and fewer powers cannot make up for it.)"""
    bit = jnp.left_shift(np.int32(1), rank.astype(jnp.int32))
    return jnp.all(jnp.sum(bit, axis=0, dtype=jnp.int32) == (1 << len(rank)) - 1)
