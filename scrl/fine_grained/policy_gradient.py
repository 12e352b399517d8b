"""Policy gradients that give the segments of a text credit in different ways.

A policy chooses an option for each segment, independently of the others, from a softmax. It starts
uniform and follows the REINFORCE gradient of a batch of sampled texts, with the mean of the batch
as a baseline. What differs is the reward that the choice of a segment is credited with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: How a segment's choice is credited. ``end``: with the reward of the whole text. ``to-go``: with
#: the rewards of its own and of later segments. ``own``: with the reward of its segment.
#: ``critic``: by a linear regression of whole rewards on the options chosen in all texts so far.
#: ``exact``: by the expected gradient, as if infinitely many texts were sampled.
CREDITS = ("end", "to-go", "own", "critic", "exact")
#: Ridge penalty of the critic.
CRITIC_RIDGE = 0.1


@dataclass
class _Critic:
    """Sums of a regression of whole rewards on chosen options, of several runs.

    Attributes:
        gram: ``[runs, segments × options, segments × options]``.
        moment: ``[runs, segments × options]``.
    """

    gram: np.ndarray
    moment: np.ndarray

    def update(self, chosen: np.ndarray, total: np.ndarray) -> None:
        """Add texts; ``chosen`` is one-hot ``[runs, texts, segments, options]``."""
        rows = chosen.reshape(*chosen.shape[:2], -1)
        self.gram += rows.swapaxes(1, 2) @ rows
        self.moment += (rows * total[..., None]).sum(1)

    def credits(self) -> np.ndarray:
        """The fitted share of each option in the reward ``[runs, segments × options]``."""
        penalty = CRITIC_RIDGE * np.eye(self.gram.shape[-1])
        return np.linalg.solve(self.gram + penalty, self.moment[..., None])[..., 0]


def updates_to_target(
    rewards: np.ndarray,
    credit: str,
    rate: ArrayLike,
    rng: np.random.Generator,
    *,
    truth: np.ndarray | None = None,
    batch: int = 4,
    target: float = 0.95,
    most: int = 3000,
) -> np.ndarray:
    """Updates until the expected quality reaches a share of the way from start to optimum.

    Args:
        rewards: what each option of each segment is paid ``[runs, segments, options]``.
        credit: one of ``CREDITS``.
        rate: learning rate of each run ``[runs]``, or one for all.
        rng: consumed.
        truth: the quality of each option, same shape; the rewards themselves where None.
        batch: texts sampled for an update.
        target: the share, 0 at the uniform policy and 1 at the best text.
        most: updates after which a run ends; its result is ``most``.

    Returns:
        ``[runs]``.
    """
    runs, segments, options = rewards.shape
    truth = rewards if truth is None else truth
    truth = truth - truth.mean(2, keepdims=True)
    best = truth.max(2).sum(1)
    rate = np.broadcast_to(np.asarray(rate, float), (runs,)).copy()
    logits, needed = np.zeros_like(rewards), np.full(runs, most)
    active = np.arange(runs)
    size = segments * options
    critic = _Critic(np.zeros((runs, size, size)), np.zeros((runs, size)))
    if credit != "critic":
        critic = _Critic(np.zeros((runs, 0, 0)), np.zeros((runs, 0)))
    for step in range(most):
        policy = _softmax(logits[active])
        reached = (policy * truth[active]).sum((1, 2)) >= target * best[active]
        needed[active[reached]] = step
        if reached.any():
            active, policy = active[~reached], policy[~reached]
            critic = _Critic(critic.gram[~reached], critic.moment[~reached])
        if not len(active):
            break
        gradient = _gradient(policy, rewards[active], credit, batch, rng, critic)
        logits[active] += rate[active, None, None] * gradient
    return needed


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def _gradient(
    policy: np.ndarray,
    rewards: np.ndarray,
    credit: str,
    batch: int,
    rng: np.random.Generator,
    critic: _Critic,
) -> np.ndarray:
    """Gradient of the expected reward with respect to the logits, estimated from a batch."""
    if credit == "exact":
        return policy * (rewards - (policy * rewards).sum(2, keepdims=True))
    runs, segments, options = policy.shape
    draws = rng.random((runs, batch, segments, 1))
    taken = (draws > policy.cumsum(2)[:, None, :, :-1]).sum(-1)
    chosen = (taken[..., None] == np.arange(options)).astype(float)
    paid = (chosen * rewards[:, None]).sum(3)
    if credit == "critic":
        critic.update(chosen, paid.sum(2))
        fitted = critic.credits().reshape(policy.shape)
        return policy * (fitted - (policy * fitted).sum(2, keepdims=True))
    if credit == "end":
        paid = np.broadcast_to(paid.sum(2, keepdims=True), paid.shape)
    elif credit == "to-go":
        paid = paid[..., ::-1].cumsum(2)[..., ::-1]
    advantage = (paid - paid.mean(1, keepdims=True)) * batch / (batch - 1)
    return ((chosen - policy[:, None]) * advantage[..., None]).mean(1)


def best_rate(
    rewards: np.ndarray, credit: str, rates: Sequence[float], rng: np.random.Generator, most: int
) -> float:
    """The learning rate with which these runs need the fewest updates on average."""
    runs = len(rewards)
    repeated = np.tile(rewards, (len(rates), 1, 1))
    needed = updates_to_target(repeated, credit, np.repeat(rates, runs), rng, most=most)
    return float(rates[int(needed.reshape(len(rates), runs).mean(1).argmin())])
