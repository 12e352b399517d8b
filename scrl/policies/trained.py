"""Trained policies of one prompt: DPO on comparisons, and REINFORCE and online DPO on own samples.

A policy has one logit per completion, so that the result can be compared with the closed form.
Several policies are trained at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from scrl.choice_models.bradley_terry import check_finite_optimum
from scrl.config import Schedule
from scrl.networks.training import FitState, Phase, fit
from scrl.policies.exact import exponential_tilt
from scrl.random_streams import KeyStream, jax_key
from scrl.types import InputError

#: Without exploration or ramp, the learning rate only cools.
OFFLINE = Schedule(
    rate=5e-2, warmup=20, explore=(0, 0), ramp=0, cool=1500, decay=0.0, chunk=250
)  # fmt: skip
ONLINE = Schedule(rate=3e-2, warmup=20, explore=(0, 0), ramp=0, cool=1500, decay=0.0, chunk=250)
#: Samples of an online learner per step.
DRAWS = 64


class DpoFit(NamedTuple):
    """Policies trained by direct preference optimisation, one for each β.

    Attributes:
        policy: ``[betas, completions]``.
        reward: the implicit reward β log(π / π_ref), with mean 0 ``[betas, completions]``.
    """

    policy: np.ndarray
    reward: np.ndarray


def dpo(key: jax.Array, wins: np.ndarray, reference: np.ndarray, betas: ArrayLike) -> DpoFit:
    """Direct preference optimisation: minimise -Σ wins[a, b] log σ(β log(π_a / π_ref,a) -
    β log(π_b / π_ref,b)) (Rafailov et al. 2023, equation 7).

    Args:
        key: consumed.
        wins: number of comparisons that a won over b ``[m, m]``.
        reference: ``[m]``, all above 0.
        betas: one for each policy ``[betas]``, above 0.
    """
    wins = np.asarray(wins, np.float32)
    data = tuple(map(jnp.asarray, (wins / wins.sum(), np.log(reference), np.asarray(betas))))
    start = jnp.tile(data[1][None], (len(data[2]), 1)).astype(jnp.float32)
    logits, _ = fit(key, _dpo_loss, start, data, OFFLINE)
    policy = np.asarray(jax.nn.softmax(logits), np.float64)
    reward = np.asarray(betas)[:, None] * np.log(policy / reference)
    return DpoFit(policy, reward - reward.mean(axis=1, keepdims=True))


def _dpo_loss(
    logits: jax.Array, key: jax.Array, data: Any, phase: Phase
) -> tuple[jax.Array, dict[str, jax.Array]]:
    wins, base, betas = data
    # The loss is divided by β², so that one learning rate suits every β.
    reward = betas[:, None] * (jax.nn.log_softmax(logits) - base)
    gap = reward[:, :, None] - reward[:, None, :]
    losses = -jnp.sum(wins * jax.nn.log_sigmoid(gap), axis=(1, 2))
    return jnp.sum(losses / betas**2), {"watched": jnp.mean(losses)}


def reinforce(
    key: jax.Array,
    reward: np.ndarray,
    reference: np.ndarray,
    betas: ArrayLike,
    schedule: Schedule = ONLINE,
) -> np.ndarray:
    """REINFORCE with a leave-one-out baseline on reward - β log(π / π_ref) (Ahmadian et al. 2024).

    Args:
        key: consumed.
        reward: ``[completions]``, or one for each policy ``[betas, completions]``.
        reference: ``[completions]``, all above 0.
        betas: one for each policy ``[betas]``, above 0.
        schedule: of the training.

    Returns:
        The policies ``[betas, completions]``.
    """
    beta = jnp.asarray(betas, jnp.float32)
    rewards = jnp.broadcast_to(jnp.asarray(reward, jnp.float32), (len(beta), len(reference)))
    data = (rewards, jnp.log(jnp.asarray(reference, jnp.float32)), beta)
    start = jnp.tile(data[1][None], (len(beta), 1))
    logits, _ = fit(key, _reinforce_loss, start, data, schedule)
    return np.asarray(jax.nn.softmax(logits), np.float64)


def _reinforce_loss(
    logits: jax.Array, key: jax.Array, data: Any, phase: Phase
) -> tuple[jax.Array, dict[str, jax.Array]]:
    reward, base, betas = data

    def policy_loss(
        logits: jax.Array, key: jax.Array, reward: jax.Array, beta: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        log_policy = jax.nn.log_softmax(logits)
        drawn = jax.random.categorical(key, jax.lax.stop_gradient(logits), shape=(DRAWS,))
        returns = jax.lax.stop_gradient(reward - beta * (log_policy - base))[drawn]
        baseline = (jnp.sum(returns) - returns) / (DRAWS - 1)
        return -jnp.mean((returns - baseline) * log_policy[drawn]) / beta, jnp.mean(returns)

    keys = jax.random.split(key, len(logits))
    losses, mean_return = jax.vmap(policy_loss)(logits, keys, reward, betas)
    return jnp.sum(losses), {"watched": -jnp.mean(mean_return)}


class TrainedPolicies(NamedTuple):
    """Trained policies of a prompt, and the closed-form optimum.

    Attributes:
        reward: Bradley–Terry rewards with mean 0 ``[completions]``.
        implicit: the implicit reward of DPO's policy ``[completions]``.
        closed: the closed-form optimum of ``reward`` ``[completions]``.
        offline: DPO's policy ``[completions]``.
        online: REINFORCE's policy for ``reward`` ``[completions]``.
        bounded: whether the comparisons' likelihood has a finite maximum. If not, DPO's policy
            diverges from the reference for as long as it is trained.
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
    """Train DPO on comparisons, and REINFORCE on their Bradley–Terry reward.

    Args:
        wins: number of comparisons that a won over b ``[m, m]``.
        reward: Bradley–Terry rewards of ``wins`` ``[m]``.
        reference: ``[m]``, all above 0.
        beta: weight of the KL.
        seed: of the training.
    """
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
        reward=reward - reward.mean(),
        implicit=trained.reward[0],
        closed=closed,
        offline=trained.policy[0],
        online=online[0],
        bounded=bounded,
    )


def total_variation(policy: np.ndarray, other: np.ndarray) -> float:
    """Total variation distance between two policies."""
    return float(0.5 * np.abs(policy - other).sum())


class LearningCurve(NamedTuple):
    """A policy during training.

    Attributes:
        labels: number of labelled comparisons so far ``[points]``.
        policy: the policy at that point ``[points, completions]``.
    """

    labels: np.ndarray
    policy: np.ndarray


def train_on_queries(
    key: jax.Array, above: np.ndarray, reference: np.ndarray, beta: float, known: np.ndarray,
    online: bool,
) -> LearningCurve:  # fmt: skip
    """Train DPO on a stream of labelled pairs.

    Args:
        key: consumed.
        above: probability that a rater prefers a to b ``[m, m]``.
        reference: ``[m]``, all above 0.
        beta: weight of the KL.
        known: the completions covered by offline data, bool ``[m]``; ignored if ``online``.
        online: whether pairs are sampled from the policy itself rather than from ``known``.
    """
    data = (
        jnp.asarray(above, jnp.float32), jnp.log(jnp.asarray(reference, jnp.float32)),
        jnp.float32(beta), jnp.log(jnp.asarray(known, jnp.float32)), jnp.asarray(online),
    )  # fmt: skip
    points = [np.asarray(reference, float)]
    schedule = Schedule(rate=3e-2, warmup=10, explore=(0, 0), ramp=0, cool=600, decay=0.0, chunk=20)

    def record(state: FitState, curves: dict[str, np.ndarray], done: float) -> None:
        points.append(np.asarray(jax.nn.softmax(state.params), np.float64))

    fit(key, _query_loss, data[1], data, schedule, record)
    labels = DRAWS * schedule.chunk * np.arange(len(points))
    return LearningCurve(labels, np.array(points))


def _query_loss(
    logits: jax.Array, key: jax.Array, data: Any, phase: Phase
) -> tuple[jax.Array, dict[str, jax.Array]]:
    above, base, beta, known, online = data
    key_pairs, key_labels = jax.random.split(key)
    proposed = jnp.where(online, jax.lax.stop_gradient(logits), known)
    # The two largest perturbed logits are a draw of two different completions (Gumbel top-k).
    noise = jax.random.gumbel(key_pairs, (DRAWS, len(logits)))
    _, pair = jax.lax.top_k(proposed + noise, 2)
    first, second = pair.T
    won = jax.random.uniform(key_labels, (DRAWS,)) < above[first, second]
    reward = beta * (jax.nn.log_softmax(logits) - base)
    gap = jnp.where(won, 1, -1) * (reward[first] - reward[second])
    loss = -jnp.mean(jax.nn.log_sigmoid(gap))
    return loss / beta**2, {"watched": loss}


#: The coverage experiment: names and utilities in log-odds of four completions, and their
#: probabilities under the reference policy. The best completion is rare.
COVERAGE_NAMES, COVERAGE_UTILITY = "ABCD", np.array([0.0, 1.0, 1.5, 4.0])
COVERAGE_REFERENCE = np.array([0.3, 0.3, 0.3, 0.1])


def coverage_experiment(
    covered: bool, beta: float, seed: int
) -> tuple[LearningCurve, LearningCurve]:
    """Learning curves of offline and online DPO.

    Args:
        covered: whether the offline pairs contain the best completion.
        beta: weight of the KL.
        seed: of the training.
    """
    gap = COVERAGE_UTILITY[:, None] - COVERAGE_UTILITY[None, :]
    above, known = expit(gap), np.array([True, True, True, covered])
    key = jax_key(seed, KeyStream.COVERAGE)
    offline, online = (
        train_on_queries(key, above, COVERAGE_REFERENCE, beta, known, own_pairs)
        for own_pairs in (False, True)
    )
    return offline, online
