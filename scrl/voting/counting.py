"""Outcomes from ballots: all contests and all rules in one compiled program.

Decisions are made in double precision, since scores within 1e-9 of the weight are tied. Shapes are
padded to a few sizes, so that another number of voters compiles nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from scrl.data.batches import padded_size
from scrl.types import Ballots, InputError, Outcome
from scrl.voting.ballot_arrays import Array, BallotArrays, flatten_ballots, readings_of
from scrl.voting.contest import (
    MAX_ALL_PAIRS,
    MAX_PACKED,
    TIE_TOLERANCE,
    Contest,
    HostContest,
    strict_ranks,
)
from scrl.voting.profile import Profile
from scrl.voting.registry import RULES, Rule
from scrl.voting.truncated_ballots import LAST, PREF_VOTING, SHARES

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
        profile = Contest(
            utility, ranked, weight, candidate_mask, None, are_ranks, has_count_widths=by_counts
        )
        if are_ranks and m <= MAX_PACKED and any(RULES[name].eliminates for name in rules):
            _ = profile.bits
        values = [RULES[name].count(profile).astype(float) for name in rules]
        above = profile.above if with_pairwise else None
        return Counts(above, jnp.stack(values) if rules else None, valid)

    cached = CACHE_BYTES // (m * voters * arrays.utility.dtype.itemsize)
    size = 8 if arrays.weight is not None else max(1, min(contests, cached))
    if size == contests:
        return jax.vmap(count_contest)(arrays)
    return jax.lax.map(count_contest, arrays, batch_size=size)


def aggregate(
    ballots: Ballots | Profile, rule: str, left_out: str | None = LAST, widths: str = SHARES
) -> Outcome:
    """The outcome of one rule.

    >>> from scrl.voting import Profile
    >>> profile = Profile.from_text("2: R > G > B\\n3: B > R > G")
    >>> aggregate(profile, "borda").order(profile.names)
    [['R'], ['B'], ['G']]

    Args:
        left_out: what a ballot says of the candidates that it leaves out: ``"last"`` (tied in last
            place), ``"unseen"`` (nothing: pairs are compared by the ballots that rank both, and a
            ballot of one candidate is not counted) or ``"pref_voting"`` (as that package counts);
            None as ``"unseen"``, but a ballot of one candidate counts for first places.
        widths: of victories where candidates left out are unseen: ``"shares"`` of the ballots that
            rank both, or ``"counts"`` of ballots, over all of them.

    Raises:
        InputError: for an unknown rule or meaning, weights that are negative or all zero, utilities
            that are not numbers, a rule of utilities where ballots state orders, no voter or no
            candidate, a contest in which no ballot ranks a candidate (or two, where unseen).
    """
    return aggregate_all(ballots, [rule], left_out, widths)[rule]


def aggregate_all(
    ballots: Ballots | Profile,
    rules: Sequence[str],
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> dict[str, Outcome]:
    """The outcome of each rule; shared statistics are computed once. Arguments and errors are those
    of ``aggregate``."""
    ballots = ballots.ballots() if isinstance(ballots, Profile) else ballots
    names = list(dict.fromkeys(rules))
    leading, arrays, are_ranks = flatten_ballots(ballots, names)
    found: dict[str, Outcome] = {}
    for group, read, by_counts in readings_of(arrays, names, left_out, widths):
        found |= _count_rules(leading, read, are_ranks, group, False, by_counts)[0]
    return {name: found[name] for name in names}


def aggregate_with_pairwise(
    ballots: Ballots | Profile,
    rules: Sequence[str],
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> tuple[dict[str, Outcome], np.ndarray]:
    """As ``aggregate_all``, and P(a ≻ b) ``[..., candidates, candidates]``.

    Raises:
        InputError: as ``aggregate``, and for ``left_out="pref_voting"``, where rules read different
            ballots.
    """
    if left_out == PREF_VOTING:
        raise InputError("Each rule of pref_voting reads ballots in its own way; count one by one.")
    ballots = ballots.ballots() if isinstance(ballots, Profile) else ballots
    names = list(dict.fromkeys(rules))
    leading, arrays, are_ranks = flatten_ballots(ballots, names)
    ((_, read, by_counts),) = readings_of(arrays, names, left_out, widths)
    outcomes, above = _count_rules(leading, read, are_ranks, names, True, by_counts)
    assert above is not None
    return outcomes, above.reshape(*leading, *above.shape[1:])


def _count_rules(
    leading: tuple[int, ...],
    arrays: BallotArrays[np.ndarray],
    are_ranks: bool,
    names: list[str],
    with_pairwise: bool,
    by_counts: bool,
) -> tuple[dict[str, Outcome], np.ndarray | None]:
    """The outcome of each rule, and P(a ≻ b) where it is asked for or a host rule needs it."""
    device = tuple(sorted(name for name in names if not RULES[name].on_host))
    with_pairwise = with_pairwise or any(RULES[name].on_host for name in names)
    candidate_mask = arrays.candidate_mask
    for name in names:
        limit = RULES[name].max_candidates
        if limit is not None and candidate_mask.sum(-1).max() > limit:
            raise InputError(
                f"{RULES[name].title} counts at most {limit:,} candidates and a contest has "
                f"{candidate_mask.sum(-1).max():,}; choose another rule for it."
            )
    if arrays.weight is None:
        above, counted, valid = _count_uncopied(arrays, device, are_ranks, with_pairwise)
        fault = "A utility on a ballot is not a number."
    else:
        above, counted, valid = _count_padded(arrays, device, with_pairwise, by_counts)
        fault = "No ballot of a contest ranks any of its candidates."
    if not valid.all():
        raise InputError(fault)
    values = {}
    for name in names:
        if name in device:
            assert counted is not None
            values[name] = counted[:, device.index(name)]
        else:
            assert above is not None
            values[name] = _count_on_host(RULES[name], arrays, above)
    return _outcomes(values, candidate_mask, leading), above


def _count_padded(
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


def _count_uncopied(
    arrays: BallotArrays[np.ndarray],
    device: tuple[str, ...],
    are_ranks: bool,
    with_pairwise: bool,
) -> Counts[np.ndarray]:
    """Many complete ballots of equal weight, in place: a copy would cost as much as the count.

    Ranks are assumed to be strict orders. If the count finds that they are not, the ballots are
    counted again by comparison.
    """
    count = partial(_count, rules=device, with_pairwise=with_pairwise)
    with jax.enable_x64(True):
        found = count(arrays, are_ranks=are_ranks)
        if are_ranks and not np.asarray(found.is_valid).all():
            found = count(arrays._replace(utility=~arrays.utility), are_ranks=False)
        return jax.tree.map(np.asarray, found)


def _count_on_host(rule: Rule, arrays: BallotArrays[np.ndarray], above: np.ndarray) -> np.ndarray:
    """The values of a NumPy rule ``[contests, candidates]``: contests of one size together where
    it reads pairwise shares, else one by one."""
    utility, ranked, weight, candidate_mask = arrays
    size = candidate_mask.sum(1)
    values = np.zeros(candidate_mask.shape)
    if rule.reads == "pairwise":
        for k in np.unique(size):
            contests = np.flatnonzero(size == k)
            members = np.nonzero(candidate_mask[contests])[1].reshape(len(contests), k)
            shares = above[contests[:, None, None], members[:, :, None], members[:, None, :]]
            values[contests[:, None], members] = rule.count(shares)
        return values
    for i, members in enumerate(candidate_mask):
        u = np.asarray(utility[i])[members]
        is_ranked = np.ones(u.shape, bool) if ranked is None else ranked[i][members]
        share = np.ones(u.shape[1]) if weight is None else weight[i]
        counted = (share > 0) & is_ranked.any(0)
        share = share[counted] / share[counted].sum()
        shares = above[i][np.ix_(members, members)]
        profile = HostContest(u[:, counted], is_ranked[:, counted], share, shares)
        values[i, members] = rule.count(profile)
    return values


def _outcomes(
    values: dict[str, np.ndarray], candidate_mask: np.ndarray, leading: tuple[int, ...]
) -> dict[str, Outcome]:
    """The values ``[contests, candidates]`` of each rule as outcomes with the ``leading`` axes."""
    names = list(values)
    if not names:
        return {}
    scores = np.empty((len(names), *candidate_mask.shape))
    for i, name in enumerate(names):
        np.multiply(values[name], -1 if RULES[name].returns == "places" else 1, out=scores[i])
    is_padded = not candidate_mask.all()
    place = weak_order(scores, candidate_mask if is_padded else None)
    ordinal = [i for i, name in enumerate(names) if RULES[name].returns in ("places", "order")]
    if ordinal:
        scores[ordinal] = place_scores(place[ordinal], candidate_mask)
    shape = (*leading, candidate_mask.shape[-1])
    if is_padded:
        place = np.where(candidate_mask, place, -1)
        scores = np.where(candidate_mask, scores, np.nan)
    return {
        name: Outcome(name, place[i].reshape(shape), scores[i].reshape(shape), RULES[name].lottery)
        for i, name in enumerate(names)
    }


def weak_order(scores: ArrayLike, candidate_mask: np.ndarray | None = None) -> np.ndarray:
    """Places ``[..., candidates]``: how many candidates score strictly higher.

    Scores within 1e-9 are tied. Ties chain (a tied with b and b with c ties a with c), so that the
    result is an order. Masked candidates come last.
    """
    values = np.asarray(scores)
    if values.dtype.kind != "i" or candidate_mask is not None:
        values = values.astype(float, copy=False)
    if candidate_mask is not None:
        values = np.where(candidate_mask, values, -np.inf)
    m = values.shape[-1]
    if m <= MAX_ALL_PAIRS and m * values.size <= CELLS:
        place = _weak_order_by_pairs(values)
        if place is not None:
            return place
    best = np.argsort(-values, axis=-1, kind="stable")
    descending = np.take_along_axis(values, best, axis=-1)
    with np.errstate(invalid="ignore"):  # between two padded candidates: -inf - -inf
        drops = descending[..., :-1] - descending[..., 1:] > TIE_TOLERANCE
    ahead = np.zeros(values.shape, int)
    ahead[..., 1:] = np.maximum.accumulate(drops * np.arange(1, m), axis=-1)
    place = np.empty(values.shape, int)
    np.put_along_axis(place, best, ahead, axis=-1)
    return place


def _weak_order_by_pairs(values: np.ndarray) -> np.ndarray | None:
    """``weak_order`` for few candidates by comparing all pairs, several times faster than a sort;
    None where scores differ by so little that ties might chain."""
    m = values.shape[-1]
    columns = np.ascontiguousarray(values.reshape(-1, m).T)
    ahead = columns > columns[:, None]
    clearly_ahead = columns > columns[:, None] + 2 * TIE_TOLERANCE
    if values.dtype.kind == "f" and (ahead != clearly_ahead).any():
        return None
    place = np.add.reduce(ahead.view(np.uint8), axis=1, dtype=np.uint8)
    return place.T.astype(int, order="C").reshape(values.shape)


def place_scores(place: np.ndarray, candidate_mask: np.ndarray) -> np.ndarray:
    """m - 1 - place, ties averaged: the scores of a rule without natural scores."""
    # MAX_CANDIDATES fits int16.
    behind = weak_order(np.where(candidate_mask, place, -1).astype(np.int16))
    return (candidate_mask.sum(-1, keepdims=True) - 1 - place + behind) / 2


def next_power_of_two(n: int) -> int:
    """The least power of two that is at least ``n``."""
    return 1 << max(int(n) - 1, 0).bit_length()


def _pad(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape == shape:
        return array
    out = np.zeros(shape, array.dtype)
    out[tuple(slice(n) for n in array.shape)] = array
    return out
