"""Maximum-likelihood rules: rewards of a Bradley–Terry or Plackett–Luce model of the voters.

Rewards are log-odds with mean zero. Each has a Gaussian prior of standard deviation 10, as in
``choice_models.bradley_terry``. A rule reads shares, so that doubling every ballot changes nothing;
against the prior all ballots together count as ``PRIOR_VOTERS`` voters. The prior is too wide to
change the third decimal of a reported reward, and keeps the reward of an unbeaten candidate finite.
Candidates that no ballot compares with another have reward zero.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from scrl.choice_models.newton import newton_step
from scrl.voting.contest import Contest
from scrl.voting.namespace import Array, map_rows, namespace_of, sigmoid, while_loop
from scrl.voting.registry import rule

#: Number of voters that the ballots of a contest stand for against the prior.
PRIOR_VOTERS = 10_000
#: Standard deviation of the prior.
PRIOR_SD = 10.0
#: Precision of the prior per unit of weight.
PRECISION = 1 / (PRIOR_VOTERS * PRIOR_SD**2)
#: Range of a Newton step below which only rounding error is left, and the limit of steps.
TOLERANCE, MAX_STEPS = 1e-7, 500

Derivatives = Callable[[Array], tuple[Array, Array]]
#: Rewards, range of the last step and number of steps.
State = tuple[Array, Array, Array]


def maximise(xp: ModuleType, derivatives: Derivatives, size: int) -> Array:
    """The rewards ``[size]`` that maximise the log-likelihood plus the log-prior.

    Args:
        xp: ``numpy`` or ``jax.numpy``.
        derivatives: of rewards ``[size]``, the gradient ``[size]`` of the log-likelihood and its
            negative Hessian ``[size, size]``.
    """

    def gradient_at(reward: Array) -> Array:
        return derivatives(reward)[0] - PRECISION * reward

    def step(state: State) -> State:
        reward, _, steps = state
        gradient, neg_hessian = derivatives(reward)
        gradient = gradient - PRECISION * reward
        direction = xp.linalg.solve(neg_hessian + PRECISION * xp.eye(size), gradient)
        span = xp.max(direction) - xp.min(direction)
        return newton_step(reward, direction, span, gradient_at, xp), span, steps + 1

    def unfinished(state: State) -> Array:
        return (state[1] > TOLERANCE) & (state[2] < MAX_STEPS)

    start = (xp.zeros(size), xp.array(xp.inf), xp.array(0))
    return while_loop(xp, unfinished, step, start)[0]


def center_rewards(reward: Array, is_compared: Array) -> Array:
    """Rewards with mean exactly zero over the compared candidates, and zero for the others.

    The prior already centres them; this removes the rounding error of the mean.
    """
    xp = namespace_of(reward)
    mean = xp.sum(xp.where(is_compared, reward, 0.0)) / xp.maximum(xp.sum(is_compared), 1)
    return xp.where(is_compared, reward - mean, 0.0)


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
def bradley_terry(profile: Contest) -> Array:
    xp = profile.xp
    total = xp.where(profile.opponents, profile.both_ranked, 0.0)
    wins = total * profile.share_above

    def derivatives(reward: Array) -> tuple[Array, Array]:
        probability = sigmoid(xp, reward[:, None] - reward[None, :])
        variance = total * probability * (1 - probability)
        neg_hessian = xp.diag(xp.sum(variance, axis=1)) - variance
        return xp.sum(wins - total * probability, axis=1), neg_hessian

    return center_rewards(maximise(xp, derivatives, profile.size), xp.any(total > 0, axis=1))


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
def plackett_luce(profile: Contest) -> Array:
    """The likelihood is Hunter's (2004, section 5). No sort is needed: choice sets of a ballot are
    nested, so that the sum over the choice sets of two candidates is the smaller of their sums."""
    xp, u, ranked, weight = profile.xp, profile.utility, profile.ranked, profile.weight

    def by_candidate(function: Callable[..., Array], *arrays: Array) -> Array:
        """``function`` of each candidate's row of ``u``, ``ranked`` and ``arrays``, 0 where a
        ballot does not rank the candidate ``[candidates, voters]``."""
        return map_rows(xp, lambda *row: xp.where(row[1], function(*row), 0.0), u, ranked, *arrays)

    # Candidates tied at a place share its choice: each has 1 / tied of it.
    tied = by_candidate(lambda row, _: xp.sum(ranked & (u == row), axis=0).astype(float))
    part = xp.where(ranked, 1 / xp.maximum(tied, 1.0), 0.0)
    chosen = part @ weight

    def derivatives(reward: Array) -> tuple[Array, Array]:
        strength = xp.exp(reward)
        # The total strength of the choice set in which the candidate is chosen.
        total = by_candidate(lambda row, _: strength @ (ranked & (u <= row)).astype(float))
        total = xp.where(ranked, total, 1.0)
        inverse, inverse_square = part / total, part / total / total
        # Sums over all choice sets that contain the candidate.
        first = by_candidate(lambda row, _: xp.sum(xp.where(u >= row, inverse, 0.0), axis=0))
        second = by_candidate(
            lambda row, _: xp.sum(xp.where(u >= row, inverse_square, 0.0), axis=0)
        )
        shared = map_rows(xp, lambda row: xp.minimum(row, second) @ weight, second)
        expected = strength * (first @ weight)
        neg_hessian = xp.diag(expected) - strength[:, None] * strength[None, :] * shared
        return chosen - expected, neg_hessian

    compared = xp.where(profile.opponents, profile.both_ranked, 0.0)
    return center_rewards(maximise(xp, derivatives, profile.size), xp.any(compared > 0, axis=1))
