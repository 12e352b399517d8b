"""Ballots -> outcomes: every contest and every rule in one compiled program.

Decisions are made in double precision, since a tie is a tie within 1e-9 of the weight. Shapes are
padded to a few sizes, so that another number of voters compiles nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from scrl.data.batches import padded_size
from scrl.types import Ballots, InputError, Outcome
from scrl.voting.profile import (
    MAX_ALL_PAIRS,
    MAX_PACKED,
    MAX_STRICT,
    TIE_TOLERANCE,
    Profile,
    strict_ranks,
)
from scrl.voting.registry import RULES, Rule

#: How often each set of rules has been compiled; tests hold it still while sliders move.
TRACES: Counter = Counter()
#: Contests × voters × candidates counted at once: what stays near the processor is counted fastest.
CELLS = 2_000_000
#: From so many, complete ballots of equal weight are counted where they lie.
LARGE = 500_000
#: Of those, as many bytes are counted together as stay near the processor.
CACHE = 1_000_000
#: Most candidates of one contest: the matrix of P(a ≻ b) is dense.
MAX_CANDIDATES = 2_000


@partial(jax.jit, static_argnames=("rules", "ranks", "duels"))
def _count(utility, ranked, weight, standing, *, rules: tuple[str, ...], ranks=False, duels=True):
    """Contests ``[contests, candidates, voters]`` counted by every rule: P(a ≻ b) if asked for,
    what they say ``[contests, rules, candidates]``, and whether the ballots were sound."""
    TRACES[rules] += 1
    contests, m, voters = utility.shape

    def contest(arrays):
        utility, ranked, weight, standing = arrays
        valid = jnp.array(True)
        if weight is not None:
            ranked = ranked & standing[:, None]
            # A ballot that ranks nobody says nothing, and is no part of any share.
            weight = jnp.where(ranked.any(0), weight, 0.0)
            total = jnp.sum(weight)
            weight, valid = weight / jnp.where(total > 0, total, 1.0), total > 0
        if ranks:
            utility, valid = -utility, strict_ranks(utility)
        elif weight is None and jnp.issubdtype(utility.dtype, jnp.floating):
            valid = jnp.all(utility == utility)
        profile = Profile(utility, ranked, weight, standing, are_strict_ranks=ranks)
        if ranks and m <= MAX_PACKED and any(RULES[name].eliminates for name in rules):
            _ = profile.bits
        counted = [RULES[name].count(profile).astype(float) for name in rules]
        counted = jnp.stack(counted) if rules else None
        return (profile.above if duels else None), counted, valid

    together = CACHE // (m * voters * utility.dtype.itemsize)
    size = 8 if weight is not None else max(1, min(contests, together))
    arrays = (utility, ranked, weight, standing)
    if size == contests:
        return jax.vmap(contest)(arrays)
    return jax.lax.map(contest, arrays, batch_size=size)


def aggregate(ballots: Ballots, rule: str) -> Outcome:
    """The outcome of one rule.

    >>> from scrl.voting import AnonymousProfile
    >>> profile = AnonymousProfile.from_text("2: R > G > B\\n3: B > R > G")
    >>> aggregate(profile.ballots(), "borda").order(profile.names)
    [['R'], ['B'], ['G']]

    Raises:
        InputError: for an unknown rule, weights that are negative or all zero, utilities that are
            not numbers, no voter or no candidate, a contest in which no ballot ranks anybody.
    """
    return aggregate_all(ballots, [rule])[rule]


def aggregate_all(ballots: Ballots, rules: Sequence[str]) -> dict[str, Outcome]:
    """What several rules say; what they share is computed once. Raises as ``aggregate``."""
    lead, arrays, ranks = _flat(ballots, rules)
    return _tally(lead, arrays, ranks, list(dict.fromkeys(rules)), False)[0]


def aggregate_with_pairwise(
    ballots: Ballots, rules: Sequence[str]
) -> tuple[dict[str, Outcome], np.ndarray]:
    """As ``aggregate_all``, and P(a ≻ b) ``[..., candidates, candidates]``."""
    lead, arrays, ranks = _flat(ballots, rules)
    outcomes, above = _tally(lead, arrays, ranks, list(dict.fromkeys(rules)), True)
    return outcomes, above.reshape(*lead, *above.shape[1:])


def _tally(lead, arrays, ranks: bool, names: list[str], duels: bool):
    device = tuple(sorted(name for name in names if not RULES[name].on_host))
    duels = duels or any(RULES[name].on_host for name in names)
    standing = arrays[3]
    for name in names:
        most = RULES[name].max_candidates
        if most is not None and standing.sum(-1).max() > most:
            raise InputError(
                f"{RULES[name].title} counts at most {most:,} candidates and a contest has "
                f"{standing.sum(-1).max():,}; choose another rule for it."
            )
    if arrays[2] is None:
        above, counted, valid = _whole(arrays, device, ranks, duels)
        wrong = "A utility on a ballot is not a number."
    else:
        above, counted, valid = _padded(arrays, device, duels)
        wrong = "No ballot of a contest ranks any of its candidates."
    if not valid.all():
        raise InputError(wrong)
    values = {
        name: counted[:, device.index(name)]
        if name in device
        else _on_host(RULES[name], arrays, above)
        for name in names
    }
    return _outcomes(values, standing, lead), above


def _padded(arrays, device, duels):
    """Sizes are padded to a few, so that another number of voters compiles nothing new."""
    utility, ranked, weight, standing = arrays
    contests, m, voters = utility.shape
    v, k = padded_size(voters), padded_size(m)
    # Groups are powers of two and the last is filled up, so that few programs serve all.
    step = min(next_power_of_two(contests), max(1, next_power_of_two(CELLS // (v * k) + 1) // 2))
    parts = []
    for i in range(0, contests, step):
        some = slice(i, i + step)
        group = (
            _pad(utility[some], (step, k, v)),
            _pad(ranked[some], (step, k, v)),
            _pad(weight[some], (step, v)),
            _pad(standing[some], (step, k)),
        )
        with jax.enable_x64(True):
            found = _count(*group, rules=device, duels=duels)
            parts.append(jax.tree.map(np.asarray, found))
    above, counted, valid = jax.tree.map(lambda *x: np.concatenate(x)[:contests], *parts)
    above = above[:, :m, :m] if duels else None
    return above, counted[..., :m] if device else None, valid


def _whole(arrays, device, ranks, duels):
    """Many complete ballots of equal weight: as they are, since a copy would cost as much as the
    count. Ranks are taken for strict orders, which the count finds out."""
    utility, *rest = arrays
    with jax.enable_x64(True):
        above, counted, valid = _count(utility, *rest, rules=device, ranks=ranks, duels=duels)
        if ranks and not np.asarray(valid).all():
            above, counted, valid = _count(~utility, *rest, rules=device, duels=duels)
        return jax.tree.map(np.asarray, (above, counted, valid))


def _on_host(rule: Rule, arrays: tuple, above: np.ndarray) -> np.ndarray:
    """What a rule in NumPy says ``[contests, candidates]``: contests of one size together where
    it reads duels, else one by one."""
    utility, ranked, weight, standing = arrays
    size = standing.sum(1)
    values = np.zeros(standing.shape)
    if rule.reads == "pairwise":
        for k in np.unique(size):
            alike = np.flatnonzero(size == k)
            who = np.nonzero(standing[alike])[1].reshape(len(alike), k)
            duels = above[alike[:, None, None], who[:, :, None], who[:, None, :]]
            values[alike[:, None], who] = rule.count(duels)
        return values
    for i, who in enumerate(standing):
        u = np.asarray(utility[i])[who]
        on = np.ones(u.shape, bool) if ranked is None else ranked[i][who]
        share = np.ones(u.shape[1]) if weight is None else weight[i]
        voted = (share > 0) & on.any(0)
        share = share[voted] / share[voted].sum()
        duels = above[i][np.ix_(who, who)]
        values[i, who] = rule.count(
            Profile(u[:, voted], on[:, voted], share, np.ones(size[i], bool), duels)
        )
    return values


def _outcomes(values: dict[str, np.ndarray], standing: np.ndarray, lead: tuple) -> dict:
    """Scores ``[contests, candidates]`` of each rule as outcomes with the leading axes ``lead``."""
    names = list(values)
    if not names:
        return {}
    given = np.empty((len(names), *standing.shape))
    for i, name in enumerate(names):
        np.multiply(values[name], -1 if RULES[name].gives == "places" else 1, out=given[i])
    padded = not standing.all()
    place = weak_order(given, standing if padded else None)
    ordinal = [i for i, name in enumerate(names) if RULES[name].gives in ("places", "order")]
    if ordinal:
        given[ordinal] = place_scores(place[ordinal], standing)
    shape = (*lead, standing.shape[-1])
    if padded:
        place, given = np.where(standing, place, -1), np.where(standing, given, np.nan)
    return {
        name: Outcome(name, place[i].reshape(shape), given[i].reshape(shape), RULES[name].lottery)
        for i, name in enumerate(names)
    }


def weak_order(scores: np.ndarray, standing: np.ndarray | None = None) -> np.ndarray:
    """Places ``[..., candidates]``: how many stand strictly ahead, scores within 1e-9 tied.

    Ties chain (a tied with b and b with c ties a with c), which keeps the order an order.
    """
    values = np.asarray(scores)
    if values.dtype.kind != "i" or standing is not None:
        values = values.astype(float, copy=False)
    if standing is not None:
        values = np.where(standing, values, -np.inf)
    m = values.shape[-1]
    if m <= MAX_ALL_PAIRS and m * values.size <= CELLS:
        place = _compared(values)
        if place is not None:
            return place
    best = np.argsort(-values, axis=-1, kind="stable")
    fallen = np.take_along_axis(values, best, axis=-1)
    with np.errstate(invalid="ignore"):  # padding behind padding is -inf less -inf
        new = fallen[..., :-1] - fallen[..., 1:] > TIE_TOLERANCE
    ahead = np.zeros(values.shape, int)
    ahead[..., 1:] = np.maximum.accumulate(new * np.arange(1, m), axis=-1)
    place = np.empty(values.shape, int)
    np.put_along_axis(place, best, ahead, axis=-1)
    return place


def _compared(values: np.ndarray) -> np.ndarray | None:
    """``weak_order`` of few candidates, each compared with each, several times faster than a sort;
    None where scores differ by so little that ties might chain."""
    m = values.shape[-1]
    mine = np.ascontiguousarray(values.reshape(-1, m).T)
    ahead = mine > mine[:, None]
    if values.dtype.kind == "f" and (ahead != (mine > mine[:, None] + 2 * TIE_TOLERANCE)).any():
        return None
    place = np.add.reduce(ahead.view(np.uint8), axis=1, dtype=np.uint8)
    return place.T.astype(int, order="C").reshape(values.shape)


def place_scores(place: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """m - 1 - place, ties averaged: the scores of a rule that has none of its own."""
    behind = weak_order(np.where(standing, place, -1).astype(np.int16))  # MOST is fewer
    return (standing.sum(-1, keepdims=True) - 1 - place + behind) / 2


def next_power_of_two(n: int) -> int:
    """The least power of two that is at least ``n``."""
    return 1 << max(int(n) - 1, 0).bit_length()


def _pad(array: np.ndarray, shape: tuple) -> np.ndarray:
    if array.shape == shape:
        return array
    out = np.zeros(shape, array.dtype)
    out[tuple(slice(n) for n in array.shape)] = array
    return out


def _flat(ballots: Ballots, rules: Sequence[str]) -> tuple[tuple, tuple, bool]:
    """The leading contest axes, checked arrays with those made one and candidates before voters,
    and whether the first is of ranks."""
    ranks = ballots.utility is None
    if ranks and any(RULES[name].reads == "utility" for name in rules):
        raise InputError("Ballots of ranks say which and not how much; give utilities.")
    utility = ballots.rank if ranks else ballots.utility
    if utility is None:
        raise InputError("There is nothing to count: ballots need a utility or a rank.")
    utility = np.asarray(utility)  # of an array that JAX holds, a view
    if utility.ndim < 2 or 0 in utility.shape:
        raise InputError("There is nothing to count: ballots need a voter and a candidate.")
    *lead, voters, m = utility.shape
    if m > MAX_CANDIDATES:
        raise InputError(
            f"A contest has {m:,} candidates; at most {MAX_CANDIDATES:,} can be counted."
        )
    if ranks and utility.dtype.kind not in "iu":
        raise InputError("Ranks are whole numbers, 0 for the best.")
    # Every number keeps its type, so that no two utilities are rounded into a tie.
    if utility.dtype.kind == "b" or utility.dtype == np.float16:
        utility = utility.astype(np.float32)
    elif utility.dtype.kind not in "fiu" or utility.dtype.itemsize > 8:
        utility = utility.astype(np.float64)
    whole = ballots.ranked is None and ballots.weight is None and ballots.candidates is None
    if whole and utility.size >= LARGE:
        return _large(utility, tuple(lead), ranks)
    if ranks:
        utility = ~utility  # the order reversed, without leaving the type
    weight = np.ones((*lead, voters)) if ballots.weight is None else ballots.weight
    weight = np.broadcast_to(np.asarray(weight, np.float64), (*lead, voters))
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError("The weight of a ballot is negative or not a number; give 0 or more.")
    if (weight.sum(-1) <= 0).any():
        raise InputError("All ballots of a contest weigh nothing; give one a weight.")
    standing = np.ones((*lead, m), bool) if ballots.candidates is None else ballots.candidates
    standing = np.broadcast_to(np.asarray(standing, bool), (*lead, m))
    if not standing.any(-1).all():
        raise InputError("A contest has no candidates; give it one.")
    ranked = np.True_ if ballots.ranked is None else np.asarray(ballots.ranked, bool)
    ranked = np.broadcast_to(ranked, utility.shape)
    if utility.dtype.kind == "f":
        blank = np.isnan(utility)
        if blank.any() and (blank & ranked & standing[..., None, :]).any():
            raise InputError("A utility on a ballot is not a number.")
    shapes = ((m, voters), (m, voters), (voters,), (m,))
    arrays = (np.swapaxes(utility, -1, -2), np.swapaxes(ranked, -1, -2), weight, standing)
    flat = tuple(x.reshape(-1, *shape) for x, shape in zip(arrays, shapes, strict=True))
    return tuple(lead), flat, False


def _large(utility, lead: tuple, ranks: bool) -> tuple[tuple, tuple, bool]:
    """Complete ballots of equal weight. In memory voters should run along candidates (such as the
    swapped view of ``[..., candidates, voters]``), else they are copied so."""
    *_, voters, m = utility.shape
    utility = np.ascontiguousarray(utility.swapaxes(-1, -2)).reshape(-1, m, voters)
    if ranks and utility.dtype.kind == "u" and utility.max() < 64:
        utility = utility.view(utility.dtype.name[1:])  # as signed numbers, which can be turned
    if ranks and (m > MAX_STRICT or utility.dtype.kind == "u"):
        utility, ranks = ~utility, False
    return lead, (utility, None, None, np.ones((len(utility), m), bool)), ranks
