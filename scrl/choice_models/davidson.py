"""Bradley–Terry with ties, exactly, after Davidson (1970):

    P(i ≻ j) = πᵢ / (πᵢ + πⱼ + ν√(πᵢπⱼ)),   P(i = j) = ν√(πᵢπⱼ) / (πᵢ + πⱼ + ν√(πᵢπⱼ)).

Davidson's and not Rao & Kupper's (1967), for three reasons. What it reads of the comparisons for a
reward is wins plus half of the ties, the convention of this house, so that leaving ν out changes
how far apart rewards are and, where all pairs are compared equally often, no order: both are
Borda's. Given that raters do not tie, it *is* Bradley–Terry, so that its rewards mean what they
meant (under Rao–Kupper the odds of a win depend on how often raters tie). And its likelihood is
concave in the rewards and log ν, so that there is one optimum. Rao–Kupper's ties are a threshold on
a logistic gap, which is how one may think that raters tie; ``reward_models.formats`` draws them so,
and the half-win equations hold all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.choice_models.bradley_terry import CLOSE, STEPS, PairCounts, pair_counts, recentred
from scrl.types import Ratings


@dataclass(frozen=True, eq=False)
class Davidson:
    """A fit.

    Attributes:
        reward: log π ``[..., items]``, of mean 0 over what was compared in each prompt.
        tie: ν ``[...]``: even completions are tied with the chance ν / (2 + ν); 0 where nothing
            was tied.
    """

    reward: np.ndarray
    tie: np.ndarray


def maximum_a_posteriori(wins: np.ndarray, ties: np.ndarray, prior_sd: float = 10.0) -> Davidson:
    """The rewards and the one ν that maximise the log-likelihood less Σ r² / (2 prior_sd²) and
    (log ν)² / (2 prior_sd²), by Newton's method in double precision.

    Args:
        wins: how often each was preferred to each other ``[..., prompts, items, items]``.
        ties: how often they were tied, symmetric, same shape.

    Returns:
        ``reward [..., prompts, items]`` and ``tie [...]``.
    """
    wins, ties = np.asarray(wins, float), np.asarray(ties, float)
    met = wins + wins.swapaxes(-1, -2) + ties
    half = wins.sum(-1) + 0.5 * ties.sum(-1)
    tied = 0.5 * ties.sum((-1, -2, -3))
    some, precision, at = tied > 0, 1.0 / prior_sd**2, np.arange(wins.shape[-1])
    reward = np.zeros(half.shape)
    log_tie = np.log((tied + 0.5) / (wins.sum((-1, -2, -3)) + 0.5)) + np.log(2.0)
    log_tie = np.clip(log_tie, -5.0, 5.0)
    for _ in range(STEPS):
        win, tie = _chances(reward, np.where(some, log_tie, -np.inf))
        share = win + 0.5 * tie
        slope = half - (met * share).sum(-1) - precision * reward
        # Curvatures: of the rewards, a block a prompt; of log ν; and what they have in common.
        spread = met * (win * win.swapaxes(-1, -2) + 0.25 * tie * (1 - tie))
        block = -spread
        block[..., at, at] += precision + spread.sum(-1)
        common = (met * tie * (0.5 - share)).sum(-1)
        bend = precision + 0.5 * (met * tie * (1 - tie)).sum((-1, -2, -3))
        slope_tie = tied - 0.5 * (met * tie).sum((-1, -2, -3)) - precision * log_tie
        both = np.linalg.solve(block, np.stack([slope, common], axis=-1))
        along, across = both[..., 0], both[..., 1]
        left = bend - (common * across).sum((-1, -2))
        step_tie = np.where(some, (slope_tie - (common * along).sum((-1, -2))) / left, 0.0)
        step = along - across * step_tie[..., None, None]
        # As in ``bradley_terry.maximise``: the range that a step moves the log-odds by.
        width = np.ptp(step, axis=-1).max(-1) + np.abs(step_tie)
        damped = np.log1p(width) / np.where(width > 0, width, 1.0)
        reward = reward + damped[..., None, None] * step
        log_tie = log_tie + damped * step_tie
        if (width <= CLOSE).all():
            break
    reward = recentred(reward.reshape(-1, len(at)), met.any(-1).reshape(-1, len(at)))
    return Davidson(reward.reshape(half.shape), np.where(some, np.exp(log_tie), 0.0))


def _chances(reward: np.ndarray, log_tie: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(i ≻ j) and P(i = j) ``[..., prompts, items, items]``."""
    gap = 0.5 * (reward[..., :, None] - reward[..., None, :])
    log_tie = log_tie[..., None, None, None]
    top = np.maximum(np.abs(gap), log_tie)
    win, tie = np.exp(gap - top), np.exp(log_tie - top)
    total = win + np.exp(-gap - top) + tie
    return win / total, tie / total


def tie_counts(ratings: Ratings) -> tuple[PairCounts, np.ndarray]:
    """All pairs that ballots compare, wins without the ties, and how often each was tied
    ``[pairs]``."""
    if ratings.absent == "last":
        ratings = replace(ratings.completed(), absent="unseen")
    half = pair_counts(ratings)
    # With every tie given to the first of its pair, wins grow by half of the ties.
    items = ratings.catalogue.items
    first = pair_counts(replace(ratings, rank=_dense(ratings, ratings.rank * items + ratings.item)))
    ties = np.round(2 * (first.wins_first - half.wins_first), 9)
    won = [np.maximum(w - 0.5 * ties, 0.0) for w in (half.wins_first, half.wins_second)]
    return PairCounts(half.first, half.second, *won), ties


def _dense(ratings: Ratings, value: np.ndarray) -> np.ndarray:
    """Places ``[entries]`` by rising value within each ballot."""
    order = np.lexsort((value, ratings.entry_ballot))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(ratings.offsets[:-1], ratings.sizes)
    return place


def davidson(
    counts: PairCounts, ties: np.ndarray, offsets: np.ndarray, prior_sd: float = 10.0
) -> Davidson:
    """The fit to counted pairs, ν shared by all prompts: ``reward [items]`` and ``tie ()``.

    Args:
        ties: how often each pair was tied ``[pairs]``.
        offsets: where each prompt's items begin ``[prompts + 1]``.
    """
    sizes = np.diff(offsets)
    m = int(sizes.max())
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    first, second = counts.first - offsets[prompt], counts.second - offsets[prompt]
    wins, tied = np.zeros((2, len(sizes), m, m))
    for table, ahead, behind in (
        (wins, counts.wins_first, counts.wins_second),
        (tied, ties, ties),
    ):
        np.add.at(table, (prompt, first, second), ahead)
        np.add.at(table, (prompt, second, first), behind)
    found = maximum_a_posteriori(wins, tied, prior_sd)
    return Davidson(found.reward[np.arange(m) < sizes[:, None]], found.tie)
