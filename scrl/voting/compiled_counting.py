"""Many contests or many voters: all rules in one compiled program.

Decisions are made in double precision, since scores within 1e-9 of the weight are tied. Shapes are
padded to a few sizes, so that another number of voters compiles nothing new.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scrl.data.batches import next_power_of_two, padded_size
from scrl.voting.ballot_arrays import Array, BallotArrays, NotStrictOrders
from scrl.voting.contest import Contest
from scrl.voting.registry import RULES
from scrl.voting.uniform_contest import MAX_PACKED, UniformContest, strict_ranks

#: How often each set of rules has been compiled. Tests assert that moving a slider adds nothing.
TRACES: Counter[tuple[str, ...]] = Counter()
#: Contests × voters × candidates counted at once, so that they fit the processor's caches.
CELLS = 2_000_000
#: Bytes of uncopied ballots counted at once, so that they fit the processor's caches.
CACHE_BYTES = 1_000_000


class Counts(NamedTuple, Generic[Array]):
    """The results of the compiled program.

    Attributes:
        above: P(a ≻ b) ``[contests, candidates, candidates]``, or None where it is not asked for.
        values: of each rule ``[contests, rules, candidates]``, or None without rules.
        is_valid: whether the ballots of each contest can be counted ``[contests]``.
    """

    above: Array | None
    values: Array | None
    is_valid: Array


@partial(jax.jit, static_argnames=("rules", "are_ranks", "with_pairwise", "by_counts"))
def _count(
    arrays: BallotArrays[jax.Array],
    *,
    rules: tuple[str, ...],
    are_ranks: bool,
    with_pairwise: bool,
    by_counts: bool = False,
) -> Counts[jax.Array]:
    """Count every contest by every rule; ``by_counts`` as ``Contest.has_count_widths``."""
    TRACES[rules] += 1
    contests, m, voters = arrays.utility.shape

    def count_contest(contest: BallotArrays[jax.Array]) -> Counts[jax.Array]:
        utility, ranked, weight, candidate_mask = contest
        valid = jnp.array(True)
        if weight is not None and ranked is not None:
            ranked = ranked & candidate_mask[:, None]
            # A ballot that ranks no candidate is left out of every share.
            weight = jnp.where(ranked.any(0), weight, 0.0)
            total = jnp.sum(weight)
            weight, valid = weight / jnp.where(total > 0, total, 1.0), total > 0
        if are_ranks:
            utility, valid = -utility, strict_ranks(utility)
        elif weight is None and jnp.issubdtype(utility.dtype, jnp.floating):
            valid = jnp.all(utility == utility)
        if weight is None:
            uniform = UniformContest.of(utility, candidate_mask, are_ranks)
            if are_ranks and m <= MAX_PACKED and any(RULES[name].eliminates for name in rules):
                _ = uniform.bits
            profile: Contest = uniform
        else:
            profile = Contest(utility, ranked, weight, candidate_mask, None, by_counts)
        values = [RULES[name].count(profile).astype(float) for name in rules]
        above = profile.above if with_pairwise else None
        return Counts(above, jnp.stack(values) if rules else None, valid)

    cached = CACHE_BYTES // (m * voters * arrays.utility.dtype.itemsize)
    size = 8 if arrays.weight is not None else max(1, min(contests, cached))
    if size == contests:
        return jax.vmap(count_contest)(arrays)
    return jax.lax.map(count_contest, arrays, batch_size=size)


def count_padded(
    arrays: BallotArrays[np.ndarray],
    device: tuple[str, ...],
    with_pairwise: bool,
    by_counts: bool,
) -> Counts[np.ndarray]:
    """Sizes are padded to a few, so that another number of voters compiles nothing new."""
    utility, ranked, weight, candidate_mask = arrays
    assert ranked is not None
    assert weight is not None
    count = partial(_count, rules=device, are_ranks=False, by_counts=by_counts)
    contests, m, voters = utility.shape
    v, k = padded_size(voters), padded_size(m)
    # Groups are powers of two and the last one is filled up, so that few programs are compiled.
    step = min(next_power_of_two(contests), max(1, next_power_of_two(CELLS // (v * k) + 1) // 2))
    parts = []
    for i in range(0, contests, step):
        rows = slice(i, i + step)
        group = BallotArrays(
            _pad(utility[rows], (step, k, v)),
            _pad(ranked[rows], (step, k, v)),
            _pad(weight[rows], (step, v)),
            _pad(candidate_mask[rows], (step, k)),
        )
        with jax.enable_x64(True):
            parts.append(jax.tree.map(np.asarray, count(group, with_pairwise=with_pairwise)))
    above, counted, valid = jax.tree.map(lambda *x: np.concatenate(x)[:contests], *parts)
    above = above[:, :m, :m] if with_pairwise else None
    return Counts(above, counted[..., :m] if device else None, valid)


def count_uncopied(
    arrays: BallotArrays[np.ndarray],
    device: tuple[str, ...],
    are_ranks: bool,
    with_pairwise: bool,
) -> Counts[np.ndarray]:
    """Many complete ballots of equal weight, in place: a copy would cost as much as the count.

    Raises:
        NotStrictOrders: ``are_ranks`` is true, and a ballot is no strict order.
    """
    count = partial(_count, rules=device, with_pairwise=with_pairwise)
    with jax.enable_x64(True):
        found = count(arrays, are_ranks=are_ranks)
        if are_ranks and not np.asarray(found.is_valid).all():
            raise NotStrictOrders
        return jax.tree.map(np.asarray, found)


def _pad(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape == shape:
        return array
    out = np.zeros(shape, array.dtype)
    out[tuple(slice(n) for n in array.shape)] = array
    return out
