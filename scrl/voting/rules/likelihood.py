"""Rules that fit a model of noisy voters by maximum likelihood and report its rewards.

Rewards are in log-odds with mean zero. Each has the Gaussian prior of the exact check
(``bradley_terry``), standard deviation 10, against which the ballots weigh as ``VOTERS``
voters together: a rule sees shares, so that counting every ballot twice changes nothing. The prior
is too wide to move the third decimal of a figure here, and keeps an unbeaten candidate's reward
finite. Candidates that no ballot compares with any other are at zero.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from scrl.voting.profile import Profile
from scrl.voting.registry import rule

#: Voters as which the ballots of a contest weigh against the prior, and its standard deviation.
VOTERS, PRIOR_SD = 10_000, 10.0
#: The precision of the prior a unit of weight.
PRECISION = 1 / (VOTERS * PRIOR_SD**2)
#: A step after which only rounding is left, and the steps after which to give up.
CLOSE, STEPS = 1e-7, 500


def maximise(curve, size: int) -> jax.Array:
    """The rewards ``[size]`` at which the slope of the log-likelihood is that of the prior.

    Newton's method, as ``scrl.choice_models.bradley_terry.maximise``.

    Args:
        curve: of rewards ``[size]``, the slope ``[size]`` of the log-likelihood and minus its
            second derivative ``[size, size]``.
    """

    def step(state):
        reward, _, steps = state
        slope, bend = curve(reward)
        slope, bend = slope - PRECISION * reward, bend + PRECISION * jnp.eye(size)
        move = jnp.linalg.solve(bend, slope)
        width = jnp.max(move) - jnp.min(move)
        full = reward + move
        short = (curve(full)[0] - PRECISION * full) @ move >= 0
        damped = jnp.log1p(width) / jnp.where(width > 0, width, 1.0)
        return reward + jnp.where(short, 1.0, damped) * move, width, steps + 1

    def unfinished(state):
        return (state[1] > CLOSE) & (state[2] < STEPS)

    return jax.lax.while_loop(unfinished, step, (jnp.zeros(size), jnp.inf, 0))[0]


def recentred(reward: jax.Array, known: jax.Array) -> jax.Array:
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
    most=500,
)
def bradley_terry(profile: Profile):
    total = jnp.where(profile.opponents, profile.met, 0.0)
    wins = total * profile.above

    def curve(reward):
        chance = jax.nn.sigmoid(reward[:, None] - reward[None, :])
        bend = total * chance * (1 - chance)
        return jnp.sum(wins - total * chance, axis=1), jnp.diag(jnp.sum(bend, axis=1)) - bend

    return recentred(maximise(curve, profile.size), jnp.any(total > 0, axis=1))


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
    most=100,
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

    def curve(reward):
        strength = jnp.exp(reward)
        left = rows(lambda one, _: strength @ (on & (u <= one)).astype(float))
        once = part / jnp.where(on, left, 1.0)
        twice = once / jnp.where(on, left, 1.0)
        seen = rows(lambda one, _: jnp.sum(jnp.where(u >= one, once, 0.0), axis=0)) @ weight
        square = rows(lambda one, _: jnp.sum(jnp.where(u >= one, twice, 0.0), axis=0))
        shared = jax.lax.map(lambda row: jnp.minimum(row, square) @ weight, square)
        expected = strength * seen
        bend = jnp.diag(expected) - strength[:, None] * strength[None, :] * shared
        return chosen - expected, bend

    met = jnp.where(profile.opponents, profile.met, 0.0)
    return recentred(maximise(curve, profile.size), jnp.any(met > 0, axis=1))
