"""Ballots -> outcomes: every contest and every rule in one compiled program.

Decisions are made in double precision, since a tie is a tie within 1e-9 of the weight. Shapes are
padded to a few sizes, so that another number of voters compiles nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import jax
import numpy as np

from scrl.batches import round_up
from scrl.types import Ballots, InputError, Outcome
from scrl.voting.profile import TIE, Profile
from scrl.voting.registry import RULES

#: How often each set of rules has been compiled; tests hold it still while sliders move.
TRACES: Counter = Counter()
#: Most candidates of one contest: the matrix of P(a ≻ b) is dense.
MOST = 2_000


@partial(jax.jit, static_argnames=("rules",))
def _count(utility, ranked, weight, standing, *, rules: tuple[str, ...]):
    TRACES[rules] += 1

    def contest(arrays):
        profile = Profile.of(*arrays)
        return profile.above, {name: RULES[name].count(profile) for name in rules}

    arrays = (utility, ranked, weight, standing)
    return jax.lax.map(contest, arrays, batch_size=8)


def aggregate(ballots: Ballots, rule: str) -> Outcome:
    """What one rule says.

    Raises:
        InputError: for an unknown rule, weights that are negative or all zero, utilities that are
            not numbers, no voter or no candidate.
    """
    return aggregate_all(ballots, [rule])[rule]


def aggregate_all(ballots: Ballots, rules: Sequence[str]) -> dict[str, Outcome]:
    """What several rules say; what they share is computed once. Raises as ``aggregate``."""
    return tally(ballots, rules)[0]


def tally(ballots: Ballots, rules: Sequence[str]) -> tuple[dict[str, Outcome], np.ndarray]:
    """As ``aggregate_all``, and P(a ≻ b) ``[..., candidates, candidates]``."""
    names = list(dict.fromkeys(rules))
    on_device = tuple(sorted(name for name in names if not RULES[name].on_host))
    lead, arrays = _padded(ballots)
    with jax.enable_x64(True):
        above, counted = jax.tree.map(np.asarray, _count(*arrays, rules=on_device))
    contests, m = int(np.prod(lead)), ballots.utility.shape[-1]
    standing = arrays[3][:contests, :m]
    above = above[:contests, :m, :m]
    outcomes = {}
    for name in names:
        if RULES[name].on_host:
            values = np.zeros((contests, m))
            for contest, real in enumerate(standing):
                values[contest, real] = RULES[name].count(above[contest][np.ix_(real, real)])
        else:
            values = counted[name][:contests, :m]
        outcomes[name] = _outcome(name, values, standing, lead)
    return outcomes, above.reshape(*lead, m, m)


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


def _padded(ballots: Ballots) -> tuple[tuple, tuple]:
    """The leading contest axes, and arrays of one contest axis in padded shapes."""
    utility = np.asarray(ballots.utility)
    if utility.ndim < 2 or 0 in utility.shape[-2:]:
        raise InputError("There is nothing to count: ballots need a voter and a candidate.")
    *lead, voters, m = utility.shape
    if m > MOST:
        raise InputError(f"A contest has {m:,} candidates; at most {MOST:,} can be counted.")
    if utility.dtype.kind != "f":
        utility = utility.astype(np.float64)
    weight = np.ones((*lead, voters)) if ballots.weight is None else ballots.weight
    weight = np.broadcast_to(np.asarray(weight, np.float64), (*lead, voters))
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError("The weight of a ballot is negative or not a number; give 0 or more.")
    if (weight.sum(-1) <= 0).any():
        raise InputError("All ballots of a contest weigh nothing; give one a weight.")
    standing = np.ones((*lead, m), bool) if ballots.candidates is None else ballots.candidates
    standing = np.broadcast_to(standing, (*lead, m))
    ranked = np.ones(utility.shape, bool) if ballots.ranked is None else ballots.ranked
    if np.isnan(np.where(ranked & standing[..., None, :], utility, 0)).any():
        raise InputError("A utility on a ballot is not a number.")
    contests, v, k = round_up(int(np.prod(lead))), round_up(voters), round_up(m)

    def pad(array, shape):
        out = np.zeros(shape, array.dtype)
        flat = array.reshape(-1, *array.shape[len(lead) :])
        out[tuple(slice(n) for n in flat.shape)] = flat
        return out

    arrays = (
        pad(utility, (contests, v, k)),
        pad(np.asarray(ranked), (contests, v, k)),
        pad(weight, (contests, v)),
        pad(standing, (contests, k)),
    )
    return tuple(lead), arrays
