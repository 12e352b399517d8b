"""Bradley–Terry on observed pairs, exactly: the check beside every network that learns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.batches import round_up
from scrl.types import Ratings

#: Prompts × completions² held at once while solving.
CELLS = 4_000_000


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
    r = ratings.completed() if ratings.absent == "last" else ratings
    items = r.catalogue.items
    keys, ahead, weights = [], [], []
    for size in np.unique(r.sizes[r.sizes >= 2]):
        ballots = np.flatnonzero(r.sizes == size)
        at = r.offsets[ballots, None] + np.arange(size)
        a, b = (at[:, i].ravel() for i in np.triu_indices(size, 1))
        a, b = np.where(r.item[a] < r.item[b], a, b), np.where(r.item[a] < r.item[b], b, a)
        pairs = size * (size - 1) // 2
        share = 1.0 / pairs if weighting == "ballot" else 1.0
        keys.append(r.item[a].astype(np.int64) * items + r.item[b])
        ahead.append(0.5 + 0.5 * np.sign(r.rank[b] - r.rank[a]))
        weights.append(np.repeat(r.ballot_weight[ballots] * share, pairs))
    if not keys:
        nothing = np.empty(0, np.int64)
        return PairCounts(nothing, nothing, np.empty(0), np.empty(0))
    key, pair = np.unique(np.concatenate(keys), return_inverse=True)
    ahead, weight = np.concatenate(ahead), np.concatenate(weights)
    return PairCounts(
        key // items,
        key % items,
        np.bincount(pair, weight * ahead),
        np.bincount(pair, weight * (1.0 - ahead)),
    )


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

    def value(r):
        gap = r[..., :, None] - r[..., None, :]
        return (wins * np.logaddexp(0.0, -gap)).sum((-1, -2)) + 0.5 * precision * (r**2).sum(-1)

    now = value(reward)
    for _ in range(200):
        chance = 0.5 * (1 + np.tanh(0.5 * (reward[..., :, None] - reward[..., None, :])))
        slope = (wins - total * chance).sum(-1) - precision * reward
        if (np.abs(slope).max(-1) <= 1e-12 * scale).all():
            break
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
    return reward
