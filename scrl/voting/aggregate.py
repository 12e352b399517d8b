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

from scrl.batches import round_up
from scrl.types import Ballots, InputError, Outcome
from scrl.voting.profile import TIE, Profile
from scrl.voting.registry import RULES, Rule

#: How often each set of rules has been compiled; tests hold it still while sliders move.
TRACES: Counter = Counter()
#: Contests × voters × candidates counted at once: what stays near the processor is counted fastest.
CELLS = 2_000_000
#: Most candidates of one contest: the matrix of P(a ≻ b) is dense.
MOST = 2_000


@partial(jax.jit, static_argnames=("rules",))
def _count(utility, ranked, weight, standing, *, rules: tuple[str, ...]):
    TRACES[rules] += 1

    def contest(arrays):
        profile = Profile.of(*arrays)
        counted = {name: RULES[name].count(profile) for name in rules}
        return profile.above, counted, jnp.any(profile.weight > 0)

    arrays = (utility, ranked, weight, standing)
    return jax.lax.map(contest, arrays, batch_size=8)


def aggregate(ballots: Ballots, rule: str) -> Outcome:
    """What one rule says.

    Raises:
        InputError: for an unknown rule, weights that are negative or all zero, utilities that are
            not numbers, no voter or no candidate, a contest in which no ballot ranks anybody.
    """
    return aggregate_all(ballots, [rule])[rule]


def aggregate_all(ballots: Ballots, rules: Sequence[str]) -> dict[str, Outcome]:
    """What several rules say; what they share is computed once. Raises as ``aggregate``."""
    return tally(ballots, rules)[0]


def tally(ballots: Ballots, rules: Sequence[str]) -> tuple[dict[str, Outcome], np.ndarray]:
    """As ``aggregate_all``, and P(a ≻ b) ``[..., candidates, candidates]``."""
    names = list(dict.fromkeys(rules))
    on_device = tuple(sorted(name for name in names if not RULES[name].on_host))
    lead, arrays = _flat(ballots)
    utility, ranked, weight, standing = arrays
    contests, voters, m = utility.shape
    v, k = round_up(voters), round_up(m)
    # Sizes are powers of two and the last group is filled up, so that few programs serve all.
    step = min(power_up(contests), max(1, power_up(CELLS // (v * k) + 1) // 2))
    parts = []
    for i in range(0, contests, step):
        some = slice(i, i + step)
        group = (
            _pad(utility[some], (step, v, k)),
            _pad(ranked[some], (step, v, k)),
            _pad(weight[some], (step, v)),
            _pad(standing[some], (step, k)),
        )
        with jax.enable_x64(True):
            parts.append(jax.tree.map(np.asarray, _count(*group, rules=on_device)))
    above, counted, weighed = jax.tree.map(lambda *x: np.concatenate(x)[:contests], *parts)
    if not weighed.all():
        raise InputError("No ballot of a contest ranks any of its candidates.")
    above = above[:, :m, :m]
    outcomes = {}
    for name in names:
        if RULES[name].on_host:
            values = _on_host(RULES[name], arrays, above)
        else:
            values = counted[name][:, :m]
        outcomes[name] = _outcome(name, values, standing, lead)
    return outcomes, above.reshape(*lead, m, m)


def _on_host(rule: Rule, arrays: tuple, above: np.ndarray) -> np.ndarray:
    """What a rule in NumPy says ``[contests, candidates]``: contests of one size together where
    it reads duels, else one by one."""
    utility, ranked, weight, standing = arrays
    size = standing.sum(1)
    values = np.zeros(standing.shape)
    if rule.most is not None and size.max() > rule.most:
        raise InputError(
            f"{rule.title} counts at most {rule.most:,} candidates, and a contest has "
            f"{size.max():,}; choose another rule for it."
        )
    if rule.reads == "pairwise":
        for k in np.unique(size):
            alike = np.flatnonzero(size == k)
            who = np.nonzero(standing[alike])[1].reshape(len(alike), k)
            duels = above[alike[:, None, None], who[:, :, None], who[:, None, :]]
            values[alike[:, None], who] = rule.count(duels)
        return values
    for i, who in enumerate(standing):
        voted = (weight[i] > 0) & (ranked[i] & who).any(-1)
        cast = np.ix_(voted, who)
        share = weight[i][voted] / weight[i][voted].sum()
        here = (utility[i][cast].T, ranked[i][cast].T, share, np.ones(size[i], bool))
        values[i, who] = rule.count(Profile(*here, above[i][np.ix_(who, who)]))
    return values


def _outcome(name: str, values: np.ndarray, standing: np.ndarray, lead: tuple) -> Outcome:
    rule = RULES[name]
    if rule.gives == "places":
        place, scores = values.astype(int), place_scores(values, standing)
    else:
        place, scores = weak_order(values, standing), values.astype(float)
    m = values.shape[-1]
    place = np.where(standing, place, -1).reshape(*lead, m)
    return Outcome(name, place, np.where(standing, scores, np.nan).reshape(*lead, m), rule.lottery)


def weak_order(scores: np.ndarray, standing: np.ndarray | None = None) -> np.ndarray:
    """Places ``[..., candidates]``: how many stand strictly ahead, scores within 1e-9 tied.

    Ties chain (a tied with b and b with c ties a with c), which keeps the order an order.
    """
    values = np.asarray(scores, float)
    if standing is not None:
        values = np.where(standing, values, -np.inf)
    best = np.argsort(-values, axis=-1, kind="stable")
    fallen = np.take_along_axis(values, best, axis=-1)
    with np.errstate(invalid="ignore"):  # padding behind padding is -inf less -inf
        new = fallen[..., :-1] - fallen[..., 1:] > TIE
    step = np.where(new, np.arange(1, values.shape[-1]), 0)
    ahead = np.maximum.accumulate(np.insert(step, 0, 0, axis=-1), axis=-1)
    place = np.empty(values.shape, int)
    np.put_along_axis(place, best, ahead, axis=-1)
    return place


def place_scores(place: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """m - 1 - place, ties averaged: the scores of a rule that has none of its own."""
    ahead = (place[..., None, :] < place[..., :, None]) & standing[..., None, :]
    tied = (place[..., None, :] == place[..., :, None]) & standing[..., None, :]
    behind = standing.sum(-1, keepdims=True) - ahead.sum(-1) - tied.sum(-1)
    return behind + (tied.sum(-1) - 1) / 2


def power_up(n: int) -> int:
    """The least power of two that is at least ``n``."""
    return 1 << max(int(n) - 1, 0).bit_length()


def _pad(array: np.ndarray, shape: tuple) -> np.ndarray:
    if array.shape == shape:
        return array
    out = np.zeros(shape, array.dtype)
    out[tuple(slice(n) for n in array.shape)] = array
    return out


def _flat(ballots: Ballots) -> tuple[tuple, tuple]:
    """The leading contest axes, and checked arrays with those made one."""
    utility = np.asarray(ballots.utility)
    if utility.ndim < 2 or 0 in utility.shape:
        raise InputError("There is nothing to count: ballots need a voter and a candidate.")
    *lead, voters, m = utility.shape
    if m > MOST:
        raise InputError(f"A contest has {m:,} candidates; at most {MOST:,} can be counted.")
    # Every number keeps its type, so that no two utilities are rounded into a tie.
    if utility.dtype.kind == "b" or utility.dtype == np.float16:
        utility = utility.astype(np.float32)
    elif utility.dtype.kind not in "fiu" or utility.dtype.itemsize > 8:
        utility = utility.astype(np.float64)
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
    shapes = ((voters, m), (voters, m), (voters,), (m,))
    arrays = (utility, ranked, weight, standing)
    return tuple(lead), tuple(
        array.reshape(-1, *shape) for array, shape in zip(arrays, shapes, strict=True)
    )
