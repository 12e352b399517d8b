"""Published results on preferences and reward models, computed from their parameters.

Every function takes the parameters of a slider and returns plain arrays; arguments written
``[...]`` may have any shape, so that a curve is one call. Rewards are exact maximum-likelihood
scores of Bradley–Terry, centred at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from scrl.choice_models.newton import maximise
from scrl.studies.pairwise_rewards import (
    bradley_terry_rewards,
    maximal_lottery,
    win_shares,
    wins,
)
from scrl.types import InputError
from scrl.voting import RULES, weak_order
from scrl.voting.profiles.profile import Profile

# -- Bradley–Terry is Borda -----------------------------------------------------------------------

#: Tennessee with Morristown.
TENNESSEE = Profile.from_orders(
    ("Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"),
    [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [2, 3, 4, 1, 0], [3, 4, 2, 1, 0]],
    [0.30, 0.25, 0.15, 0.30],
    ("Memphis", "Nashville", "Chattanooga", "Knoxville"),
)


@dataclass(frozen=True, eq=False)
class MissingCandidate:
    """Bradley–Terry rewards where one candidate is missing from some ballots.

    Attributes:
        names: of the candidates.
        borda: Borda scores of complete ballots ``[candidates]``.
        reward: ``[..., candidates]``.
        agrees: whether the rewards' order is Borda's ``[...]``.
    """

    names: tuple[str, ...]
    borda: np.ndarray
    reward: np.ndarray
    agrees: np.ndarray


def missing_candidate(left_out: ArrayLike) -> MissingCandidate:
    """Rewards where Morristown is missing from some ballots.

    Args:
        left_out: share of the other cities' ballots without Morristown ``[...]``; of Memphis'
            ballots it is a ninth of that. The blog post has .9, and so .1.
    """
    left_out = np.asarray(left_out, float)
    shown = 1 - left_out[..., None] * np.array([1 / 9, 1, 1, 1])
    above = TENNESSEE.place[:, :, None] < TENNESSEE.place[:, None, :]
    with_morristown = np.zeros(above.shape[1:], bool)
    with_morristown[-1], with_morristown[:, -1] = True, True
    shares_ranked = np.where(with_morristown, shown[..., None, None], 1.0)
    weight = shares_ranked * TENNESSEE.weight[:, None, None]
    borda = wins(TENNESSEE).sum(1)
    reward = bradley_terry_rewards((weight * above).sum(-3))
    agrees = (weak_order(reward) == weak_order(borda)).all(-1)
    return MissingCandidate(TENNESSEE.names, borda, reward, agrees)


@dataclass(frozen=True, eq=False)
class HiddenContextExample:
    """Alternatives on a line, some with a utility that depends on a hidden context.

    Attributes:
        a: the alternatives ``[alternatives]``, midpoints of equal parts of [0, 1].
        expected: expected utility; borda: mean of P(a ≻ b) over all b, a included; reward: the
            Bradley–Terry reward; all ``[alternatives]``.
        before, after: the Borda score just below and just above the start of the context.
    """

    a: np.ndarray
    expected: np.ndarray
    borda: np.ndarray
    reward: np.ndarray
    before: float
    after: float


def hidden_context(
    chance: float = 0.5, start: float = 0.8, alternatives: int = 100
) -> HiddenContextExample:
    """The one-dimensional example of hidden context (Siththaranjan, Laidlaw & Hadfield-Menell
    2023): alternative a has utility a below ``start``, and from there 2a with probability
    ``chance``, else 0, drawn for each alternative.

    With p the chance and s the start, the Borda score is a + (1-p)(1-s) below, and above it
    p(s + (1-p)(1-s) + p(a-s)) + (1-p)²(1-s)/2.
    """
    a = (np.arange(alternatives) + 0.5) / alternatives
    risky = a >= start
    # The two possible utilities, and the probability of the first.
    high, low, likely = np.where(risky, 2 * a, a), np.where(risky, 0, a), np.where(risky, chance, 1)
    above = np.zeros((alternatives, alternatives))
    for mine, p in ((high, likely), (low, 1 - likely)):
        for other, q in ((high, likely), (low, 1 - likely)):
            ahead = 0.5 + 0.5 * np.sign(mine[:, None] - other)
            above += p[:, None] * q * ahead
    np.fill_diagonal(above, 0.5)
    luck, width = 1 - chance, 1 - start
    return HiddenContextExample(
        a, likely * high + (1 - likely) * low, above.mean(1),
        bradley_terry_rewards(above * ~np.eye(alternatives, dtype=bool)),
        start + luck * width,
        chance * (start + luck * width) + luck**2 * width / 2,
    )  # fmt: skip


# -- an irrelevant alternative --------------------------------------------------------------------

COLOURS = Profile.from_orders(("R", "G", "B"), [[0, 1, 2], [2, 0, 1]], [2, 3])


@dataclass(frozen=True, eq=False)
class IrrelevantAlternative:
    """Two voters R ≻ G ≻ B and three B ≻ R ≻ G, with G compared less often than R and B.

    Attributes:
        names: R, G, B.
        reward: ``[..., 3]``; NaN for G where it is never compared.
        lottery: the maximal lottery of all three; lottery_without: of R and B alone, G 0; both
            ``[3]``.
        switch: the frequency of comparisons with G, relative to those of R and B, at which R and B
            change places.
    """

    names: tuple[str, ...]
    reward: np.ndarray
    lottery: np.ndarray
    lottery_without: np.ndarray
    switch: float


def irrelevant_alternative(offered: ArrayLike) -> IrrelevantAlternative:
    """Rewards where G is offered less often.

    Args:
        offered: weight of a comparison with G, relative to one of R and B ``[...]``; 0 is without
            G.
    """
    offered = np.asarray(offered, float)
    duels = win_shares(wins(COLOURS))
    alone = maximal_lottery(duels[::2, ::2])
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        ahead = _rewards_with_g(np.array(middle))
        low, high = (low, middle) if ahead[0] > ahead[2] else (middle, high)
    return IrrelevantAlternative(
        COLOURS.names,
        _rewards_with_g(offered),
        maximal_lottery(duels),
        np.array([alone[0], 0, alone[1]]),
        high,
    )


def _rewards_with_g(offered: np.ndarray) -> np.ndarray:
    touches = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    reward = bradley_terry_rewards(np.where(touches, offered[..., None, None], 1.0) * wins(COLOURS))
    never = (offered == 0)[..., None] & np.array([False, True, False])
    return np.where(never, np.nan, reward)


# -- a reward against a unanimous preference ------------------------------------------------------

POINTS = ("a", "b", "c", "a′", "b′", "c′")
#: Linear utilities of the two kinds of voter ``[kinds, 2]``.
VOTER_UTILITIES = np.array([[1.0, 1.0], [-1.0, 0.0]])


@dataclass(frozen=True, eq=False)
class ReversedUnanimity:
    """The maximum-likelihood linear reward of voters with linear utilities.

    Attributes:
        points: ``[..., 6, 2]``, in the order of ``POINTS``.
        theta: the reward's direction ``[..., 2]``.
        gap: r(c′) - r(c) ``[...]``; below 0 the reward reverses a unanimous preference.
        unanimous: whether every voter prefers c′ to c ``[...]``.
    """

    points: np.ndarray
    theta: np.ndarray
    gap: np.ndarray
    unanimous: np.ndarray


def reversed_unanimity(
    epsilon: ArrayLike, delta: ArrayLike = 2.0, share: ArrayLike = 0.6
) -> ReversedUnanimity:
    """Points a(2,1), b(1,1), c(0,0), a′(2-ε,1), b′(1-ε,1), c′(-ε,δε); the ``share`` of voters has
    utility x + y and the rest -x. All pairs are compared equally often, and the linear reward of
    maximum Bradley–Terry likelihood is fitted (Ge et al. 2024). Arguments broadcast.

    Raises:
        InputError: for a share outside (0, 1) or ε that is not above 0.
    """
    epsilon, delta, share = np.broadcast_arrays(*np.atleast_1d(epsilon, delta, share))
    if not ((share > 0) & (share < 1)).all() or not (epsilon > 0).all():
        raise InputError("The share lies between 0 and 1, and ε above 0.")
    one, zero = np.ones(epsilon.shape), np.zeros(epsilon.shape)
    points = np.stack(
        [np.stack(xy, -1) for xy in (
            (2 * one, one), (one, one), (zero, zero), (2 - epsilon, one), (1 - epsilon, one),
            (-epsilon, delta * epsilon),
        )], -2,
    )  # fmt: skip
    utility = points @ VOTER_UTILITIES.T
    i, j = np.array(list(combinations(range(6), 2))).T
    step = points[..., i, :] - points[..., j, :]
    prefer = 0.5 + 0.5 * np.sign(utility[..., i, :] - utility[..., j, :])
    target = prefer[..., 0] * share[..., None] + prefer[..., 1] * (1 - share[..., None])
    theta = _fit_logistic(step, target)
    gap = ((points[..., 5, :] - points[..., 2, :]) * theta).sum(-1)
    unanimous = (utility[..., 5, :] > utility[..., 2, :]).all(-1)
    return ReversedUnanimity(points, theta, gap, unanimous)


def _fit_logistic(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The maximum-likelihood θ ``[..., d]`` of P = σ(x·θ).

    Args:
        x: ``[..., rows, d]``; target: observed P ``[..., rows]``.
    """

    def derivatives(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chance = expit(np.einsum("...rd,...d->...r", x, theta))
        gradient = np.einsum("...rd,...r->...d", x, target - chance)
        neg_hessian = np.einsum("...rd,...r,...re->...de", x, chance * (1 - chance), x)
        return gradient, np.linalg.solve(neg_hessian, gradient[..., None])[..., 0]

    def span_of(direction: np.ndarray) -> np.ndarray:
        change = np.einsum("...rd,...d->...r", x, direction)
        return np.abs(change).max(-1, keepdims=True)

    start = np.zeros((*x.shape[:-2], x.shape[-1]))
    return maximise(derivatives, start, span_of, tolerance=1e-9)


# -- bounds ---------------------------------------------------------------------------------------


def published_bounds() -> list[dict[str, str]]:
    """Rules with a published worst-case distortion: title, with unit-sum utilities, in a metric
    space."""
    return [
        {"rule": rule.title, "unit-sum utilities": rule.distortion[0], "metric": rule.distortion[1]}
        for rule in RULES.values()
        if any(rule.distortion)
    ]
