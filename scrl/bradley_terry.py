"""Bradley–Terry on observed pairs, exactly: the check beside every network that learns it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scrl.batches import round_up
from scrl.types import Ratings

#: Prompts × completions², or pairs, held at once.
CELLS = 2_000_000


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
    r, last = ratings, ratings.absent == "last"
    offered = np.diff(r.catalogue.offsets)
    size = offered[r.ballot_prompt] if last else r.sizes
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
        blocks = (some.completed() if last else some for some in blocks)
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


def bradley_terry(counts: PairCounts, offsets: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
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
    padded = np.array([round_up(size) for size in sizes])
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
            solved = maximum_a_posteriori(wins, prior_sd)
            real = np.arange(m) < sizes[prompts, None]
            reward[(offsets[prompts, None] + np.arange(m))[real]] = solved[real]
    return reward


def maximum_a_posteriori(wins: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
    """As ``bradley_terry``, from matrices of wins ``[..., candidates, candidates]``."""
    m = wins.shape[-1]
    precision = 1.0 / prior_sd**2
    total = wins + np.swapaxes(wins, -1, -2)
    reward = np.zeros(wins.shape[:-1])
    scale = 1.0 + total.sum((-1, -2))
    noise = 1e-15 * (1.0 + total.sum(-1))  # what rounding leaves of a slope

    def value(r):
        gap = r[..., :, None] - r[..., None, :]
        return (wins * np.logaddexp(0.0, -gap)).sum((-1, -2)) + 0.5 * precision * (r**2).sum(-1)

    now = value(reward)
    for _ in range(200):
        chance = 0.5 * (1 + np.tanh(0.5 * (reward[..., :, None] - reward[..., None, :])))
        slope = (wins - total * chance).sum(-1) - precision * reward
        bend = total * chance * (1 - chance)
        hessian = -bend
        hessian[..., np.arange(m), np.arange(m)] = bend.sum(-1) + precision
        move = np.linalg.solve(hessian, slope[..., None])[..., 0]
        # The objective is convex, so halving a step that overshoots is enough to converge.
        length = np.ones(now.shape)
        for _ in range(40):
            tried = reward + length[..., None] * move
            then = value(tried)
            worse = then > now + 1e-12 * scale
            if not worse.any():
                break
            length = np.where(worse, 0.5 * length, length)
        reward, now = tried, then
        # Convergence is quadratic: after so short a move nothing is left to gain but rounding.
        if (np.abs(move) <= 1e-8).all() or (np.abs(slope) <= noise).all():
            break
    # Rounding may shift all that was compared; it has mean zero, as what was not is at zero.
    met = total.sum(-1) > 0
    drift = reward.sum(-1, where=met) / np.maximum(met.sum(-1), 1)
    return np.where(met, reward - drift[..., None], reward)
