"""Policies of one kind, from the reference to as far as they go, so that kinds can be compared at
equal KL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scrl.policies.exact import best_of, fairest, greedy, kl, nash, tilted

#: Strengths at which a family is worked out beforehand, from this one on, this many.
LEAST, STEPS = 1e-3, 96
#: Halvings between two of them: KL is then right to twelve digits.
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Family:
    """A path of policies from the reference on.

    Attributes:
        name: for a person; of: strength -> policy ``[completions]``, or ``[groups, completions]``
            where each group is given its own.
        share: of the groups ``[groups]``, None where all are given the same.
        strength: on the path, 0 first ``[steps]``; policy, kl: there.
    """

    name: str
    of: Callable[[float], np.ndarray]
    reference: np.ndarray
    strength: np.ndarray
    policy: np.ndarray
    kl: np.ndarray
    share: np.ndarray | None = None

    @property
    def most(self) -> float:
        """The greatest KL that it reaches."""
        return float(self.kl[-1])

    def at(self, budget: float) -> np.ndarray:
        """Its policy at a KL in nats; its last one where it does not go so far."""
        return self.reach(budget)[1]

    def reach(self, budget: float) -> tuple[float, np.ndarray]:
        """The strength at a KL in nats, and the policy there; the last where it goes less far."""
        i = int(np.searchsorted(self.kl, budget))
        if i in (0, len(self.kl)):
            i = min(i, len(self.kl) - 1)
            return float(self.strength[i]), self.policy[i]
        low, high = self.strength[i - 1], self.strength[i]
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            policy = self.of(middle)
            if self._kl(policy) < budget:
                low = middle
            else:
                high = middle
        return float(middle), policy

    def _kl(self, policy: np.ndarray) -> float:
        each = kl(policy, self.reference)
        return float(each if self.share is None else self.share @ each)


def _family(name, reference, of, spread: float, share=None, last=None) -> Family:
    """The path of ``of``.

    Args:
        spread: of the rewards, which says at what strengths something happens.
        last: the policy where the strength has no end.
    """
    scale = max(spread, 1e-9)
    strength = np.concatenate([[0.0], np.geomspace(LEAST, 200.0, STEPS) / scale])
    policy = np.stack([of(s) for s in strength])
    each = kl(policy, reference)
    reached = np.maximum.accumulate(each if share is None else each @ share)
    if last is not None and kl(last, reference).mean() < 1e-12:
        strength, policy, reached = strength[:1], policy[:1], reached[:1]
    return Family(name, of, reference, strength, policy, reached, share)


def optimum(name: str, reference: np.ndarray, reward: np.ndarray) -> Family:
    """The KL-regularised optimum of a reward ``[completions]``."""
    reward = np.asarray(reward, float)
    return _family(
        name, reference, lambda s: tilted(reference, reward, s), _gap(reward),
        last=greedy(reference, reward),
    )  # fmt: skip


def best_of_n(name: str, reference: np.ndarray, reward: np.ndarray, most: int = 4096) -> Family:
    """The best of n, for real n from 1 to ``most``; its strength is n - 1."""
    strength = np.concatenate([[0.0], np.geomspace(1e-3, most - 1, STEPS)])
    policy = best_of(reference, reward, 1 + strength)
    path = np.maximum.accumulate(kl(policy, reference))
    return Family(
        name, lambda s: best_of(reference, reward, 1 + s), reference, strength, policy, path
    )


def unbeaten(name: str, reference: np.ndarray, above: np.ndarray) -> Family:
    """The Nash policy, from the reference to the maximal lottery."""
    reference = np.asarray(reference, float)
    strength = np.concatenate([[0.0], np.geomspace(LEAST, 2000.0, STEPS)])
    path = [np.log(reference)]
    for s in strength[1:]:
        path.append(nash(reference, above, s, start=path[-1]))

    def of(s: float) -> np.ndarray:
        return np.exp(nash(reference, above, s, start=path[np.searchsorted(strength, s) - 1]))

    policy = np.exp(path)
    reached = np.maximum.accumulate(kl(policy, reference))
    return Family(name, of, reference, strength, policy, reached)


def maxmin(name: str, reference: np.ndarray, utility: np.ndarray) -> Family:
    """The policy for the worst-off group."""
    return _family(
        name, reference, lambda s: fairest(reference, utility, s), float(np.max(_gap(utility)))
    )


def personal(name: str, reference: np.ndarray, utility: np.ndarray, share: np.ndarray) -> Family:
    """Each group's own optimum, at one price of KL for all: what conditioning on the user's latent
    allows. Its KL is the mean over users."""
    return _family(
        name, reference, lambda s: tilted(reference, utility, s), float(np.max(_gap(utility))),
        share=np.asarray(share, float),
    )  # fmt: skip


def _gap(reward: np.ndarray) -> np.ndarray:
    """Between the best and the worst."""
    return np.ptp(np.asarray(reward, float), axis=-1)


@dataclass(frozen=True)
class Worth:
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
    satisfied: np.ndarray
    favourite: np.ndarray
    distortion: float


def worth(policy: np.ndarray, utility: np.ndarray, share: np.ndarray) -> Worth:
    """Judge a policy ``[completions]``, or one for each group ``[groups, completions]``.

    Args:
        utility: ``[groups, completions]``; share: of the groups ``[groups]``.
    """
    from scrl.voting.distortion.welfare import ratio

    each = np.broadcast_to(policy, utility.shape)
    by_group = np.sum(each * utility, axis=1)
    low, high = utility.min(axis=1), utility.max(axis=1)
    span = np.where(high > low, high - low, 1.0)
    satisfied = np.where(high > low, (by_group - low) / span, 1.0)
    best = utility >= high[:, None] - 1e-12
    mean = float(share @ by_group)
    return Worth(
        mean,
        float(satisfied.min()),
        by_group,
        satisfied,
        np.sum(each * best, axis=1),
        float(ratio((share @ utility).max(), mean, (utility >= 0).all())),
    )
