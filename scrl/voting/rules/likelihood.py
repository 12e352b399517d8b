"""Maximum-likelihood rules: rewards of a Bradley–Terry or Plackett–Luce model of the voters.

Rewards are log-odds with mean zero. Each has a Gaussian prior of standard deviation 10, as in
``choice_models.bradley_terry``. A rule reads shares, so that doubling every ballot changes nothing;
against the prior all ballots together count as ``PRIOR_VOTERS`` voters. The prior is too wide to
change the third decimal of a reported reward, and keeps the reward of an unbeaten candidate finite.
Candidates that no ballot compares with another have reward zero.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from scrl.choice_models.newton import newton_step
from scrl.voting.contest import Contest
from scrl.voting.registry import rule

#: Number of voters that the ballots of a contest stand for against the prior.
PRIOR_VOTERS = 10_000
#: Standard deviation of the prior.
PRIOR_SD = 10.0
#: Precision of the prior per unit of weight.
PRECISION = 1 / (PRIOR_VOTERS * PRIOR_SD**2)
#: Range of a Newton step below which only rounding error is left, and the limit of steps.
TOLERANCE, MAX_STEPS = 1e-7, 500

Derivatives = Callable[[jax.Array], tuple[jax.Array, jax.Array]]
#: Rewards, range of the last step and number of steps.
State = tuple[jax.Array, jax.Array, jax.Array]


def maximise(derivatives: Derivatives, size: int) -> jax.Array:
    """The rewards ``[size]`` that maximise the log-likelihood plus the log-prior.

    Args:
        derivatives: of rewards ``[size]``, the gradient ``[size]`` of the log-likelihood and its
            negative Hessian ``[size, size]``.
    """

    def gradient_at(reward: jax.Array) -> jax.Array:
        return derivatives(reward)[0] - PRECISION * reward

    def step(state: State) -> State:
        reward, _, steps = state
        gradient, neg_hessian = derivatives(reward)
        gradient = gradient - PRECISION * reward
        direction = jnp.linalg.solve(neg_hessian + PRECISION * jnp.eye(size), gradient)
        span = jnp.max(direction) - jnp.min(direction)
        return newton_step(reward, direction, span, gradient_at, jnp), span, steps + 1

    def unfinished(state: State) -> jax.Array:
        return (state[1] > TOLERANCE) & (state[2] < MAX_STEPS)

    start = (jnp.zeros(size), jnp.array(jnp.inf), jnp.array(0))
    return jax.lax.while_loop(unfinished, step, start)[0]


def center_rewards(reward: jax.Array, is_compared: jax.Array) -> jax.Array:
    """Rewards with mean exactly zero over the compared candidates, and zero for the others.

    The prior already centres them; this removes the rounding error of the mean.
    """
    mean = jnp.sum(jnp.where(is_compared, reward, 0.0)) / jnp.maximum(jnp.sum(is_compared), 1)
    return jnp.where(is_compared, reward - mean, 0.0)


@rule(
    "bradley-terry",
    title="Bradley–Terry",
    family="likelihood",
    returns="scores",
    summary="The usual reward model. It gives each candidate a reward so that the pairs on the "
    "ballots become as likely as possible; with complete ballots the order is Borda's.",
    reference="Zermelo 1929, Bradley & Terry 1952; a ballot counts as all its pairs, a tied pair "
    "half each way, without absent candidates; prior of sd 10 against 10,000 voters",
    cost="n·m² + m³ a step",
    max_candidates=500,
)
def bradley_terry(profile: Contest) -> jax.Array:
    total = jnp.where(profile.opponents, profile.both_ranked, 0.0)
    wins = total * profile.share_above

    def derivatives(reward: jax.Array) -> tuple[jax.Array, jax.Array]:
        probability = jax.nn.sigmoid(reward[:, None] - reward[None, :])
        variance = total * probability * (1 - probability)
        neg_hessian = jnp.diag(jnp.sum(variance, axis=1)) - variance
        return jnp.sum(wins - total * probability, axis=1), neg_hessian

    return center_rewards(maximise(derivatives, profile.size), jnp.any(total > 0, axis=1))


@rule(
    "plackett-luce",
    title="Plackett–Luce",
    family="likelihood",
    returns="scores",
    summary="It gives each candidate a reward so that the whole ballots become as likely as "
    "possible. A ballot is read as a choice of the best, then of the best of the rest, "
    "and so on.",
    reference="Luce 1959, Plackett 1975; candidates tied at a place share one choice equally, "
    "without absent candidates; prior of sd 10 against 10,000 voters",
    cost="n·m² a step",
    max_candidates=100,
)
def plackett_luce(profile: Contest) -> jax.Array:
    """The likelihood is Hunter's (2004, section 5). No sort is needed: choice sets of a ballot are
    nested, so that the sum over the choice sets of two candidates is the smaller of their sums."""
    u = profile.utility
    ranked = jnp.broadcast_to(True if profile.ranked is None else profile.ranked, u.shape)
    weight = jnp.full(u.shape[1], 1 / u.shape[1]) if profile.weight is None else profile.weight

    def by_candidate(function: Callable[..., jax.Array], *arrays: jax.Array) -> jax.Array:
        """``function`` of each candidate's row of ``u``, ``ranked`` and ``arrays``, 0 where a
        ballot does not rank the candidate ``[candidates, voters]``."""
        return jax.lax.map(lambda row: jnp.where(row[1], function(*row), 0.0), (u, ranked, *arrays))

    # Candidates tied at a place share its choice: each has 1 / tied of it.
    tied = by_candidate(lambda row, _: jnp.sum(ranked & (u == row), axis=0).astype(float))
    part = jnp.where(ranked, 1 / jnp.maximum(tied, 1.0), 0.0)
    chosen = part @ weight

    def derivatives(reward: jax.Array) -> tuple[jax.Array, jax.Array]:
        strength = jnp.exp(reward)
        # The total strength of the choice set in which the candidate is chosen.
        total = by_candidate(lambda row, _: strength @ (ranked & (u <= row)).astype(float))
        total = jnp.where(ranked, total, 1.0)
        inverse, inverse_square = part / total, part / total / total
        # Sums over all choice sets that contain the candidate.
        first = by_candidate(lambda row, _: jnp.sum(jnp.where(u >= row, inverse, 0.0), axis=0))
        second = by_candidate(
            lambda row, _: jnp.sum(jnp.where(u >= row, inverse_square, 0.0), axis=0)
        )
        shared = jax.lax.map(lambda row: jnp.minimum(row, second) @ weight, second)
        expected = strength * (first @ weight)
        neg_hessian = jnp.diag(expected) - strength[:, None] * strength[None, :] * shared
        return chosen - expected, neg_hessian

    compared = jnp.where(profile.opponents, profile.both_ranked, 0.0)
    return center_rewards(maximise(derivatives, profile.size), jnp.any(compared > 0, axis=1))
