"""Exact fits of Davidson's (1970) Bradley–Terry model with ties:

    P(i ≻ j) = πᵢ / (πᵢ + πⱼ + ν√(πᵢπⱼ)),   P(i = j) = ν√(πᵢπⱼ) / (πᵢ + πⱼ + ν√(πᵢπⱼ)).

It is preferred to the model of Rao & Kupper (1967) for three reasons. First, rewards depend on
wins plus half the ties, the convention of this library. Omitting ν changes the distances between
rewards, but where all pairs are compared equally often it does not change their order, which is
Borda's. Second, conditional on no tie it is Bradley–Terry, so its rewards have the same meaning;
under Rao–Kupper the odds of a win depend on the frequency of ties. Third, the likelihood is concave
in the rewards and log ν, so the optimum is unique. Rao–Kupper's ties arise from a threshold on a
logistic gap; ``studies.feedback_formats`` simulates ties that way, and the equations for wins plus
half the ties hold there too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Num

from scrl.choice_models.bradley_terry import (
    PairCounts,
    center_rewards,
    check_prior,
    checked_counts,
    pair_counts,
)
from scrl.choice_models.newton import maximise
from scrl.types import InputError, Ratings


@dataclass(frozen=True, eq=False)
class DavidsonFit:
    """A fitted Davidson model.

    Attributes:
        reward: log π ``[..., items]``, with mean 0 over the compared items of each prompt.
        tie: ν ``[...]``; equal completions are tied with probability ν / (2 + ν). 0 without ties.
    """

    reward: np.ndarray
    tie: np.ndarray


def fit_davidson(
    wins: Num[np.ndarray, "*fits prompts items items"],
    ties: Num[np.ndarray, "*fits prompts items items"],
    prior_sd: float = 10.0,
) -> DavidsonFit:
    """Maximise the log-likelihood less Σ r² / (2 prior_sd²) and (log ν)² / (2 prior_sd²) over the
    rewards and a common ν, by Newton's method in double precision.

    Args:
        wins: number of times a was preferred to b ``[..., prompts, items, items]``.
        ties: number of times they were tied, symmetric, same shape.
        prior_sd: standard deviation of the priors, in log-odds.

    Returns:
        ``reward [..., prompts, items]`` and ``tie [...]``.

    Raises:
        InputError: for counts that are negative or not finite, for ties that are not symmetric, and
            for a ``prior_sd`` that is not above 0 and finite.
    """
    wins, ties = checked_counts(wins, "wins"), checked_counts(ties, "ties")
    if wins.shape != ties.shape or wins.ndim < 3:
        raise InputError("Wins and ties have one shape [..., prompts, items, items]; give both so.")
    if not np.array_equal(ties, ties.swapaxes(-1, -2)):
        raise InputError("The ties are not symmetric; count each tie for both of its items.")
    check_prior(prior_sd)
    if np.isinf(prior_sd):
        raise InputError("prior_sd is inf; scrl.fit_bradley_terry(ties='davidson') needs no prior.")
    shape = wins.shape[:-1]
    compared = wins + wins.swapaxes(-1, -2) + ties
    tied = 0.5 * ties.sum((-1, -2, -3))
    log_tie = np.log((tied + 0.5) / (wins.sum((-1, -2, -3)) + 0.5)) + np.log(2.0)
    start = np.zeros((*tied.shape, shape[-2] * shape[-1] + 1))
    start[..., -1] = np.clip(log_tie, -5.0, 5.0)

    def span_of(step: np.ndarray) -> np.ndarray:
        rewards = step[..., :-1].reshape(shape)
        return (np.ptp(rewards, axis=-1).max(-1) + np.abs(step[..., -1]))[..., None]

    derivatives = partial(_derivatives, wins, ties, compared, 1.0 / prior_sd**2)
    found = maximise(derivatives, start, span_of)
    items = shape[-1]
    reward = center_rewards(
        found[..., :-1].reshape(-1, items), compared.any(-1).reshape(-1, items)
    ).reshape(shape)
    return DavidsonFit(reward, np.where(tied > 0, np.exp(found[..., -1]), 0.0))


def _derivatives(
    wins: np.ndarray, ties: np.ndarray, compared: np.ndarray, precision: float, point: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Newton direction, by the Schur complement of log ν.

    Args:
        wins, ties, compared: ``[..., prompts, items, items]``.
        precision: of the priors.
        point: the rewards, followed by log ν ``[..., prompts * items + 1]``.
    """
    shape, at = wins.shape[:-1], np.arange(wins.shape[-1])
    reward, log_tie = point[..., :-1].reshape(shape), point[..., -1]
    tied = 0.5 * ties.sum((-1, -2, -3))
    has_ties = tied > 0
    win, tie = _win_and_tie_probabilities(reward, np.where(has_ties, log_tie, -np.inf))
    share = win + 0.5 * tie
    won = wins.sum(-1) + 0.5 * ties.sum(-1)
    gradient = won - (compared * share).sum(-1) - precision * reward
    gradient_tie = tied - 0.5 * (compared * tie).sum((-1, -2, -3)) - precision * log_tie
    # Negative Hessian: a block for the rewards of each prompt, log ν, and the mixed entries.
    spread = compared * (win * win.swapaxes(-1, -2) + 0.25 * tie * (1 - tie))
    block = -spread
    block[..., at, at] += precision + spread.sum(-1)
    mixed = (compared * tie * (0.5 - share)).sum(-1)
    corner = precision + 0.5 * (compared * tie * (1 - tie)).sum((-1, -2, -3))
    solved = np.linalg.solve(block, np.stack([gradient, mixed], axis=-1))
    along, across = solved[..., 0], solved[..., 1]
    complement = corner - (mixed * across).sum((-1, -2))
    step_tie = (gradient_tie - (mixed * along).sum((-1, -2))) / complement
    step_tie = np.where(has_ties, step_tie, 0.0)
    step = along - across * step_tie[..., None, None]
    flat = (*log_tie.shape, -1)
    return (
        np.concatenate([gradient.reshape(flat), gradient_tie[..., None]], axis=-1),
        np.concatenate([step.reshape(flat), step_tie[..., None]], axis=-1),
    )


def _win_and_tie_probabilities(
    reward: np.ndarray, log_tie: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """P(i ≻ j) and P(i = j) ``[..., prompts, items, items]``."""
    gap = 0.5 * (reward[..., :, None] - reward[..., None, :])
    log_tie = log_tie[..., None, None, None]
    top = np.maximum(np.abs(gap), log_tie)
    win, tie = np.exp(gap - top), np.exp(log_tie - top)
    total = win + np.exp(-gap - top) + tie
    return win / total, tie / total


def pair_and_tie_counts(ratings: Ratings) -> tuple[PairCounts, np.ndarray]:
    """The compared pairs with wins that exclude ties, and the weight of each pair's ties
    ``[pairs]``."""
    half = pair_counts(ratings)
    # If every tie counts as a win of the pair's first item, its wins increase by half the ties.
    items = ratings.catalogue.items
    first = pair_counts(
        replace(ratings, rank=_ranks_within_ballots(ratings, ratings.rank * items + ratings.item))
    )
    ties = np.round(2 * (first.wins_first - half.wins_first), 9)
    wins = [np.maximum(w - 0.5 * ties, 0.0) for w in (half.wins_first, half.wins_second)]
    return PairCounts(half.first, half.second, *wins), ties


def _ranks_within_ballots(ratings: Ratings, value: np.ndarray) -> np.ndarray:
    """Ranks ``[entries]`` by ascending value within each ballot."""
    order = np.lexsort((value, ratings.entry_ballot))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(ratings.offsets[:-1], ratings.sizes)
    return place


def fit_tied_pair_counts(
    counts: PairCounts, ties: np.ndarray, offsets: np.ndarray, prior_sd: float = 10.0
) -> DavidsonFit:
    """Fit counted pairs, with ν shared by all prompts: ``reward [items]`` and ``tie ()``.

    Args:
        counts: the compared pairs, wins without ties.
        ties: weight of each pair's ties ``[pairs]``.
        offsets: index of each prompt's first item ``[prompts + 1]``.
        prior_sd: standard deviation of the priors, in log-odds.
    """
    sizes = np.diff(offsets)
    m = int(sizes.max())
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    first, second = counts.first - offsets[prompt], counts.second - offsets[prompt]
    wins, tied = np.zeros((2, len(sizes), m, m))
    for table, first_over_second, second_over_first in (
        (wins, counts.wins_first, counts.wins_second),
        (tied, ties, ties),
    ):
        np.add.at(table, (prompt, first, second), first_over_second)
        np.add.at(table, (prompt, second, first), second_over_first)
    found = fit_davidson(wins, tied, prior_sd)
    return DavidsonFit(found.reward[np.arange(m) < sizes[:, None]], found.tie)
