"""Policies made of samples and a reward, without training: best of n, and reweighted samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.policies.exact import best_of_n_kl_bound, exponential_tilt, kl_divergence
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class BestOfN:
    """The best sample of each prompt.

    Attributes:
        chosen: its index ``[prompts]``.
        reward: its reward ``[prompts]``.
        kl_bound: log n - (n - 1) / n in nats, which the KL of this policy never exceeds
            (Beirami et al. 2024).
    """

    chosen: np.ndarray
    reward: np.ndarray
    kl_bound: float


@dataclass(frozen=True, eq=False)
class Reweighted:
    """Samples reweighted by exp(reward / β): the optimum of E[reward] - β KL within the samples.

    Attributes:
        probabilities: of each prompt's samples ``[prompts, n]``.
        kl: exact, from equal weights on the samples ``[prompts]``; at most log n.
        reward: the mean reward ``[prompts]``.
    """

    probabilities: np.ndarray
    kl: np.ndarray
    reward: np.ndarray


def best_of_n(rewards: np.ndarray) -> BestOfN:
    """The sample of the highest reward for each prompt; the first of equals.

    The samples are exchangeable, so the first of equals is one at random.

    Args:
        rewards: ``[prompts, n]``.

    Raises:
        InputError: where there is no sample, or a reward is no finite number.
    """
    rewards = _checked(rewards)
    chosen = rewards.argmax(axis=1)
    best = rewards[np.arange(len(rewards)), chosen]
    return BestOfN(chosen, best, float(best_of_n_kl_bound(rewards.shape[1])))


def reweighted(rewards: np.ndarray, beta: float) -> Reweighted:
    """The softmax of reward / β over each prompt's samples.

    Args:
        rewards: ``[prompts, n]``.
        beta: the price of KL, above 0, in units of reward a nat.

    Raises:
        InputError: as ``best_of_n``, or where ``beta`` is not above 0.
    """
    rewards = _checked(rewards)
    if not 0 < beta < np.inf:
        raise InputError(f"The price of KL is above 0, not {beta}.")
    equal = np.full(rewards.shape[1], 1 / rewards.shape[1])
    shares = np.stack([exponential_tilt(equal, row, 1 / beta) for row in rewards])
    return Reweighted(shares, kl_divergence(shares, equal), (shares * rewards).sum(axis=1))


def _checked(rewards: np.ndarray) -> np.ndarray:
    rewards = np.atleast_2d(np.asarray(rewards, float))
    if rewards.ndim != 2 or rewards.shape[1] == 0 or not np.isfinite(rewards).all():
        raise InputError("Give a finite reward for each of a prompt's samples.")
    return rewards
