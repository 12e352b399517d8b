"""Policies of one kind, from the reference to as far as they go, so that kinds can be compared at
equal KL."""

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
)

#: Strengths at which a family is worked out beforehand, from this one on, this many.
LEAST, STEPS = 1e-3, 96
#: Halvings between two of them: KL is then right to twelve digits.
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class PolicyFamily:
    """A path of policies from the reference on.

    Attributes:
        name: for a person; of: strength -> policy ``[completions]``, or ``[groups, completions]``
            where each group is given its own.
        share: of the groups ``[groups]``, None where all are given the same.
        strength: on the path, 0 first ``[steps]``; policy, kl: there.
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
        """The greatest KL that it reaches."""
        return float(self.kl[-1])

    def at_kl(self, budget: float) -> np.ndarray:
        """Its policy at a KL in nats; its last one where it does not go so far."""
        return self.strength_at_kl(budget)[1]

    def strength_at_kl(self, budget: float) -> tuple[float, np.ndarray]:
        """The strength at a KL in nats, and the policy there; the last where it goes less far."""
        i = int(np.searchsorted(self.kl, budget))
        if i in (0, len(self.kl)):
            i = min(i, len(self.kl) - 1)
            return float(self.strength[i]), self.policy[i]
        low, high = self.strength[i - 1], self.strength[i]
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            policy = self.at_strength(middle)
            if self._kl(policy) < budget:
                low = middle
            else:
                high = middle
        return float(middle), policy

    def _kl(self, policy: np.ndarray) -> float:
        each = kl_divergence(policy, self.reference)
        return float(each if self.share is None else self.share @ each)


def _family(name, reference, of, spread: float, share=None, last=None) -> PolicyFamily:
    """The path of ``of``.

    Args:
        spread: of the rewards, which says at what strengths something happens.
        last: the policy where the strength has no end.
    """
    scale = max(spread, 1e-9)
    strength = np.concatenate([[0.0], np.geomspace(LEAST, 200.0, STEPS) / scale])
    policy = np.stack([of(s) for s in strength])
    each = kl_divergence(policy, reference)
    reached = np.maximum.accumulate(each if share is None else each @ share)
    if last is not None and kl_divergence(last, reference).mean() < 1e-12:
        strength, policy, reached = strength[:1], policy[:1], reached[:1]
    return PolicyFamily(name, of, reference, strength, policy, reached, share)


def optimum_family(name: str, reference: np.ndarray, reward: np.ndarray) -> PolicyFamily:
    """The KL-regularised optimum of a reward ``[completions]``."""
    reward = np.asarray(reward, float)
    return _family(
        name, reference, lambda s: exponential_tilt(reference, reward, s), _gap(reward),
        last=greedy_policy(reference, reward),
    )  # fmt: skip


def best_of_n_family(
    name: str, reference: np.ndarray, reward: np.ndarray, most: int = 4096
) -> PolicyFamily:
    """The best of n, for real n from 1 to ``most``; its strength is n - 1."""
    strength = np.concatenate([[0.0], np.geomspace(1e-3, most - 1, STEPS)])
    policy = best_of_n_policy(reference, reward, 1 + strength)
    path = np.maximum.accumulate(kl_divergence(policy, reference))
    return PolicyFamily(
        name,
        lambda s: best_of_n_policy(reference, reward, 1 + s),
        reference,
        strength,
        policy,
        path,
    )


def nash_family(name: str, reference: np.ndarray, above: np.ndarray) -> PolicyFamily:
    """The Nash policy, from the reference to the maximal lottery."""
    reference = np.asarray(reference, float)
    strength = np.concatenate([[0.0], np.geomspace(LEAST, 2000.0, STEPS)])
    path = [np.log(reference)]
    for s in strength[1:]:
        path.append(nash_log_policy(reference, above, s, start=path[-1]))

    def of(s: float) -> np.ndarray:
        return np.exp(
            nash_log_policy(reference, above, s, start=path[np.searchsorted(strength, s) - 1])
        )

    policy = np.exp(path)
    reached = np.maximum.accumulate(kl_divergence(policy, reference))
    return PolicyFamily(name, of, reference, strength, policy, reached)


def maxmin_family(name: str, reference: np.ndarray, utility: np.ndarray) -> PolicyFamily:
    """The policy for the worst-off group."""
    return _family(
        name,
        reference,
        lambda s: maxmin_policy(reference, utility, s),
        float(np.max(_gap(utility))),
    )


def personalised_family(
    name: str, reference: np.ndarray, utility: np.ndarray, share: np.ndarray
) -> PolicyFamily:
    """Each group's own optimum, at one price of KL for all: what conditioning on the user's latent
    allows. Its KL is the mean over users."""
    return _family(
        name,
        reference,
        lambda s: exponential_tilt(reference, utility, s),
        float(np.max(_gap(utility))),
        share=np.asarray(share, float),
    )


def _gap(reward: np.ndarray) -> np.ndarray:
    """Between the best and the worst."""
    return np.ptp(np.asarray(reward, float), axis=-1)


@dataclass(frozen=True)
class PolicyValue:
    """What a policy is worth.

    Attributes:
        mean: utility over all raters; worst: of the group that has least, in its own range;
        by_group: utility of each ``[groups]``; satisfied: where that lies between its worst and
            its best completion, 0 to 1.
        favourite: how often each group is given one of its favourites ``[groups]``.
        distortion: the best completion's mean utility over this; NaN where utilities are negative.
    """

    mean: float
    worst: float
    by_group: np.ndarray
    satisfaction: np.ndarray
    favourite_chance: np.ndarray
    distortion: float


def evaluate_policy(policy: np.ndarray, utility: np.ndarray, share: np.ndarray) -> PolicyValue:
    """Judge a policy ``[completions]``, or one for each group ``[groups, completions]``.

    Args:
        utility: ``[groups, completions]``; share: of the groups ``[groups]``.
    """
    from scrl.voting.distortion.welfare import distortion_ratio

    each = np.broadcast_to(policy, utility.shape)
    by_group = np.sum(each * utility, axis=1)
    low, high = utility.min(axis=1), utility.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    satisfied = np.where(high > low, (by_group - low) / span, 1.0)
    best = utility >= high[:, None] - 1e-12
    mean = float(share @ by_group)
    return PolicyValue(
        mean,
        float(satisfied.min()),
        by_group,
        satisfied,
        np.sum(each * best, axis=1),
        float(distortion_ratio((share @ utility).max(), mean, (utility >= 0).all())),
    )
