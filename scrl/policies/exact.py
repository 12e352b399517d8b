"""Policies in closed form, and how far each stands from the reference.

A policy is probabilities ``[..., completions]`` over one prompt's completions; KL is in nats, from
the reference: Σ π log(π / π_ref).
"""

from __future__ import annotations

import numpy as np

NEWTON_STEPS = 200


def kl_divergence(policy: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """KL(policy ‖ reference) in nats ``[...]``; what has no probability counts nothing."""
    policy, reference = np.broadcast_arrays(policy, reference)
    ratio = np.divide(policy, reference, out=np.ones(policy.shape), where=policy > 0)
    return np.sum(policy * np.log(ratio), axis=-1)


def exponential_tilt(reference: np.ndarray, reward: np.ndarray, strength) -> np.ndarray:
    """The policy that maximises E[reward] - KL / strength: π ∝ π_ref · exp(strength · reward).

    What RLHF aims at with β = 1 / strength, and where DPO's loss is least (Rafailov et al. 2023,
    equation 4).

    Args:
        reference: ``[completions]``, all above 0; reward: ``[..., completions]``.
        strength: 0 or more, ``[...]``.
    """
    nats = np.asarray(strength, float)[..., None] * reward + np.log(reference)
    likely = np.exp(nats - nats.max(axis=-1, keepdims=True))
    return likely / likely.sum(axis=-1, keepdims=True)


def greedy_policy(reference: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """Where ``tilted`` ends: the best completions, in the proportions of the reference."""
    best = reward >= np.max(reward, axis=-1, keepdims=True) - 1e-12
    return best * reference / np.sum(best * reference, axis=-1, keepdims=True)


def best_of_n_policy(reference: np.ndarray, reward: np.ndarray, n) -> np.ndarray:
    """The best of n draws from the reference, exactly; equal rewards are drawn between.

    With F(r) the chance that a draw has a reward of at most r, the best of n is at most r with
    chance F(r)ⁿ, which says what the policy is for real n too.

    Args:
        reference, reward: ``[completions]``; n: 1 or more, ``[...]``.
    """
    reference, reward = np.asarray(reference, float), np.asarray(reward, float)
    level = np.unique(np.round(reward, 12), return_inverse=True)[1]
    mass = np.bincount(level, reference)
    most = np.minimum(np.concatenate([[0.0], np.cumsum(mass)]), 1.0)
    reached = np.diff(most ** np.asarray(n, float)[..., None], axis=-1)
    return reached[..., level] * reference / mass[level]


def best_of_n_kl_bound(n) -> np.ndarray:
    """log n - (n - 1) / n: what the KL of the best of n never exceeds, and reaches where no two
    completions have the same reward and each is rare (Beirami et al. 2024)."""
    n = np.asarray(n, float)
    return np.log(n) - (n - 1) / n


def nash_log_policy(
    reference: np.ndarray, above: np.ndarray, strength: float, start: np.ndarray | None = None
) -> np.ndarray:
    """The policy that no other beats, where leaving the reference costs KL / strength.

    The equilibrium of the regularised preference game of Munos et al. (2023), π ∝ π_ref ·
    exp(strength · P π), with P π the chance to be preferred to a draw from π. It is unique; as
    ``strength`` grows it becomes a maximal lottery (Fishburn 1984).

    Args:
        above: share of the voters who put a above b, ties counted half ``[m, m]``.
        start: log-probabilities to begin at, of a similar strength.

    Returns:
        Log-probabilities ``[m]``.
    """
    base = np.log(np.asarray(reference, float))
    margin = np.array(above, float) - 0.5
    np.fill_diagonal(margin, 0.0)
    nats, eye = np.array(base if start is None else start), np.eye(len(base))

    def short(nats):
        policy = np.exp(nats - nats.max())
        policy /= policy.sum()
        left = base + strength * (margin @ policy) - nats
        return policy, left - left.mean()

    policy, left = short(nats)
    for _ in range(NEWTON_STEPS):
        size = np.abs(left).max()
        if size < 1e-10 * (1 + strength):
            break
        # P less a half is antisymmetric, so that this is never singular, and shorter steps of
        # Newton's always come nearer.
        spread = np.diag(policy) - np.outer(policy, policy)
        step = np.linalg.solve(eye - strength * (margin @ spread), left)
        for shrink in 0.5 ** np.arange(30):
            found = short(nats + shrink * step)
            if np.abs(found[1]).max() < (1 - 0.1 * shrink) * size:
                break
        nats, (policy, left) = nats + shrink * step, found
    return nats - nats.max() - np.log(np.exp(nats - nats.max()).sum())


def maxmin_policy(reference: np.ndarray, utility: np.ndarray, strength: float) -> np.ndarray:
    """The policy that maximises the least group's E[utility] - KL / strength (MaxMin; Chakraborty
    et al. 2024).

    By duality it is ``tilted`` by the mixture of the groups' utilities under which the best that
    can be had is worst: a smooth convex problem over the shares of the mixture.

    Args:
        utility: of each group ``[groups, completions]``.
    """
    utility = np.atleast_2d(np.asarray(utility, float))
    groups = len(utility)
    if strength == 0 or groups == 1:
        return exponential_tilt(reference, utility[0], strength)
    share = _worst_mixture(np.log(reference), utility, strength)
    return exponential_tilt(reference, share @ utility, strength)


def _worst_mixture(base, utility, strength) -> np.ndarray:
    """The shares that minimise log Σ π_ref exp(strength · share @ utility) / strength."""
    from scipy.optimize import minimize

    def value(share):
        nats = base + strength * (share @ utility)
        top = nats.max()
        likely = np.exp(nats - top)
        total = likely.sum()
        return (top + np.log(total)) / strength, utility @ (likely / total)

    groups = len(utility)
    found = minimize(
        value, np.full(groups, 1 / groups), jac=True, method="SLSQP", bounds=[(0, 1)] * groups,
        constraints={"type": "eq", "fun": lambda s: s.sum() - 1, "jac": lambda s: np.ones(groups)},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    share = np.clip(found.x, 0, None)
    return share / share.sum()
