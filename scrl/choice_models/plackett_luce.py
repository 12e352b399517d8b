"""Exact Plackett–Luce fits to rankings: maximum likelihood, or with a Gaussian prior.

A ranking is a sequence of choices, best first, each from the remaining items (Plackett 1975). The
likelihood depends only on how often each item was chosen and how often each set was chosen from, so
rankings are reduced to these counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from jaxtyping import Float, Int, Num

from scrl.choice_models.bradley_terry import center_rewards, check_finite_optimum, check_prior
from scrl.choice_models.newton import maximise_rewards
from scrl.types import InputError

#: Limit of the cells of a table that counts every possible ranking; beyond it rankings are sorted.
MAX_TABLE_CELLS = 1_000_000
#: Limit of the sets × items² held in memory at once.
MAX_CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class ChoiceCounts:
    """The sufficient statistics of rankings.

    Attributes:
        chosen: weight with which each item was chosen from two or more ``[..., items]``.
        sets: the items of each distinct set that was chosen from, bool ``[sets, items]``.
        times: weight with which each set was chosen from ``[..., sets]``.
        beats: whether a was ever ranked above b ``[..., items, items]``.
    """

    chosen: np.ndarray
    sets: np.ndarray
    times: np.ndarray
    beats: np.ndarray


def count_choices(
    rankings: Int[np.ndarray, "*fits rankings places"] | Sequence,
    items: int | None = None,
    weight: Num[np.ndarray, "*fits rankings"] | None = None,
) -> ChoiceCounts:
    """Count the choices that rankings consist of.

    Args:
        rankings: ``[..., rankings, places]`` items as integers, best first, padded with -1. Items
            that a ranking omits are unseen. A list of lists is accepted; an array is counted
            faster.
        items: number of items; by default the largest item named, plus one.
        weight: of each ranking ``[..., rankings]``; 1 by default.

    Raises:
        InputError: for rankings of another form, and for a ranking that names an item twice.
    """
    if not len(rankings) and items is None:
        raise InputError("There are no rankings; give at least one, or the number of items.")
    rankings = _as_array(rankings)
    lowest, highest = (int(f(rankings)) for f in (np.min, np.max)) if rankings.size else (0, -1)
    m = highest + 1 if items is None else items
    if lowest < -1 or highest >= m:
        invalid = lowest if lowest < -1 else highest
        raise InputError(f"A ranking names item {invalid}, of {m} items.")
    *lead, _, _ = rankings.shape
    distinct, times = _distinct_rankings(rankings, m, weight)
    ascending = np.sort(distinct, axis=1)
    if ((ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)).any():
        raise InputError("A ranking names an item twice.")
    if ((distinct[:, :-1] < 0) & (distinct[:, 1:] >= 0)).any():
        raise InputError("A ranking goes on after it has ended: -1 stands after its last item.")
    # The items from which each distinct ranking chooses at each place [distinct, places, items].
    named = distinct[:, :, None] == np.arange(m)
    remaining = np.logical_or.accumulate(named[:, ::-1], axis=1)[:, ::-1]
    ranking, place = np.nonzero(distinct[:, 1:] >= 0)  # the last place is no choice
    sets, set_index = _unique_rows(remaining[ranking, place])
    first, second = distinct[ranking, place], distinct[ranking, place + 1]
    choice_weight = times[:, ranking]
    beats = _sum_by_cell(first * m + second, choice_weight > 0, m * m) > 0
    return ChoiceCounts(
        _sum_by_cell(first, choice_weight, m).reshape(*lead, m),
        sets,
        _sum_by_cell(set_index, choice_weight, len(sets)).reshape(*lead, len(sets)),
        beats.reshape(*lead, m, m),
    )


def _as_array(rankings: np.ndarray | Sequence) -> np.ndarray:
    """Rankings as an array ``[..., rankings, places]``, shorter ones padded with -1."""
    try:
        array = np.asarray(rankings)
    except ValueError:  # of unequal length
        array = np.array(list(zip_longest(*rankings, fillvalue=-1))).T
    if array.ndim < 2 or array.dtype.kind not in "iu":
        raise InputError("Rankings are lists of whole numbers, the best item first.")
    return array


def _distinct_rankings(
    rankings: np.ndarray, m: int, weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rankings ``[distinct, places]``, and their weight in each fit
    ``[fits, distinct]``."""
    *lead, n, places = rankings.shape
    fits, base = int(np.prod(lead)), m + 1
    flat = rankings.reshape(-1, places)
    if weight is not None:
        try:
            weight = np.broadcast_to(np.asarray(weight, float), (*lead, n)).ravel()
        except ValueError:
            raise InputError(
                f"Weights of shape {np.shape(weight)} for {n:,} rankings; give one for each."
            ) from None
        if not np.isfinite(weight).all() or (weight < 0).any():
            raise InputError("The weight of a ranking is negative or not a number.")
    fit = np.repeat(np.arange(fits), n) if lead else 0
    if fits * base**places <= MAX_TABLE_CELLS:
        power = base ** np.arange(places)
        code = flat @ power.astype(float) + power.sum()  # exact, and faster than integers
        cells = base**places
        times = np.bincount(code.astype(np.int64) + fit * cells, weight, fits * cells)
        times = times.reshape(fits, cells).astype(float)
        present = np.flatnonzero(times.any(0))
        return present[:, None] // power % base - 1, times[:, present]
    distinct, index = np.unique(flat, axis=0, return_inverse=True)
    index = index.ravel() + fit * len(distinct)
    times = np.bincount(index, weight, fits * len(distinct)).astype(float)
    return distinct.astype(np.int64), times.reshape(fits, -1)


def _unique_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of a bool array, and the index of each row among them."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], index.ravel()


def _sum_by_cell(cell: np.ndarray, values: np.ndarray, cells: int) -> np.ndarray:
    """Sums ``[fits, cells]`` of ``values [fits, entries]`` over the entries of each cell."""
    fits = len(values)
    at = cell + np.arange(fits)[:, None] * cells
    return np.bincount(at.ravel(), values.ravel(), fits * cells).reshape(fits, cells)


def fit_plackett_luce(
    choices: ChoiceCounts, prior_sd: float = 10.0
) -> Float[np.ndarray, "*fits items"]:
    """The rewards that maximise Σ chosen · r - Σ times · log Σ_set exp(r) - Σ r² / (2 prior_sd²).

    Args:
        choices: from ``count_choices``.
        prior_sd: standard deviation of the prior, in log-odds; ``inf`` for maximum likelihood.

    Returns:
        Rewards ``[..., items]`` with mean zero; items in no choice have the reward 0.

    Raises:
        InputError: for a ``prior_sd`` that is not above 0, and if the likelihood has no finite
            maximum and ``prior_sd`` is ``inf``.
    """
    check_prior(prior_sd)
    if np.isinf(prior_sd):
        check_finite_optimum(choices.beats)
    m = choices.chosen.shape[-1]
    times, sets = choices.times, choices.sets
    step = max(1, MAX_CELLS // max(1, m * m))

    def derivatives(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        strength = np.exp(reward)
        # Σ times / total over the sets with an item, and Σ times / total² over those with a pair.
        by_item, by_pair = np.zeros(reward.shape), np.zeros((*reward.shape, m))
        for i in range(0, len(sets), step):
            member = sets[i : i + step].astype(float)
            total = strength @ member.T
            ratio = times[..., i : i + step] / total
            by_item += ratio @ member
            if reward.ndim == 1:
                by_pair += (member.T * (ratio / total)) @ member
            else:  # faster for few sets and many fits
                pairs = (member[:, :, None] * member[:, None, :]).reshape(-1, m * m)
                by_pair += (ratio / total @ pairs).reshape(by_pair.shape)
        expected = strength * by_item
        return choices.chosen - expected, -by_pair * strength[..., :, None] * strength[..., None, :]

    compared = np.logical_or(choices.beats.any(-1), choices.beats.any(-2))
    offered, size = times @ sets.astype(float), np.maximum(sets.sum(-1), 1)
    # One step of Hunter's (2004) iteration from equal rewards.
    start = np.log((choices.chosen + 0.5) / (times @ (sets / size[:, None]) + 0.5))
    reward = maximise_rewards(derivatives, start, 1.0 / prior_sd**2, noise=1e-15 * (1.0 + offered))
    if not np.isfinite(reward).all():
        raise InputError("Rewards are too far apart to compute; give a smaller prior_sd.")
    return center_rewards(reward, compared)


def fit_rankings(
    rankings: Int[np.ndarray, "*fits rankings places"] | Sequence,
    items: int | None = None,
    prior_sd: float = 10.0,
    weight: Num[np.ndarray, "*fits rankings"] | None = None,
) -> Float[np.ndarray, "*fits items"]:
    """Plackett–Luce rewards of rankings: ``fit_plackett_luce`` of ``count_choices``."""
    return fit_plackett_luce(count_choices(rankings, items, weight), prior_sd)
