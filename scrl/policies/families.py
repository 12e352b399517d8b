"""Families of policies: paths from the reference policy, compared at equal KL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scrl.policies.exact import (
    best_of_n_policy,
    exponential_tilt,
    greedy_policy,
    kl_divergence,
    maxmin_policy,
    nash_log_policy,
    shared_policy,
)

#: The least positive strength at which a family is evaluated in advance, and how many there are.
MIN_STRENGTH, STEPS = 1e-3, 96
#: Bisection steps between two of these strengths, which give KL to twelve digits.
BISECTION_STEPS = 40


@dataclass(frozen=True, eq=False)
class PolicyFamily:
    """A path of policies that starts at the reference.

    Attributes:
        name: shown to users.
        at_strength: strength -> policy ``[completions]``, or ``[groups, completions]`` where each
            group has its own.
        reference: the reference policy ``[completions]``.
        strength: strengths on the path, 0 first ``[steps]``.
        policy: the policies at these strengths ``[steps, ...]``.
        kl: their KL from the reference in nats, a mean over groups ``[steps]``.
        share: of the groups ``[groups]``; None where all have the same policy.
    """

    name: str
    at_strength: Callable[[float], np.ndarray]
    reference: np.ndarray
    strength: np.ndarray
    policy: np.ndarray
    kl: np.ndarray
    share: np.ndarray | None = None

    @property
    def max_kl(self) -> float:
        """The greatest KL on the path, in nats."""
        return float(self.kl[-1])

    def at_kl(self, budget: float) -> np.ndarray:
        """The policy at a KL in nats; the last policy where the path does not reach it."""
        return self.strength_at_kl(budget)[1]

    def strength_at_kl(self, budget: float) -> tuple[float, np.ndarray]:
        """Strength and policy at a KL in nats; the last ones where the path does not reach it."""
        i = int(np.searchsorted(self.kl, budget))
        if i in (0, len(self.kl)):
            i = min(i, len(self.kl) - 1)
            return float(self.strength[i]), self.policy[i]
        low, high = self.strength[i - 1], self.strength[i]
        for _ in range(BISECTION_STEPS):
            middle = 0.5 * (low + high)
            policy = self.at_strength(middle)
            if self._kl(policy) < budget:
                low = middle
            else:
                high = middle
        return float(middle), policy

    def _kl(self, policy: np.ndarray) -> float:
        kl = kl_divergence(policy, self.reference)
        return float(kl if self.share is None else self.share @ kl)


def _family(
    name: str,
    reference: np.ndarray,
    at_strength: Callable[[float], np.ndarray],
    reward_range: float,
    share: np.ndarray | None = None,
    limit: np.ndarray | None = None,
) -> PolicyFamily:
    """The path of ``at_strength``.

    Args:
        reward_range: range of the rewards, by which strengths are scaled.
        share: of the groups ``[groups]``, where each has its own policy.
        limit: the policy for infinite strength.
    """
    scale = max(reward_range, 1e-9)
    strength = np.concatenate([[0.0], np.geomspace(MIN_STRENGTH, 200.0, STEPS) / scale])
    policy = np.stack([at_strength(s) for s in strength])
    by_group = kl_divergence(policy, reference)
    kl = np.maximum.accumulate(by_group if share is None else by_group @ share)
    if limit is not None and kl_divergence(limit, reference).mean() < 1e-12:
        strength, policy, kl = strength[:1], policy[:1], kl[:1]
    return PolicyFamily(name, at_strength, reference, strength, policy, kl, share)


def optimum_family(name: str, reference: np.ndarray, reward: np.ndarray) -> PolicyFamily:
    """The KL-regularised optima of a reward ``[completions]``."""
    reward = np.asarray(reward, float)
    return _family(
        name, reference, lambda s: exponential_tilt(reference, reward, s), float(_range(reward)),
        limit=greedy_policy(reference, reward),
    )  # fmt: skip


def best_of_n_family(
    name: str, reference: np.ndarray, reward: np.ndarray, max_n: int = 4096
) -> PolicyFamily:
    """Best of n for real n from 1 to ``max_n``; the strength is n - 1."""
    strength = np.concatenate([[0.0], np.geomspace(1e-3, max_n - 1, STEPS)])
    policy = best_of_n_policy(reference, reward, 1 + strength)
    kl = np.maximum.accumulate(kl_divergence(policy, reference))
    return PolicyFamily(
        name,
        lambda s: best_of_n_policy(reference, reward, 1 + s),
        reference,
        strength,
        policy,
        kl,
    )


def nash_family(name: str, reference: np.ndarray, above: np.ndarray) -> PolicyFamily:
    """Nash policies, from the reference to the maximal lottery."""
    reference = np.asarray(reference, float)
    strength = np.concatenate([[0.0], np.geomspace(MIN_STRENGTH, 2000.0, STEPS)])
    log_path = [np.log(reference)]
    for s in strength[1:]:
        log_path.append(nash_log_policy(reference, above, s, start=log_path[-1]))

    def at_strength(s: float) -> np.ndarray:
        start = log_path[np.searchsorted(strength, s) - 1]
        return np.exp(nash_log_policy(reference, above, s, start=start))

    policy = np.exp(log_path)
    kl = np.maximum.accumulate(kl_divergence(policy, reference))
    return PolicyFamily(name, at_strength, reference, strength, policy, kl)


def maxmin_family(name: str, reference: np.ndarray, utility: np.ndarray) -> PolicyFamily:
    """MaxMin policies, which maximise the worst-off group's utility."""
    return _family(
        name,
        reference,
        lambda s: maxmin_policy(reference, utility, s),
        float(np.max(_range(utility))),
    )


def proportional_family(
    name: str, reference: np.ndarray, utility: np.ndarray, share: np.ndarray
) -> PolicyFamily:
    """Population-proportional policies: one policy in which each group has its share."""
    return _family(
        name,
        reference,
        lambda s: shared_policy(reference, utility, share, s),
        float(np.max(_range(utility))),
    )


def personalised_family(
    name: str, reference: np.ndarray, utility: np.ndarray, share: np.ndarray
) -> PolicyFamily:
    """Each group's own optimum at a common strength, as for a policy conditioned on the latent.

    KL is the mean over users.

    Args:
        name: shown to users.
        reference: ``[completions]``, all above 0.
        utility: ``[groups, completions]``.
        share: of the groups ``[groups]``.
    """
    return _family(
        name,
        reference,
        lambda s: exponential_tilt(reference, utility, s),
        float(np.max(_range(utility))),
        share=np.asarray(share, float),
    )


def _range(reward: np.ndarray) -> np.ndarray:
    """Greatest less least reward ``[...]``."""
    return np.ptp(np.asarray(reward, float), axis=-1)


@dataclass(frozen=True)
class PolicyValue:
    """The utilities that a policy gives.

    Attributes:
        mean: mean utility of all raters.
        worst: the least satisfaction of any group.
        by_group: expected utility of each group ``[groups]``.
        satisfaction: ``by_group`` rescaled so that a group's worst completion is 0 and its best 1
            ``[groups]``.
        favourite_chance: probability that a group receives one of its favourites ``[groups]``.
        distortion: the best completion's mean utility over ``mean``; NaN if utilities are negative.
    """

    mean: float
    worst: float
    by_group: np.ndarray
    satisfaction: np.ndarray
    favourite_chance: np.ndarray
    distortion: float


def evaluate_policy(policy: np.ndarray, utility: np.ndarray, share: np.ndarray) -> PolicyValue:
    """The utilities that a policy gives to groups of raters.

    Args:
        policy: ``[completions]``, or one for each group ``[groups, completions]``.
        utility: ``[groups, completions]``.
        share: of the groups ``[groups]``.
    """
    from scrl.voting.distortion.welfare import distortion_ratio

    group_policy = np.broadcast_to(policy, utility.shape)
    by_group = np.sum(group_policy * utility, axis=1)
    low, high = utility.min(axis=1), utility.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    satisfaction = np.where(high > low, (by_group - low) / span, 1.0)
    best = utility >= high[:, None] - 1e-12
    mean = float(share @ by_group)
    return PolicyValue(
        mean=mean,
        worst=float(satisfaction.min()),
        by_group=by_group,
        satisfaction=satisfaction,
        favourite_chance=np.sum(group_policy * best, axis=1),
        distortion=float(distortion_ratio((share @ utility).max(), mean, (utility >= 0).all())),
    )
