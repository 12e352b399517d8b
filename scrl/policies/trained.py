"""Policies that are trained, on one prompt: DPO on pairs, and learners that try what they propose.

Every learner has one logit a completion, so that what it ends at can be compared with the closed
form; several are trained at once.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scrl.choice_models.bradley_terry import check_finite_optimum
from scrl.config import Schedule
from scrl.networks.training import fit
from scrl.policies.exact import exponential_tilt
from scrl.random_streams import KeyStream, jax_key
from scrl.types import InputError

#: Full batches, no exploration: the learning rate only cools.
OFFLINE = Schedule(
    rate=5e-2, warmup=20, explore=(0, 0), ramp=0, cool=1500, decay=0.0, chunk=250
)  # fmt: skip
ONLINE = Schedule(rate=3e-2, warmup=20, explore=(0, 0), ramp=0, cool=1500, decay=0.0, chunk=250)
#: Completions that an online learner proposes at a step.
DRAWS = 64


class DpoFit(NamedTuple):
    """Policies trained by direct preference optimisation, one for each β.

    Attributes:
        policy: ``[betas, completions]``.
        reward: the implicit one, β log(π / π_ref), of mean 0 ``[betas, completions]``.
    """

    policy: np.ndarray
    reward: np.ndarray


def dpo(key: jax.Array, wins: np.ndarray, reference: np.ndarray, betas) -> DpoFit:
    """Minimise -Σ wins[a, b] log σ(β log(π_a / π_ref,a) - β log(π_b / π_ref,b)) (Rafailov et al.
    2023, equation 7).

    Args:
        wins: comparisons that a won over b ``[m, m]``; betas: ``[betas]``, above 0.
    """
    wins = np.asarray(wins, np.float32)
    data = tuple(map(jnp.asarray, (wins / wins.sum(), np.log(reference), np.asarray(betas))))
    start = jnp.tile(data[1][None], (len(data[2]), 1)).astype(jnp.float32)
    logits, _ = fit(key, _dpo_loss, start, data, OFFLINE)
    policy = np.asarray(jax.nn.softmax(logits), np.float64)
    reward = np.asarray(betas)[:, None] * np.log(policy / reference)
    return DpoFit(policy, reward - reward.mean(axis=1, keepdims=True))


def _dpo_loss(logits, key, data, phase):
    wins, base, betas = data
    # Each policy is on a scale of its own, which keeps one learning rate right for all β.
    reward = betas[:, None] * (jax.nn.log_softmax(logits) - base)
    gap = reward[:, :, None] - reward[:, None, :]
    each = -jnp.sum(wins * jax.nn.log_sigmoid(gap), axis=(1, 2))
    return jnp.sum(each / betas**2), {"watched": jnp.mean(each)}


def reinforce(
    key: jax.Array, reward: np.ndarray, reference: np.ndarray, betas, schedule: Schedule = ONLINE
) -> np.ndarray:
    """Policies that propose completions, are told their reward less β log(π / π_ref), and follow
    the gradient of its mean (REINFORCE, each draw against the mean of the others: Ahmadian et al.
    2024).

    Args:
        reward: ``[completions]``, or one for each policy ``[betas, completions]``.

    Returns:
        ``[betas, completions]``.
    """
    betas = jnp.asarray(betas, jnp.float32)
    reward = jnp.broadcast_to(jnp.asarray(reward, jnp.float32), (len(betas), len(reference)))
    data = (reward, jnp.log(jnp.asarray(reference, jnp.float32)), betas)
    start = jnp.tile(data[1][None], (len(betas), 1))
    logits, _ = fit(key, _reinforce_loss, start, data, schedule)
    return np.asarray(jax.nn.softmax(logits), np.float64)


def _reinforce_loss(logits, key, data, phase):
    reward, base, betas = data

    def one(logits, key, reward, beta):
        log = jax.nn.log_softmax(logits)
        drawn = jax.random.categorical(key, jax.lax.stop_gradient(logits), shape=(DRAWS,))
        got = jax.lax.stop_gradient(reward - beta * (log - base))[drawn]
        others = (jnp.sum(got) - got) / (DRAWS - 1)
        return -jnp.mean((got - others) * log[drawn]) / beta, jnp.mean(got)

    each, got = jax.vmap(one)(logits, jax.random.split(key, len(logits)), reward, betas)
    return jnp.sum(each), {"watched": -jnp.mean(got)}


class TrainedPolicies(NamedTuple):
    """What training on a prompt ends at, beside the closed form of Bradley–Terry's reward.

    Attributes:
        reward: Bradley–Terry's, of mean 0 ``[completions]``; implicit: the one in DPO's policy.
        closed, offline, online: the optimum of that reward, DPO's policy, and that of a learner
            which proposes completions and is told the reward ``[completions]``.
        bounded: whether the comparisons have a finite optimum; where one completion is never
            beaten by another, DPO's policy drifts for as long as it is trained.
    """

    reward: np.ndarray
    implicit: np.ndarray
    closed: np.ndarray
    offline: np.ndarray
    online: np.ndarray
    bounded: bool


def train_policies(
    wins: np.ndarray, reward: np.ndarray, reference: np.ndarray, beta: float, seed: int
) -> TrainedPolicies:
    """DPO on the comparisons ``[m, m]``, and REINFORCE against their Bradley–Terry reward."""
    key_offline, key_online = jax.random.split(jax_key(seed, KeyStream.POLICIES))
    trained = dpo(key_offline, wins, reference, [beta])
    online = reinforce(key_online, reward, reference, [beta])
    try:
        check_finite_optimum(np.asarray(wins) > 0)
        bounded = True
    except InputError:
        bounded = False
    closed = exponential_tilt(reference, reward, 1 / beta)
    return TrainedPolicies(
        reward - reward.mean(), trained.reward[0], closed, trained.policy[0], online[0], bounded
    )


def total_variation(policy: np.ndarray, other: np.ndarray) -> float:
    """Total variation between two policies: the share that is proposed otherwise."""
    return float(0.5 * np.abs(policy - other).sum())


class LearningCurve(NamedTuple):
    """A learner on its way.

    Attributes:
        labels: comparisons it had been given ``[points]``; policy: then ``[points, completions]``.
    """

    labels: np.ndarray
    policy: np.ndarray


def train_on_queries(
    key: jax.Array, above: np.ndarray, reference: np.ndarray, beta: float, known: np.ndarray,
    online: bool,
) -> LearningCurve:  # fmt: skip
    """DPO on one comparison after another: of pairs of ``known`` completions, or of the two that
    the policy itself proposes.

    Args:
        above: chance that a rater prefers a to b ``[m, m]``; known: bool ``[m]``, those that the
            data cover, which bind only where it is not ``online``.
    """
    data = (
        jnp.asarray(above, jnp.float32), jnp.log(jnp.asarray(reference, jnp.float32)),
        jnp.float32(beta), jnp.log(jnp.asarray(known, jnp.float32)), jnp.asarray(online),
    )  # fmt: skip
    points = [np.asarray(reference, float)]
    schedule = Schedule(rate=3e-2, warmup=10, explore=(0, 0), ramp=0, cool=600, decay=0.0, chunk=20)

    def note(state, curves, done):
        points.append(np.asarray(jax.nn.softmax(state.params), np.float64))

    fit(key, _asking_loss, data[1], data, schedule, note)
    labels = DRAWS * schedule.chunk * np.arange(len(points))
    return LearningCurve(labels, np.array(points))


def _asking_loss(logits, key, data, phase):
    above, base, beta, known, online = data
    key_pairs, key_labels = jax.random.split(key)
    proposed = jnp.where(online, jax.lax.stop_gradient(logits), known)
    # Two different ones, in proportion to their chances: the two largest perturbed logits.
    noise = jax.random.gumbel(key_pairs, (DRAWS, len(logits)))
    _, pair = jax.lax.top_k(proposed + noise, 2)
    first, second = pair.T
    won = jax.random.uniform(key_labels, (DRAWS,)) < above[first, second]
    reward = beta * (jax.nn.log_softmax(logits) - base)
    gap = jnp.where(won, 1, -1) * (reward[first] - reward[second])
    loss = -jnp.mean(jax.nn.log_sigmoid(gap))
    return loss / beta**2, {"watched": loss}


#: The toy of what data cover: what four completions are worth, in log-odds, and how often the
#: reference proposes each. The best is rare.
COVERAGE_NAMES, COVERAGE_UTILITY = "ABCD", np.array([0.0, 1.0, 1.5, 4.0])
COVERAGE_REFERENCE = np.array([0.3, 0.3, 0.3, 0.1])


def coverage_experiment(
    covered: bool, beta: float, seed: int
) -> tuple[LearningCurve, LearningCurve]:
    """A learner on fixed pairs, and one on pairs that it proposes itself.

    Args:
        covered: whether the fixed pairs hold the best completion.
    """
    gap = COVERAGE_UTILITY[:, None] - COVERAGE_UTILITY[None, :]
    above, known = 1 / (1 + np.exp(-gap)), np.array([True, True, True, covered])
    key = jax_key(seed, KeyStream.COVERAGE)
    fixed, own = (
        train_on_queries(key, above, COVERAGE_REFERENCE, beta, known, online)
        for online in (False, True)
    )
    return fixed, own
