"""Rules that fit a model of noisy voters by maximum likelihood and report its rewards.

Rewards are in log-odds with mean zero. Each has the Gaussian prior of the exact check
(``bradley_terry``), standard deviation 10, against which the ballots weigh as ``VOTERS``
voters together: a rule sees shares, so that counting every ballot twice changes nothing. The prior
is too wide to move the third decimal of a figure here, and keeps an unbeaten candidate's reward
finite. Candidates that no ballot compares with any other are at zero.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from scrl.choice_models.newton import newton_step
from scrl.voting.profile import Profile
from scrl.voting.registry import rule

#: Voters as which the ballots of a contest weigh against the prior, and its standard deviation.
VOTERS, PRIOR_SD = 10_000, 10.0
#: The precision of the prior a unit of weight.
PRECISION = 1 / (VOTERS * PRIOR_SD**2)
#: Span of a step after which only rounding error is left, and the limit of steps.
TOLERANCE, MAX_STEPS = 1e-7, 500


def maximise(derivatives: Callable, size: int) -> jax.Array:
    """The rewards ``[size]`` that maximise the log-likelihood plus the log-prior.

    Args:
        derivatives: of rewards ``[size]``, the gradient ``[size]`` of the log-likelihood and its
            negative Hessian ``[size, size]``.
    """

    def gradient_at(reward):
        return derivatives(reward)[0] - PRECISION * reward

    def step(state):
        reward, _, steps = state
        gradient, neg_hessian = derivatives(reward)
        gradient = gradient - PRECISION * reward
        direction = jnp.linalg.solve(neg_hessian + PRECISION * jnp.eye(size), gradient)
        span = jnp.max(direction) - jnp.min(direction)
        return newton_step(reward, direction, span, gradient_at, jnp), span, steps + 1

    def unfinished(state):
        return (state[1] > TOLERANCE) & (state[2] < MAX_STEPS)

    return jax.lax.while_loop(unfinished, step, (jnp.zeros(size), jnp.inf, 0))[0]


def center_rewards(reward: jax.Array, known: jax.Array) -> jax.Array:
    """Without what rounding shifts all that was compared by; the rest is at zero."""
    mean = jnp.sum(jnp.where(known, reward, 0.0)) / jnp.maximum(jnp.sum(known), 1)
    return jnp.where(known, reward - mean, 0.0)


@rule(
    "bradley-terry",
    title="Bradley–Terry",
    family="likelihood",
    gives="scores",
    summary="The rewards under which the pairs that ballots compare are likeliest, a comparison "
    "going to a with the chance σ(reward of a − reward of b); with complete ballots, Borda's "
    "order.",
    reference="Zermelo 1929, Bradley & Terry 1952; a ballot is all its pairs, a tied pair half "
    "each way, absent candidates are in none; prior of sd 10 against 10,000 voters",
    cost="n·m² + m³ a step",
    max_candidates=500,
)
def bradley_terry(profile: Profile):
    total = jnp.where(profile.opponents, profile.both_ranked, 0.0)
    wins = total * profile.above

    def derivatives(reward):
        chance = jax.nn.sigmoid(reward[:, None] - reward[None, :])
        spread = total * chance * (1 - chance)
        neg_hessian = jnp.diag(jnp.sum(spread, axis=1)) - spread
        return jnp.sum(wins - total * chance, axis=1), neg_hessian

    return center_rewards(maximise(derivatives, profile.size), jnp.any(total > 0, axis=1))


@rule(
    "plackett-luce",
    title="Plackett–Luce",
    family="likelihood",
    gives="scores",
    summary="The rewards under which the ballots are likeliest, each read as choices from what "
    "remains, a candidate being chosen with a chance in proportion to exp(reward).",
    reference="Luce 1959, Plackett 1975; candidates tied at a place share one choice equally, "
    "absent candidates are in none; prior of sd 10 against 10,000 voters",
    cost="n·m² a step",
    max_candidates=100,
)
def plackett_luce(profile: Profile):
    """Slope and second derivative need no sort: the choices open to a candidate are nested, so what
    two candidates share is the lesser of what each has seen (Hunter 2004, section 5, gives the
    likelihood)."""
    u = profile.utility
    on = jnp.broadcast_to(True if profile.ranked is None else profile.ranked, u.shape)
    weight = profile.weight
    weight = jnp.full(u.shape[1], 1 / u.shape[1]) if weight is None else weight

    def rows(of, *arrays):
        """``of`` each candidate's row of the ballots, 0 where a ballot leaves it out."""
        return jax.lax.map(lambda a: jnp.where(a[1], of(*a), 0.0), (u, on, *arrays))

    tied = rows(lambda one, _: jnp.sum(on & (u == one), axis=0).astype(float))
    part = jnp.where(on, 1 / jnp.maximum(tied, 1.0), 0.0)
    chosen = part @ weight

    def derivatives(reward):
        strength = jnp.exp(reward)
        left = rows(lambda one, _: strength @ (on & (u <= one)).astype(float))
        once = part / jnp.where(on, left, 1.0)
        twice = once / jnp.where(on, left, 1.0)
        seen = rows(lambda one, _: jnp.sum(jnp.where(u >= one, once, 0.0), axis=0)) @ weight
        square = rows(lambda one, _: jnp.sum(jnp.where(u >= one, twice, 0.0), axis=0))
        shared = jax.lax.map(lambda row: jnp.minimum(row, square) @ weight, square)
        expected = strength * seen
        neg_hessian = jnp.diag(expected) - strength[:, None] * strength[None, :] * shared
        return chosen - expected, neg_hessian

    met = jnp.where(profile.opponents, profile.both_ranked, 0.0)
    return center_rewards(maximise(derivatives, profile.size), jnp.any(met > 0, axis=1))
