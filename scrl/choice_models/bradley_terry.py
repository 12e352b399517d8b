"""Exact Bradley–Terry fits to observed pairs, the reference for every network fitted to them."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from scipy.special import expit

from scrl.choice_models.finite_maxima import check_connected, is_strongly_connected
from scrl.choice_models.long_tails import has_long_tail, is_last, tail_wins
from scrl.choice_models.newton import maximise_rewards
from scrl.choice_models.resampled_fits import MIN_FITS, fit_resamples
from scrl.data.batches import padded_size
from scrl.types import InputError, Ratings

#: Limit of the prompts × completions², or of the pairs, held in memory at once.
MAX_CELLS = 2_000_000
#: Limit of the cells solved together, so that they fit the processor's cache.
MAX_BLOCK_CELLS = 50_000
#: The same for tables that are fitted as resamples, which hold less at once.
MAX_RESAMPLE_CELLS = 200_000
#: A tuple or a list of two integers, as ``marshal`` writes it.
PAIR_RECORD = np.dtype(
    [("kind", "u1"), ("length", "<i4"), ("k", "u1"), ("a", "<i4"), ("l", "u1"), ("b", "<i4")]
)
#: What its marks are: a tuple or a list, of two, both of them integers.
PAIR_MARKS = {"kind": b"([", "length": (2,), "k": b"i", "l": b"i"}
#: Limit of the cells that comparisons are counted in: 8 GB.
MAX_COUNTED_CELLS = 1_000_000_000
#: Range of log-odds beyond which the exponential of a reward could overflow.
MAX_EXP_RANGE = 300.0


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Compared pairs of items, each pair once. Both items of a pair belong to one prompt.

    Attributes:
        first, second: items ``[pairs]``; second > first if counted from ratings.
        wins_first, wins_second: weight with which each was preferred ``[pairs]``, ties half each.
    """

    first: np.ndarray
    second: np.ndarray
    wins_first: np.ndarray
    wins_second: np.ndarray


def pair_counts(ratings: Ratings, weighting: str = "pair") -> PairCounts:
    """Count the pairs that ballots compare.

    Args:
        ratings: the ballots.
        weighting: ``"pair"`` gives each pair the ballot's weight. ``"ballot"`` divides a ballot's
            weight among its pairs, as in InstructGPT's loss; the two differ on incomplete data.
    """
    size, offsets = ratings.sizes, ratings.catalogue.offsets
    offered = np.diff(offsets)
    tailed = has_long_tail(ratings)
    tails = ratings.select(tailed)
    if tailed.any():
        # Of these ballots the places before the last are counted pair by pair, below.
        if weighting == "ballot":
            weight = ratings.ballot_weight / np.maximum(size * (size - 1) // 2, 1)
            ratings, weighting = replace(ratings, ballot_weight=weight), "pair"
            tails = ratings.select(tailed)
        ratings = ratings.keep(~(tailed[ratings.entry_ballot] & is_last(ratings)))
        size = ratings.sizes
    prompt_group = _group_by_cells(offered**2)
    ballot_group = prompt_group[ratings.ballot_prompt]
    # Ballots of one size are adjacent, so that a block has few sizes.
    order = np.lexsort((size, ballot_group))
    order = order[size[order] >= 2]
    block = _group_by_cells(size[order] * (size[order] - 1) // 2)
    parts = [PairCounts(*(np.empty(0, kind) for kind in (np.int64, np.int64, float, float)))]
    groups = np.union1d(ballot_group[order], prompt_group[tails.ballot_prompt])
    for group in groups:
        prompts = np.flatnonzero(prompt_group == group)
        in_group = ballot_group[order] == group
        blocks = (
            ratings.select(np.sort(order[in_group & (block == b)]))
            for b in np.unique(block[in_group])
        )
        own = tails.select(prompt_group[tails.ballot_prompt] == group)
        parts.append(_count_pairs(prompts, offsets, blocks, weighting, own))
    columns = zip(*(vars(counts).values() for counts in parts), strict=True)
    return PairCounts(*(np.concatenate(column) for column in columns))


def _group_by_cells(cells: np.ndarray) -> np.ndarray:
    """Index of each entry's group; groups are consecutive and of about ``MAX_CELLS`` cells."""
    return (np.cumsum(cells) - cells) // MAX_CELLS


def _count_pairs(
    prompts: np.ndarray,
    offsets: np.ndarray,
    blocks: Iterable[Ratings],
    weighting: str,
    tails: Ratings,
) -> PairCounts:
    """The pairs of some prompts ``[prompts]``, counted in a table of all pairs of their items.

    Args:
        tails: ballots whose pairs with a completion of the last place are not in ``blocks``.
    """
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
    for p in np.unique(tails.ballot_prompt):
        start, m = base[p], offered[p]
        above = tail_wins(tails.select(tails.ballot_prompt == p), offsets[p], m)
        wins[0, start : start + m * m] += np.triu(above, 1).ravel()
        wins[1, start : start + m * m] += np.triu(above.T, 1).ravel()
    compared = np.flatnonzero(wins.sum(0))
    prompt = prompts[np.searchsorted(base[prompts], compared, side="right") - 1]
    first, second = np.divmod(compared - base[prompt], offered[prompt])
    return PairCounts(offsets[prompt] + first, offsets[prompt] + second, *wins[:, compared])


def fit_pair_counts(
    counts: PairCounts, offsets: Int[np.ndarray, " boundaries"], prior_sd: float = 10.0
) -> Float[np.ndarray, " items"]:
    """The rewards ``[items]`` that maximise Σ wins · log σ(gap) - Σ r² / (2 prior_sd²).

    Newton's method in double precision, for all prompts of similar size at once. The Gaussian prior
    on each reward has a negligible effect on real counts. It keeps the rewards of unbeaten
    completions finite and gives completions that were never compared the reward 0. Rewards have
    mean zero in each prompt, because the likelihood depends on gaps only.

    Args:
        counts: the compared pairs.
        offsets: index of each prompt's first item ``[prompts + 1]``.
        prior_sd: standard deviation of the prior, in log-odds.
    """
    sizes = np.diff(offsets)
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    reward = np.zeros(int(offsets[-1]))
    padded = np.array([padded_size(size) for size in sizes])
    for m in np.unique(padded):
        same_size = np.flatnonzero(padded == m)
        step = max(1, MAX_CELLS // int(m * m))
        for i in range(0, len(same_size), step):
            prompts = same_size[i : i + step]
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


def fit_bradley_terry(
    wins: Num[np.ndarray, "*fits candidates candidates"], prior_sd: float = 10.0
) -> Float[np.ndarray, "*fits candidates"]:
    """As ``fit_pair_counts``, from matrices of wins.

    Args:
        wins: weight with which a was preferred to b ``[..., candidates, candidates]``.
        prior_sd: standard deviation of the prior, in log-odds; ``inf`` for maximum likelihood.

    Returns:
        Rewards ``[..., candidates]``.

    Raises:
        InputError: for wins that are negative or not finite, for a ``prior_sd`` that is not above
            0, and if the likelihood has no finite maximum and ``prior_sd`` is ``inf``.
    """
    wins = checked_counts(wins, "wins")
    check_prior(prior_sd)
    m = wins.shape[-1]
    if not wins.size:
        return np.empty(wins.shape[:-1])
    if np.isinf(prior_sd):
        check_finite_optimum(wins > 0)
    flat = wins.reshape(-1, m, m)
    solve: Callable[[np.ndarray], np.ndarray] = partial(_solve, precision=1.0 / prior_sd**2)
    cells = MAX_BLOCK_CELLS
    if np.isinf(prior_sd) and len(flat) >= MIN_FITS:
        cells, solve = MAX_RESAMPLE_CELLS, _solve_similar
    size = max(1, cells // (m * m))
    blocks = [flat[i : i + size] for i in range(0, len(flat), size)]
    if len(blocks) < 2:
        rewards = [solve(block) for block in blocks]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rewards = list(pool.map(solve, blocks))
    return np.concatenate([np.empty((0, m)), *rewards]).reshape(wins.shape[:-1])


def _solve_similar(wins: np.ndarray) -> np.ndarray:
    """As ``_solve`` without a prior, faster where the tables are like resamples of one."""
    solve = partial(_solve, precision=0.0)
    rewards = fit_resamples(wins, solve)
    if rewards is not None:
        return rewards
    size = max(1, MAX_BLOCK_CELLS // wins.shape[-1] ** 2)
    return np.concatenate([solve(wins[i : i + size]) for i in range(0, len(wins), size)])


def _solve(wins: np.ndarray, precision: float) -> np.ndarray:
    """Rewards ``[fits, candidates]`` of ``wins [fits, candidates, candidates]``."""
    total = wins + wins.swapaxes(-1, -2)
    ones = np.ones(wins.shape[-1])  # a product sums short rows several times faster than ``sum``
    won, compared = wins @ ones, total @ ones

    def derivatives(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if np.ptp(reward) < MAX_EXP_RANGE:  # m exponentials instead of m², none of which overflows
            strength = np.exp(reward)
            probability = strength[..., None, :] + strength[..., :, None]
            np.divide(strength[..., :, None], probability, out=probability)
        else:
            probability = expit(reward[..., :, None] - reward[..., None, :])
        expected = total * probability
        gradient = won - expected @ ones
        # The off-diagonal entries of the negative Hessian.
        neg_hessian = probability
        neg_hessian -= 1.0
        neg_hessian *= expected
        return gradient, neg_hessian

    # Log-odds averaged over opponents are near the optimum if all pairs were compared often.
    odds = np.log(wins + 0.5)
    start = (odds @ ones - ones @ odds) / len(ones)
    reward = maximise_rewards(derivatives, start, precision, noise=1e-15 * (1.0 + compared))
    return center_rewards(reward, compared > 0)


def checked_counts(
    counts: Num[np.ndarray, "*fits candidates candidates"], what: str
) -> Float[np.ndarray, "*fits candidates candidates"]:
    """Square matrices of counts or weights, as floats.

    Raises:
        InputError: for another form, and for counts that are negative or not finite.
    """
    counts = np.asarray(counts, float)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise InputError(f"The {what} are no square matrix; give one with a row for each item.")
    lowest, highest = counts.min(initial=0.0), counts.max(initial=0.0)
    if not (lowest >= 0 and highest < np.inf):
        a, b = np.argwhere(~((counts >= 0) & (counts < np.inf)))[0][-2:]
        raise InputError(
            f"The {what} of item {a} against item {b} are negative or no finite number; give 0 "
            "where there are none."
        )
    return counts


def check_prior(prior_sd: float) -> None:
    """Check the standard deviation of a prior; ``inf`` stands for none."""
    if not prior_sd > 0:
        raise InputError(f"prior_sd is {prior_sd}; it is a number above 0, or inf for no prior.")


def center_rewards(
    reward: Float[np.ndarray, "*fits items"], compared: Bool[np.ndarray, "*fits items"]
) -> Float[np.ndarray, "*fits items"]:
    """Rewards with mean zero over the compared items, and 0 for the others.

    This removes the common shift by which rounding errors move the rewards.
    """
    drift = reward.sum(-1, where=compared) / np.maximum(compared.sum(-1), 1)
    return np.where(compared, reward - drift[..., None], 0.0)


def check_finite_optimum(beats: Bool[np.ndarray, "*fits items items"]) -> None:
    """Check that the likelihood has a finite maximum (Ford 1957).

    Args:
        beats: whether a was ever preferred to b ``[..., items, items]``.

    Raises:
        InputError: if the graph of preferences is not strongly connected.
    """
    m = beats.shape[-1]
    if (beats | np.eye(m, dtype=bool)).all():
        return
    finite = is_strongly_connected(beats)
    if not finite.all():
        first = np.argmin(finite.reshape(-1))
        check_connected(beats.reshape(-1, m, m)[first], [f"item {i}" for i in range(m)])


def count_wins(
    comparisons: Int[np.ndarray, "*fits comparisons 2"] | Sequence, items: int | None = None
) -> Float[np.ndarray, "*fits items items"]:
    """Number of comparisons in which a was preferred to b ``[..., items, items]``.

    Args:
        comparisons: ``[..., comparisons, 2]`` integers, the preferred item first. A list of pairs
            is accepted; an array is counted many times faster.
        items: number of items; by default the largest item named, plus one.

    Raises:
        InputError: for comparisons of another form, and for an item compared with itself.
    """
    pairs = _as_pair_array(comparisons)
    if not len(comparisons):
        if items is None:
            raise InputError("There are no comparisons; give at least one, or the number of items.")
        pairs = np.empty((0, 2), np.int64)
    if pairs.ndim < 2 or pairs.shape[-1] != 2 or pairs.dtype.kind not in "iu":
        raise InputError("Comparisons are pairs of whole numbers, the preferred item first.")
    lowest, highest = (int(pairs.min()), int(pairs.max())) if pairs.size else (0, -1)
    m = highest + 1 if items is None else items
    if lowest < 0 or highest >= m:
        invalid = lowest if lowest < 0 else highest
        raise InputError(f"A comparison names item {invalid}, of {m} items.")
    fits = int(np.prod(pairs.shape[:-2]))
    if fits * m * m > MAX_COUNTED_CELLS:
        raise InputError(f"Tables of {m:,} items are too large; number the items from 0 onwards.")
    cell = pairs[..., 0] * np.int64(m)
    cell += pairs[..., 1]
    if pairs.ndim > 2:
        cell = cell.reshape(fits, -1) + np.arange(fits)[:, None] * m * m
    wins = np.bincount(cell.ravel(), minlength=fits * m * m).astype(float)
    wins = wins.reshape(*pairs.shape[:-2], m, m)
    if np.diagonal(wins, axis1=-2, axis2=-1).any():
        raise InputError("An item is compared with itself; a comparison names two.")
    return wins


def _as_pair_array(comparisons: np.ndarray | Sequence) -> np.ndarray:
    """Comparisons as an array; empty if they are of unequal length."""
    if isinstance(comparisons, list) and comparisons:
        pairs = _read_pairs(comparisons)
        if pairs is not None:
            return pairs
    try:
        return np.asarray(comparisons)
    except ValueError:
        return np.empty(0)


def _read_pairs(comparisons: list) -> np.ndarray | None:
    """A list of pairs of Python integers as an array, ten times as fast as NumPy reads it.

    Python writes such a list as records of one length. ``None`` if it is anything else.
    """
    try:
        data = marshal.dumps(comparisons, 1)
    except ValueError:  # objects of other types
        return None
    if len(data) != 5 + PAIR_RECORD.itemsize * len(comparisons):
        return None
    record = np.frombuffer(data, PAIR_RECORD, offset=5)
    is_pair = all(
        (record[mark] == record[mark][0]).all() and record[mark][0] in known
        for mark, known in PAIR_MARKS.items()
    )
    if not is_pair:
        return None
    return np.stack([record["a"], record["b"]], axis=-1)


def fit_comparisons(
    comparisons: Int[np.ndarray, "*fits comparisons 2"] | Sequence,
    items: int | None = None,
    prior_sd: float = 10.0,
) -> Float[np.ndarray, "*fits items"]:
    """Bradley–Terry rewards of comparisons: ``fit_bradley_terry`` of ``count_wins``."""
    return fit_bradley_terry(count_wins(comparisons, items), prior_sd)
