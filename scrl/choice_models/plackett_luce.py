"""Plackett–Luce from rankings: maximum likelihood, or with a Gaussian prior.

A ranking is read as choices, best first, each from what remains (Plackett 1975). The likelihood
sees how often each item was chosen and how often each set was chosen from, and nothing else, so
that rankings are counted once and forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from scrl.choice_models.bradley_terry import center_rewards, check_finite_optimum
from scrl.choice_models.newton import maximise_rewards
from scrl.types import InputError

#: Cells of a table of how often each ranking occurs; where it would have more, rankings are sorted.
TABLE = 1_000_000
#: Sets × items of which exponentials are held at once.
CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class ChoiceCounts:
    """What the likelihood of rankings reads.

    Attributes:
        chosen: how often each item was chosen from two or more ``[..., items]``.
        sets: which items each set holds ``[sets, items]``, every set once.
        times: how often each was chosen from ``[..., sets]``.
        beats: whether an item was ever ranked above another ``[..., items, items]``.
    """

    chosen: np.ndarray
    sets: np.ndarray
    times: np.ndarray
    beats: np.ndarray


def count_choices(
    rankings: np.ndarray | Sequence, items: int | None = None, weight: np.ndarray | None = None
) -> ChoiceCounts:
    """The choices that rankings make.

    Args:
        rankings: ``[..., rankings, places]`` items as whole numbers, best first; -1 after the last
            where one is shorter. What a ranking leaves out is unseen by it. A list of lists will
            do; an array is counted faster.
        items: how many there are; by default as many as the rankings name.
        weight: of each ranking ``[..., rankings]``; one each by default.

    Raises:
        InputError: for anything else, and for a ranking that names an item twice.
    """
    rankings = _as_array(rankings)
    least, most = (int(f(rankings)) for f in (np.min, np.max)) if rankings.size else (0, -1)
    m = most + 1 if items is None else items
    if least < -1 or most >= m:
        raise InputError(f"A ranking names item {least if least < -1 else most}, of {m} items.")
    *lead, _, _ = rankings.shape
    distinct, times = _distinct(rankings, m, weight)
    below = np.sort(distinct, axis=1)
    if ((below[:, 1:] == below[:, :-1]) & (below[:, 1:] >= 0)).any():
        raise InputError("A ranking names an item twice.")
    if ((distinct[:, :-1] < 0) & (distinct[:, 1:] >= 0)).any():
        raise InputError("A ranking goes on after it has ended: -1 stands after its last item.")
    # What each distinct ranking still has to choose from at each place [distinct, places, items].
    named = distinct[:, :, None] == np.arange(m)
    left = np.logical_or.accumulate(named[:, ::-1], axis=1)[:, ::-1]
    ranking, place = np.nonzero(distinct[:, 1:] >= 0)  # no choice at a last place
    sets, which = _unique_rows(left[ranking, place])
    first, second = distinct[ranking, place], distinct[ranking, place + 1]
    often = times[:, ranking]
    beats = _add(first * m + second, often > 0, m * m) > 0
    return ChoiceCounts(
        _add(first, often, m).reshape(*lead, m),
        sets,
        _add(which, often, len(sets)).reshape(*lead, len(sets)),
        beats.reshape(*lead, m, m),
    )


def _as_array(rankings: np.ndarray | Sequence) -> np.ndarray:
    try:
        found = np.asarray(rankings)
    except ValueError:  # of unequal length
        found = np.array(list(zip_longest(*rankings, fillvalue=-1))).T
    if found.ndim < 2 or found.dtype.kind not in "iu":
        raise InputError("Rankings are lists of whole numbers, the best item first.")
    return found


def _distinct(rankings, m: int, weight) -> tuple[np.ndarray, np.ndarray]:
    """Every ranking once ``[distinct, places]``, and the weight that each has in each fit
    ``[fits, distinct]``."""
    *lead, n, places = rankings.shape
    fits, base = int(np.prod(lead)), m + 1
    flat = rankings.reshape(-1, places)
    if weight is not None:
        weight = np.broadcast_to(np.asarray(weight, float), (*lead, n)).ravel()
        if not np.isfinite(weight).all() or (weight < 0).any():
            raise InputError("The weight of a ranking is negative or not a number.")
    fit = np.repeat(np.arange(fits), n) if lead else 0
    if fits * base**places <= TABLE:
        power = base ** np.arange(places)
        code = flat @ power.astype(float) + power.sum()  # exact, and faster than whole numbers
        cells = base**places
        times = np.bincount(code.astype(np.int64) + fit * cells, weight, fits * cells)
        times = times.reshape(fits, cells).astype(float)
        found = np.flatnonzero(times.any(0))
        return found[:, None] // power % base - 1, times[:, found]
    distinct, which = np.unique(flat, axis=0, return_inverse=True)
    which = which.ravel() + fit * len(distinct)
    times = np.bincount(which, weight, fits * len(distinct)).astype(float)
    return distinct.astype(np.int64), times.reshape(fits, -1)


def _unique_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of truth values, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, at, which = np.unique(keys, return_index=True, return_inverse=True)
    return rows[at], which.ravel()


def _add(cell: np.ndarray, values: np.ndarray, cells: int) -> np.ndarray:
    """Sums ``[fits, cells]`` of ``values [fits, entries]`` over the entries of a cell."""
    fits = len(values)
    at = cell + np.arange(fits)[:, None] * cells
    return np.bincount(at.ravel(), values.ravel(), fits * cells).reshape(fits, cells)


def fit_plackett_luce(choices: ChoiceCounts, prior_sd: float = 10.0) -> np.ndarray:
    """The rewards ``[..., items]`` that maximise Σ chosen · r - Σ times · log Σ_set exp(r)
    - Σ r² / (2 prior_sd²), with mean zero; an item in no choice is at 0.

    Args:
        prior_sd: in log-odds; ``inf`` for maximum likelihood.

    Raises:
        InputError: for maximum likelihood, where the rewards have no finite optimum.
    """
    if np.isinf(prior_sd):
        check_finite_optimum(choices.beats)
    m = choices.chosen.shape[-1]
    times, sets = choices.times, choices.sets
    step = max(1, CELLS // max(1, m * m))

    def derivatives(reward):
        strength = np.exp(reward)
        seen, shared = np.zeros(reward.shape), np.zeros((*reward.shape, m))
        for i in range(0, len(sets), step):
            some = sets[i : i + step].astype(float)
            total = strength @ some.T
            once = times[..., i : i + step] / total
            seen += once @ some
            if reward.ndim == 1:
                shared += (some.T * (once / total)) @ some
            else:  # few sets and many fits
                pairs = (some[:, :, None] * some[:, None, :]).reshape(-1, m * m)
                shared += (once / total @ pairs).reshape(shared.shape)
        expected = strength * seen
        return choices.chosen - expected, -shared * strength[..., :, None] * strength[..., None, :]

    compared = np.logical_or(choices.beats.any(-1), choices.beats.any(-2))
    offered, size = times @ sets.astype(float), np.maximum(sets.sum(-1), 1)
    # One step of Hunter's (2004) iteration from equal rewards.
    start = np.log((choices.chosen + 0.5) / (times @ (sets / size[:, None]) + 0.5))
    reward = maximise_rewards(derivatives, start, 1.0 / prior_sd**2, noise=1e-15 * (1.0 + offered))
    if not np.isfinite(reward).all():
        raise InputError("Rewards are too far apart to compute; give a smaller prior_sd.")
    return center_rewards(reward, compared)


def fit_rankings(
    rankings: np.ndarray | Sequence,
    items: int | None = None,
    prior_sd: float = 10.0,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Rewards ``[..., items]`` from rankings: ``count_choices``, ``fit_plackett_luce``."""
    return fit_plackett_luce(count_choices(rankings, items, weight), prior_sd)
