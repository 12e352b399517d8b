"""Maximum-likelihood Bradley–Terry fits to many similar tables at once, such as resamples.

Newton's method starts at the optimum of the mean table, and its linear systems are solved by
iterative refinement with the inverse of the mean Hessian: for similar tables each step of it gains
one to two digits at a tenth of the cost of a solution. Tables that differ too much are refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Fewest fits for which this is faster.
MIN_FITS = 32
#: Largest first step, in log-odds, of tables that are similar enough.
MAX_STEP = 1.0
#: Tables whose Hessians are averaged, about.
SAMPLED = 64
#: A Newton step below this leaves an error below 1e-12.
LAST_STEP = 1e-6
#: Error of a refined step: this share of its square, and no less than rounding.
SHARE, ERROR = 0.02, 1e-14
#: Limits of Newton steps and of refinements in each.
MAX_NEWTON, MAX_REFINEMENTS = 6, 12


def fit_resamples(wins: np.ndarray, solve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray | None:
    """The rewards ``[fits, items]`` with mean 0, or ``None`` if the tables differ too much.

    Args:
        wins: ``[fits, items, items]``, each with a finite maximum.
        solve: fits a single table ``[1, items, items]``.
    """
    total = wins + wins.swapaxes(-1, -2)
    inverse_sum, weight = np.empty_like(total), np.empty_like(total)
    ones = np.ones(wins.shape[-1])
    won, reward = wins @ ones, solve(wins.mean(0, keepdims=True))  # one start for all
    rows, most = np.arange(len(wins)), MAX_STEP
    for _ in range(MAX_NEWTON):
        # P(i beats j) = sᵢ / (sᵢ + sⱼ), and its slope is sᵢ sⱼ / (sᵢ + sⱼ)².
        strength = np.exp(reward if len(reward) < len(wins) else reward[rows])
        inverse = inverse_sum[: len(strength)]
        np.add(strength[:, None, :], strength[:, :, None], out=inverse)
        np.reciprocal(inverse, out=inverse)
        np.multiply(total, inverse, out=weight)
        gradient = won - strength * (weight @ ones)
        weight *= inverse
        step = _refine(gradient, strength, weight)
        if step is None:
            return None
        if len(reward) < len(wins):
            reward = np.repeat(reward, len(wins), axis=0)
        reward[rows] += step
        span = np.abs(step).max(-1)
        before, most = most, span.max()
        if most > before:
            return None
        moving = span > LAST_STEP
        if not moving.any():
            return reward - reward.mean(-1, keepdims=True)
        if moving.mean() < 0.5:  # the others are exact
            rows, total, won = rows[moving], total[moving], won[moving]
            weight = weight[: len(rows)]
    return None


def _refine(gradient: np.ndarray, strength: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """The Newton direction ``[fits, items]``, more exact than the step that it is for; or ``None``.

    Args:
        gradient, strength: ``[fits, items]``.
        weight: the off-diagonal entries of the negative Hessian over -sᵢ sⱼ
            ``[fits, items, items]``.
    """
    diagonal = strength * (weight @ strength[..., None])[..., 0]
    mean = strength.mean(0)
    # A few tables tell the mean well enough.
    hessian = -weight[:: 1 + len(weight) // SAMPLED].mean(0) * np.outer(mean, mean)
    np.fill_diagonal(hessian, 0.0)
    np.fill_diagonal(hessian, -hessian.sum(1))
    # Curvature along the common shift, which the likelihood does not identify, fixes the mean.
    approximate = np.linalg.inv(hessian + np.trace(hessian) / len(mean) ** 2)
    step, residual, change, goal = np.zeros_like(gradient), gradient, np.inf, 0.0
    for _ in range(MAX_REFINEMENTS):
        correction = residual @ approximate
        before, change = change, float(np.abs(correction).max(initial=0.0))
        step = step + correction
        if not change < 0.7 * before or change > MAX_STEP:
            return None
        # A Newton step of this size leaves an error of about a tenth of its square.
        goal = max(goal, SHARE * change**2, ERROR)
        if change <= goal:
            return step
        curved = strength * (weight @ (strength * step)[..., None])[..., 0]
        residual = gradient - diagonal * step + curved
    return None
