"""Policies in closed form, and their KL divergence from the reference policy.

A policy is an array of probabilities ``[..., completions]`` over one prompt's completions. KL is in
nats: KL(π ‖ π_ref) = Σ π log(π / π_ref).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: Limit of the Newton steps for a Nash policy.
MAX_NEWTON_STEPS = 200


def kl_divergence(policy: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """KL(policy ‖ reference) in nats ``[...]``; completions of probability 0 contribute 0."""
    policy, reference = np.broadcast_arrays(policy, reference)
    ratio = np.divide(policy, reference, out=np.ones(policy.shape), where=policy > 0)
    return np.sum(policy * np.log(ratio), axis=-1)


def exponential_tilt(reference: np.ndarray, reward: np.ndarray, strength: ArrayLike) -> np.ndarray:
    """The policy that maximises E[reward] - KL / strength: π ∝ π_ref · exp(strength · reward).

    This is the optimum of RLHF with β = 1 / strength, and of DPO's loss (Rafailov et al. 2023,
    equation 4).

    Args:
        reference: ``[completions]``, all above 0.
        reward: ``[..., completions]``.
        strength: 0 or more, ``[...]``.
    """
    nats = np.asarray(strength, float)[..., None] * reward + np.log(reference)
    weight = np.exp(nats - nats.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def greedy_policy(reference: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """The limit of ``exponential_tilt`` for infinite strength: the reference restricted to the best
    completions."""
    best = reward >= np.max(reward, axis=-1, keepdims=True) - 1e-12
    return best * reference / np.sum(best * reference, axis=-1, keepdims=True)


def best_of_n_policy(reference: np.ndarray, reward: np.ndarray, n: ArrayLike) -> np.ndarray:
    """The exact distribution of the best of n draws from the reference, ties broken at random.

    If F is the distribution function of one draw's reward, Fⁿ is that of the best of n draws. This
    defines the policy for real n too.

    Args:
        reference, reward: ``[completions]``.
        n: 1 or more, ``[...]``.
    """
    reference, reward = np.asarray(reference, float), np.asarray(reward, float)
    level = np.unique(np.round(reward, 12), return_inverse=True)[1]
    mass = np.bincount(level, reference)
    cdf = np.minimum(np.concatenate([[0.0], np.cumsum(mass)]), 1.0)
    best_mass = np.diff(cdf ** np.asarray(n, float)[..., None], axis=-1)
    return best_mass[..., level] * reference / mass[level]


def best_of_n_kl_bound(n: ArrayLike) -> np.ndarray:
    """Upper bound log n - (n - 1) / n of the KL of best of n (Beirami et al. 2024).

    It is attained in the limit of distinct rewards and rare completions.
    """
    n = np.asarray(n, float)
    return np.log(n) - (n - 1) / n


def proportional_policy(above: np.ndarray, strength: float = 0.0) -> np.ndarray:
    """The population-proportional policy (Kim, Zhang, Ozdaglar & Parrilo 2025).

    The smallest majority of an answer over another, u_a = min_b P(a ≻ b), is the greatest share of
    raters that can have a on top, given the pairs. The policy is π ∝ u · exp(strength · u). With
    ``strength`` 0 an answer that a share s has on top gets at least s / Σu; as it grows, the policy
    goes to the answer that beats all others, where there is one.

    Args:
        above: P(a ≻ b) ``[..., m, m]``, m at least 2; the diagonal is not read.
        strength: 0 or more.

    Returns:
        Probabilities ``[..., m]``.
    """
    m = above.shape[-1]
    share = np.where(np.eye(m, dtype=bool), np.inf, above).min(-1)
    weight = share * np.exp(strength * (share - share.max(-1, keepdims=True)))
    total = weight.sum(-1, keepdims=True)
    return np.where(total > 0, weight / np.where(total > 0, total, 1.0), 1 / m)


def nash_log_policy(
    reference: np.ndarray, above: np.ndarray, strength: float, start: np.ndarray | None = None
) -> np.ndarray:
    """The Nash policy of the preference game with the penalty KL / strength.

    It is the unique equilibrium of the regularised game of Munos et al. (2023), π ∝ π_ref ·
    exp(strength · P π), where P π is the probability to be preferred to a draw from π. As
    ``strength`` grows it converges to a maximal lottery (Fishburn 1984).

    Args:
        reference: ``[m]``, all above 0.
        above: share of voters who rank a above b, ties counted half ``[m, m]``.
        strength: 0 or more.
        start: log-probabilities at which Newton's method starts; the reference's by default.

    Returns:
        Log-probabilities ``[m]``.
    """
    base = np.log(np.asarray(reference, float))
    margin = np.array(above, float) - 0.5
    np.fill_diagonal(margin, 0.0)
    nats, eye = np.array(base if start is None else start), np.eye(len(base))

    def residual_at(nats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The policy, and the centred residual of the equilibrium condition."""
        policy = np.exp(nats - nats.max())
        policy /= policy.sum()
        residual = base + strength * (margin @ policy) - nats
        return policy, residual - residual.mean()

    policy, residual = residual_at(nats)
    for _ in range(MAX_NEWTON_STEPS):
        size = np.abs(residual).max()
        if size < 1e-10 * (1 + strength):
            break
        # P - ½ is antisymmetric, so the matrix is never singular, and a short enough Newton step
        # always reduces the residual.
        spread = np.diag(policy) - np.outer(policy, policy)
        step = np.linalg.solve(eye - strength * (margin @ spread), residual)
        for shrink in 0.5 ** np.arange(30):
            candidate = residual_at(nats + shrink * step)
            if np.abs(candidate[1]).max() < (1 - 0.1 * shrink) * size:
                break
        nats, (policy, residual) = nats + shrink * step, candidate
    return nats - nats.max() - np.log(np.exp(nats - nats.max()).sum())


def maxmin_policy(reference: np.ndarray, utility: np.ndarray, strength: float) -> np.ndarray:
    """The MaxMin policy: it maximises the minimum over groups of E[utility] - KL / strength
    (Chakraborty et al. 2024).

    By duality it is the exponential tilt by the mixture of the groups' utilities that minimises the
    maximum. Finding the mixture is a smooth convex problem.

    Args:
        reference: ``[completions]``, all above 0.
        utility: of each group ``[groups, completions]``.
        strength: 0 or more.
    """
    utility = np.atleast_2d(np.asarray(utility, float))
    groups = len(utility)
    if strength == 0 or groups == 1:
        return exponential_tilt(reference, utility[0], strength)
    weights = _worst_mixture(np.log(reference), utility, strength)
    return exponential_tilt(reference, weights @ utility, strength)


def shared_policy(
    reference: np.ndarray, utility: np.ndarray, share: np.ndarray, strength: float
) -> np.ndarray:
    """The proportional policy of known groups: each has its own optimum as often as its share.

    For infinite strength it is a random dictator's: a group gets its favourites at least as often
    as its share.

    Args:
        reference: ``[completions]``, all above 0.
        utility: of each group ``[groups, completions]``.
        share: of the groups ``[groups]``.
        strength: 0 or more.
    """
    return np.asarray(share, float) @ exponential_tilt(reference, utility, strength)


def _worst_mixture(base: np.ndarray, utility: np.ndarray, strength: float) -> np.ndarray:
    """The weights ``[groups]`` that minimise log Σ π_ref exp(strength · w @ utility) / strength.

    Args:
        base: log π_ref ``[completions]``.
    """
    from scipy.optimize import minimize

    def value(weights: np.ndarray) -> tuple[float, np.ndarray]:
        nats = base + strength * (weights @ utility)
        top = nats.max()
        tilted = np.exp(nats - top)
        total = tilted.sum()
        return (top + np.log(total)) / strength, utility @ (tilted / total)

    groups = len(utility)
    found = minimize(
        value, np.full(groups, 1 / groups), jac=True, method="SLSQP", bounds=[(0, 1)] * groups,
        constraints={"type": "eq", "fun": lambda s: s.sum() - 1, "jac": lambda s: np.ones(groups)},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    weights = np.clip(found.x, 0, None)
    return weights / weights.sum()
