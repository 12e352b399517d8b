"""Worst cases of reward models and of short lists of winners, in closed form and as populations.

Utilities lie in [0, 1], and a voter prefers a to b with probability σ(β(u_a - u_b)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from scrl.types import InputError
from scrl.voting import Profile
from scrl.voting.distortion import (
    bradley_terry_bounds,
    expected_pairwise,
    metric_worst_case,
)

# -- all pairs, no constraint ---------------------------------------------------------------------


#: Utilities of the better answer among which the worst is sought.
_BETTER_UTILITIES = np.linspace(0, 1, 1001)


def _worst_better_utility(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The utility t of the better answer that maximises t - g(t), and that maximum ``[...]``, with
    g(t) = (σ(β(t-1)) - σ(-β)) / (½ - σ(-β))."""
    t, b = _BETTER_UTILITIES, beta[..., None]
    gain = t - (expit(b * (t - 1)) - expit(-b)) / (0.5 - expit(-b))
    best = gain.argmax(-1)
    return t[best], np.take_along_axis(gain, best[..., None], -1)[..., 0]


def rlhf_distortion(beta: ArrayLike) -> np.ndarray:
    """The distortion of the highest Bradley–Terry reward among the voters of ``many_opponents``
    ``[...]``, as opponents become many and utilities small: D·(1 + max over t of t - g(t)).

    D = (β/2)·coth(β/2) is that of a maximal lottery. For large β the maximum goes to 1, and so the
    distortion over β to 1.

    Args:
        beta: inverse temperature ``[...]``, above 0.
    """
    beta = np.asarray(beta, float)
    lottery = bradley_terry_bounds(beta)["maximal-lottery"]
    return np.asarray(lottery * (1 + _worst_better_utility(beta)[1]))


def many_opponents(
    beta: float, opponents: int = 10_000, low: float = 1e-4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voters among whom the highest Bradley–Terry reward is far from the best, all pairs compared.

    Three answers: one with the highest reward, a better one, and copies of an opponent. To the many
    the first is worth ``low`` and the others 0. To the second type the better answer is worth t,
    just so much less than the opponents, 1, that it loses to them as clearly as the first, worth 0,
    does. To the third type only the better answer is worth something, 1. The shares are such that
    all three tie but for a millionth. Found by a linear programme over all types on a grid, which
    no other kind of opponent improves.

    Returns:
        Utility ``[3, 3]`` and weight of the types ``[3]``, and how often each answer stands there.
    """
    t = float(_worst_better_utility(np.asarray(beta, float))[0])
    utility = np.array([[low, 0, 0], [0, t, 1], [0, 1, 0]])
    copies = np.array([1, 1, opponents])
    points = expected_pairwise(utility[:, None], np.ones((3, 1)), beta) @ copies  # by type
    behind = points[:, 1:] - points[:, :1]
    shares = np.linalg.solve(behind[1:].T, -behind[0] * (1 - 1e-6))
    weight = np.append(1.0, shares)
    return utility, weight / weight.sum(), copies


# -- one opponent for all -------------------------------------------------------------------------

#: What the better answer is worth to the few voters who like it.
FEW_UTILITY = 0.05
#: What the worse answer is worth to the many.
MANY_UTILITY = 1e-4


@dataclass(frozen=True, eq=False)
class SharedOpponent:
    """Two answers that a policy may give, each compared with one other answer only.

    Attributes:
        utility: of the few and of the many for the worse answer, the better one and the opponent
            ``[..., 2, 3]``.
        weight: shares of the few and of the many ``[..., 2]``.
        reward: the Bradley–Terry reward of the three, the opponent's 0 ``[..., 3]``.
        preferred: share of voters who prefer the better answer to the worse one ``[...]``.
        distortion: mean utility of the better answer over that of the one with the higher reward
            ``[...]``.
    """

    utility: np.ndarray
    weight: np.ndarray
    reward: np.ndarray
    preferred: np.ndarray
    distortion: np.ndarray


def shared_opponent(beta: ArrayLike) -> SharedOpponent:
    """The population in which one shared opponent hides which of two answers is better.

    To the few the worse answer is worth 0, the better one ``FEW_UTILITY`` and the opponent 1; to
    the many they are worth ``MANY_UTILITY``, 0 and 0. The few lose to the opponent whichever of the
    two they see, so their answers hardly differ; the many answer near ½, where answers are most
    sensitive. The shares are such that the worse answer has narrowly the higher reward.

    Between the slopes βσ'(β) and β/4 lies every answer's change with utility. So the ratio of mean
    utilities is at most ¼/σ'(β) = cosh²(β/2), which the population reaches as both utilities fall
    to 0.

    Args:
        beta: inverse temperature ``[...]``, above 0.
    """
    beta = np.asarray(beta, float)
    if not ((beta > 0) & np.isfinite(beta)).all():
        raise InputError("The temperature β is a number above 0.")
    few, many = np.array([0.0, FEW_UTILITY, 1.0]), np.array([MANY_UTILITY, 0.0, 0.0])
    lost = expit(beta * (FEW_UTILITY - 1)) - expit(-beta)
    gained = expit(beta * MANY_UTILITY) - 0.5
    odds = lost / gained * (1 + 1e-6)  # of the many
    weight = np.stack([1 / (1 + odds), odds / (1 + odds)], axis=-1)
    utility = np.broadcast_to(np.stack([few, many]), (*beta.shape, 2, 3))
    gap = beta[..., None, None, None] * (utility[..., :, None] - utility[..., None, :])
    above = np.sum(weight[..., None, None] * expit(gap), axis=-3)
    reward = logit(above[..., :, 2])  # the comparisons form a tree, so the fit is exact
    mean = np.sum(weight[..., None] * utility, axis=-2)
    chosen = np.where(reward[..., 0] > reward[..., 1], mean[..., 0], mean[..., 1])
    return SharedOpponent(utility, weight, reward, above[..., 1, 0], mean[..., 1] / chosen)


def cycle_steps(beta: ArrayLike) -> np.ndarray:
    """How many comparisons along a majority cycle hide that all prefer b to x ``[...]``.

    x is worth 0 to everybody, b is worth 1. x is compared with c₁ only, c₁ with c₂, and so on, and
    the last c with b. The c's are copies of three answers in a majority cycle, worth 1, ½ and 0 to
    a third of the voters each, in turn. Each step along the cycle adds the same to x's reward, so
    after enough steps x, which is worth nothing, has a higher reward than b.

    Args:
        beta: inverse temperature ``[...]``, above 0.
    """
    beta = np.asarray(beta, float)
    step = logit((2 * expit(beta / 2) + expit(-beta)) / 3)
    end = logit((expit(-beta) + expit(-beta / 2) + 0.5) / 3)
    return np.floor(-2 * end / step).astype(int) + 1


# -- short lists ----------------------------------------------------------------------------------


def two_candidate_distortion(share: ArrayLike, lottery: ArrayLike) -> np.ndarray:
    """The worst metric distortion of a lottery over two candidates ``[...]``.

    If B is best, A costs at most 2/p - 1 times as much, with p the share of voters who prefer A:
    they stand halfway between the two, and the others at B.

    Args:
        share: of the voters who prefer A, above 0 and below 1 ``[...]``.
        lottery: probability of A ``[...]``.
    """
    p, q = np.asarray(share, float), np.asarray(lottery, float)
    return np.maximum(q * (2 / p - 1) + 1 - q, (1 - q) * (2 / (1 - p) - 1) + q)


def best_lottery(share: ArrayLike) -> np.ndarray:
    """The probability of A ``[...]`` with the least worst metric distortion: p²/(p² + (1-p)²)."""
    p = np.asarray(share, float)
    return p**2 / (p**2 + (1 - p) ** 2)


def list_distortion(share: ArrayLike, length: int) -> np.ndarray:
    """The worst metric distortion ``[...]`` where the winner is drawn from the best list.

    Args:
        share: of the voters who prefer A, above 0 and below 1 ``[...]``.
        length: of the list, in which A and B may stand more than once.
    """
    entries = np.arange(length + 1) / length
    return two_candidate_distortion(np.asarray(share, float)[..., None], entries).min(-1)


def worst_list_distortion(length: int) -> tuple[float, float]:
    """The share of voters for A at which the best list does worst, and its distortion there.

    Found on 20,001 shares from ½ on.
    """
    share = np.linspace(0.5, 0.999, 20_001)
    distortion = list_distortion(share, length)
    at = int(distortion.argmax())
    return float(share[at]), float(distortion[at])


def cycle_list_distortion() -> np.ndarray:
    """The worst metric distortion for three candidates in a majority cycle of equal thirds, where
    the winner is drawn from a list of one, two or three of them ``[3]``; by linear programmes."""
    profile = Profile.from_orders("ABC", [[0, 1, 2], [1, 2, 0], [2, 0, 1]], [1, 1, 1])
    lists = np.array([[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]])
    return metric_worst_case(profile, lists).value
