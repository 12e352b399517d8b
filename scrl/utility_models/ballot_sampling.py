"""Ballots drawn from the Davidson–Luce model (see ``tie_model``)."""

from __future__ import annotations

import numpy as np

from scrl.utility_models.subset_polynomials import draw_subsets, suffix_polynomials
from scrl.utility_models.tie_model import TieModel
from scrl.utility_models.tied_choices import relative_utility


def sample_ranks(utility: np.ndarray, ties: TieModel, rng: np.random.Generator) -> np.ndarray:
    """One complete ballot for each voter.

    Args:
        utility: ``[voters, items]``, in log-odds: the noise of the choices is part of the model.
        ties: the prevalences. Without ties the order is that of utilities with Gumbel noise.

    Returns:
        Ranks 0, 1, 2 …, 0 is best and equal ranks are ties ``[voters, items]``.
    """
    voters, items = utility.shape
    ties = ties.resized(max(items, 1))
    if not ties.inner_sizes and not ties.final[2:].any():
        order = np.argsort(-(utility + rng.gumbel(size=utility.shape)), axis=1)
        return np.argsort(order, axis=1)
    ranks = np.zeros((voters, items), np.int64)
    left = np.ones((voters, items), bool)
    for stage in range(items):
        row = np.flatnonzero(left.any(1))
        taken = _taken(utility[row], left[row], ties, rng)
        ranks[row] = np.where(taken, stage, ranks[row])
        left[row] &= ~taken
    return ranks


def _taken(
    utility: np.ndarray, left: np.ndarray, ties: TieModel, rng: np.random.Generator
) -> np.ndarray:
    """Which of the completions that are left each voter takes next ``[voters, items]``: first the
    size of the set is drawn, then the set."""
    gap = np.ascontiguousarray(relative_utility(left, utility).T)
    left = np.ascontiguousarray(left.T)
    count = left.sum(0)
    sizes = [1, *ties.inner_sizes]
    betas = [np.where(left, np.exp(gap / size), 0.0) for size in sizes]
    suffixes = [suffix_polynomials(beta, size) for beta, size in zip(betas, sizes, strict=True)]
    weight = [
        ties.inner[size] * (count > size) * suffix[0, -1]
        for size, suffix in zip(sizes, suffixes, strict=True)
    ]
    weight.append(ties.final[count] * np.exp(gap.sum(0) / np.maximum(count, 1)))
    bound = np.cumsum(weight, axis=0)
    kind = (bound <= rng.random(len(count)) * bound[-1]).sum(0)
    taken = left.copy()  # of those who take all
    for number, (beta, suffix) in enumerate(zip(betas, suffixes, strict=True)):
        voter = np.flatnonzero(kind == number)
        taken[:, voter] = draw_subsets(beta[:, voter], suffix[..., voter], rng)
    return taken.T
