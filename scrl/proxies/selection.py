"""Policies that choose among candidate texts by a reward, and their KL from the reference."""

from __future__ import annotations

import numpy as np


def best_of_n(reference: np.ndarray, reward: np.ndarray, n: float) -> np.ndarray:
    """The policy that draws ``n`` texts from the reference and keeps the best ``[texts]``, exactly.

    Texts of equal reward share what falls to them by their probability: a text of reward r has
    π0 / m_r · (F(r)^n − F(r−)^n), m_r being the mass of that reward and F the distribution of
    rewards.

    Args:
        reference: probabilities ``[texts]``; reward: ``[texts]``.
        n: number of draws, 1 or more.
    """
    levels, row = np.unique(np.round(reward, 9), return_inverse=True)
    mass = np.bincount(row, reference, len(levels))
    below = np.concatenate([[0.0], np.minimum(mass.cumsum(), 1.0)])
    below[-1] = 1.0
    chosen = below[1:] ** n - below[:-1] ** n
    share = np.divide(chosen, mass, out=np.zeros_like(mass), where=mass > 0)
    return reference * share[row]


def best_of_n_kl_bound(n: float) -> float:
    """log n − (n − 1)/n: the KL of best of ``n`` where no rewards are equal; a bound otherwise
    (Beirami et al. 2024, 2401.01879)."""
    return float(np.log(n) - (n - 1) / n)


def reweighted(reference: np.ndarray, reward: np.ndarray, price: float) -> np.ndarray:
    """The optimum of E[reward] − price · KL: the reference times exp(reward / price) ``[texts]``.

    Args:
        price: of a nat of KL, positive.
    """
    raised = reference * np.exp((reward - reward.max()) / price)
    return raised / raised.sum()


def typical_choice(reward: np.ndarray, n: float) -> int:
    """The text at the median of what best of ``n`` keeps, of equally likely texts.

    Half of the time best of n keeps a text of at most the quantile ½^(1/n) of the rewards.

    Args:
        reward: ``[texts]``.
    """
    order = np.argsort(reward, kind="stable")
    return int(order[min(int(0.5 ** (1 / n) * len(order)), len(order) - 1)])


def kl_divergence(policy: np.ndarray, reference: np.ndarray) -> float:
    """KL of a policy from the reference in nats."""
    there = policy > 0
    return float((policy[there] * np.log(policy[there] / reference[there])).sum())
