"""Bradley–Terry on observed pairs, exactly: the check beside every network that learns it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

import numpy as np
from scipy.special import expit

from scrl.choice_models.newton import maximise_rewards
from scrl.data.batches import padded_size
from scrl.types import InputError, Ratings

#: Prompts × completions², or pairs, held at once.
CELLS = 2_000_000
#: Of those, as many are solved together as stay near the processor.
BLOCK = 50_000
#: Log-odds beyond which exp of a reward would leave double precision.
WIDE = 300.0


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Compared pairs of items of one prompt, each pair once.

    Attributes:
        first, second: items ``[pairs]``; second > first where counted from ratings.
        wins_first, wins_second: weight with which each was preferred ``[pairs]``, ties half each.
    """

    first: np.ndarray
    second: np.ndarray
    wins_first: np.ndarray
    wins_second: np.ndarray


def pair_counts(ratings: Ratings, weighting: str = "pair") -> PairCounts:
    """All pairs that ballots compare.

    Args:
        weighting: ``"pair"``: weight one each, times the ballot's; ``"ballot"``: a ballot's pairs
            share its weight, as in InstructGPT's loss (another answer on incomplete data).
    """
    r, size = ratings, ratings.sizes
    offered = np.diff(r.catalogue.offsets)
    group = _in_groups(offered**2)
    of_ballot = group[r.ballot_prompt]
    # Ballots of one size lie together, so that a block of them holds few sizes.
    order = np.lexsort((size, of_ballot))
    order = order[size[order] >= 2]
    block = _in_groups(size[order] * (size[order] - 1) // 2)
    found = [PairCounts(*(np.empty(0, kind) for kind in (np.int64, np.int64, float, float)))]
    for g in np.unique(of_ballot[order]):
        prompts = np.flatnonzero(group == g)
        mine = of_ballot[order] == g
        blocks = (r.select(np.sort(order[mine & (block == b)])) for b in np.unique(block[mine]))
        found.append(_count(prompts, r.catalogue.offsets, blocks, weighting))
    columns = zip(*(vars(counts).values() for counts in found), strict=True)
    return PairCounts(*(np.concatenate(column) for column in columns))


def _in_groups(cells: np.ndarray) -> np.ndarray:
    """Numbers for consecutive groups, each of about ``CELLS`` together."""
    return (np.cumsum(cells) - cells) // CELLS


def _count(prompts, offsets, blocks: Iterable[Ratings], weighting: str) -> PairCounts:
    """The pairs of some prompts ``[prompts]``, counted in a table of all their items could make."""
    offered = np.diff(offsets)
    cells = offered[prompts] ** 2
    base = np.zeros(len(offered), np.int64)
    base[prompts] = np.cumsum(cells) - cells
    wins = np.zeros((2, cells.sum()))
    for r in blocks:
        for size in np.unique(r.sizes):
            ballots = np.flatnonzero(r.sizes == size)
            prompt = r.ballot_prompt[ballots]
            at = r.offsets[ballots, None] + np.arange(size)
            at = np.take_along_axis(at, np.argsort(r.item[at], axis=1), axis=1)
            slot = r.item[at] - offsets[prompt, None]
            i, j = np.triu_indices(size, 1)
            cell = base[prompt, None] + slot[:, i] * offered[prompt, None] + slot[:, j]
            ahead = 0.5 + 0.5 * np.sign(r.rank[at[:, j]] - r.rank[at[:, i]])
            weight = r.ballot_weight[ballots, None] / (len(i) if weighting == "ballot" else 1)
            np.add.at(wins[0], cell.ravel(), (weight * ahead).ravel())
            np.add.at(wins[1], cell.ravel(), (weight * (1 - ahead)).ravel())
    met = np.flatnonzero(wins.sum(0))
    prompt = prompts[np.searchsorted(base[prompts], met, side="right") - 1]
    first, second = np.divmod(met - base[prompt], offered[prompt])
    return PairCounts(offsets[prompt] + first, offsets[prompt] + second, *wins[:, met])


def fit_pair_counts(counts: PairCounts, offsets: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
    """The rewards that maximise Σ wins · log σ(gap) - Σ r² / (2 prior_sd²), ``[items]``.

    Newton's method, in double precision, all prompts of like size at once. The prior, a Gaussian
    on each reward in log-odds, is too wide to move a figure on real counts; it keeps an unbeaten
    completion's reward finite and settles what was never compared at 0. Rewards have mean zero in
    each prompt of themselves, since the likelihood sees gaps only.

    Args:
        offsets: where each prompt's items begin ``[prompts + 1]``.
    """
    sizes = np.diff(offsets)
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    reward = np.zeros(int(offsets[-1]))
    padded = np.array([padded_size(size) for size in sizes])
    for m in np.unique(padded):
        alike = np.flatnonzero(padded == m)
        step = max(1, CELLS // int(m * m))
        for i in range(0, len(alike), step):
            prompts = alike[i : i + step]
            row = np.full(len(sizes), -1)
            row[prompts] = np.arange(len(prompts))
            pairs = np.flatnonzero(row[prompt] >= 0)
            p = prompt[pairs]
            first, second = (x[pairs] - offsets[p] for x in (counts.first, counts.second))
            wins = np.zeros((len(prompts), m, m))
            np.add.at(wins, (row[p], first, second), counts.wins_first[pairs])
            np.add.at(wins, (row[p], second, first), counts.wins_second[pairs])
            solved = fit_bradley_terry(wins, prior_sd)
            real = np.arange(m) < sizes[prompts, None]
            reward[(offsets[prompts, None] + np.arange(m))[real]] = solved[real]
    return reward


def fit_bradley_terry(wins: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
    """As ``bradley_terry``, from matrices of wins ``[..., candidates, candidates]``: rewards
    ``[..., candidates]``.

    Args:
        prior_sd: ``inf`` for maximum likelihood.

    Raises:
        InputError: for maximum likelihood, where the rewards have no finite optimum.
    """
    wins = np.asarray(wins, float)
    m = wins.shape[-1]
    if np.isinf(prior_sd):
        check_finite_optimum(wins > 0)
    flat = wins.reshape(-1, m, m)
    size = max(1, BLOCK // (m * m))
    blocks = [flat[i : i + size] for i in range(0, len(flat), size)]
    solve = partial(_solve, precision=1.0 / prior_sd**2)
    if len(blocks) < 2:
        found = [solve(block) for block in blocks]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(solve, blocks))
    return np.concatenate([np.empty((0, m)), *found]).reshape(wins.shape[:-1])


def _solve(wins: np.ndarray, precision: float) -> np.ndarray:
    """Rewards ``[fits, candidates]`` of ``wins [fits, candidates, candidates]``."""
    total = wins + wins.swapaxes(-1, -2)
    ones = np.ones(wins.shape[-1])  # products add short rows several times faster than sums
    won, met = wins @ ones, total @ ones

    def derivatives(reward):
        if np.ptp(reward) < WIDE:  # few exponentials, where none can overflow
            strength = np.exp(reward)
            chance = strength[..., None, :] + strength[..., :, None]
            np.divide(strength[..., :, None], chance, out=chance)
        else:
            chance = expit(reward[..., :, None] - reward[..., None, :])
        expected = total * chance
        gradient = won - expected @ ones
        # The negative Hessian off its diagonal.
        chance -= 1.0
        chance *= expected
        return gradient, chance

    # Log-odds averaged over opponents are near the optimum where all have met often.
    odds = np.log(wins + 0.5)
    start = (odds @ ones - ones @ odds) / len(ones)
    reward = maximise_rewards(derivatives, start, precision, noise=1e-15 * (1.0 + met))
    return center_rewards(reward, met > 0)


def center_rewards(reward: np.ndarray, met: np.ndarray) -> np.ndarray:
    """Without what rounding shifts all that was compared by; what was not is at 0."""
    drift = reward.sum(-1, where=met) / np.maximum(met.sum(-1), 1)
    return np.where(met, reward - drift[..., None], 0.0)


def check_finite_optimum(beats: np.ndarray) -> None:
    """Refuse data whose likelihood has no maximum (Ford 1957): some items never come out ahead of
    the others, nor of any that do.

    Args:
        beats: whether one was ever preferred to the other ``[..., items, items]``.

    Raises:
        InputError: if a chain of such preferences does not lead from every item to every other.
    """
    m = beats.shape[-1]
    reached = beats | np.eye(m, dtype=bool)
    if reached.all():
        return
    reached = reached.astype(np.float32)
    for _ in range(max(m - 1, 1).bit_length()):
        reached = np.minimum(reached @ reached, 1.0)
    if not reached.all():
        raise InputError(
            "Some items never came out ahead of the others, so the likelihood has no maximum; "
            "give a finite prior_sd."
        )


def count_wins(comparisons: np.ndarray | list, items: int | None = None) -> np.ndarray:
    """How often each item was preferred to each other ``[..., items, items]``.

    Args:
        comparisons: ``[..., comparisons, 2]`` whole numbers, the preferred item first. A list of
            pairs will do; an array is counted many times faster.
        items: how many there are; by default as many as the comparisons name.

    Raises:
        InputError: for anything else, and for an item compared with itself.
    """
    pairs = _pairs(comparisons)
    if pairs.ndim < 2 or pairs.shape[-1] != 2 or pairs.dtype.kind not in "iu":
        raise InputError("Comparisons are pairs of whole numbers, the preferred item first.")
    least, most = (int(pairs.min()), int(pairs.max())) if pairs.size else (0, -1)
    m = most + 1 if items is None else items
    if least < 0 or most >= m:
        raise InputError(f"A comparison names item {least if least < 0 else most}, of {m} items.")
    fits = int(np.prod(pairs.shape[:-2]))
    cell = pairs[..., 0] * np.int64(m)
    cell += pairs[..., 1]
    if pairs.ndim > 2:
        cell = cell.reshape(fits, -1) + np.arange(fits)[:, None] * m * m
    wins = np.bincount(cell.ravel(), minlength=fits * m * m).astype(float)
    wins = wins.reshape(*pairs.shape[:-2], m, m)
    if np.diagonal(wins, axis1=-2, axis2=-1).any():
        raise InputError("An item is compared with itself; a comparison names two.")
    return wins


def _pairs(comparisons: np.ndarray | list) -> np.ndarray:
    """Comparisons as an array, empty where they are of unequal length."""
    try:
        listed = isinstance(comparisons, list) and isinstance(comparisons[0], tuple | list)
        if listed and set(map(len, comparisons)) == {2}:
            # Numbers that fit a byte are read as bytes, three times as fast as tuples become rows.
            first, second = (bytes(map(itemgetter(i), comparisons)) for i in (0, 1))
            return np.stack([np.frombuffer(x, np.uint8) for x in (first, second)], axis=-1)
    except (TypeError, ValueError, LookupError):
        pass  # numbers below 0 or above 255, or no numbers at all
    try:
        return np.asarray(comparisons)
    except ValueError:
        return np.empty(0)


def fit_comparisons(
    comparisons: np.ndarray | list, items: int | None = None, prior_sd: float = 10.0
) -> np.ndarray:
    """Rewards ``[..., items]`` from raw comparisons: ``count_wins``, ``fit_bradley_terry``."""
    return fit_bradley_terry(count_wins(comparisons, items), prior_sd)
