"""What is known of preferences and reward models, each claim computed where it is shown.

Every function takes what a slider says and returns plain arrays; those that draw a curve take many
values at once. Rewards are exact maximum-likelihood scores of Bradley–Terry, centred at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.choice_models.newton import maximise
from scrl.types import Ballots, InputError
from scrl.voting import RULES, aggregate_all, weak_order
from scrl.voting.anonymous_profile import AnonymousProfile

#: Weight of all comparisons together, at which the prior that keeps rewards finite says nothing.
SURE = 1e6


def wins(profile: AnonymousProfile) -> np.ndarray:
    """The weight of the ballots that rank a above b, ties half ``[candidates, candidates]``."""
    a, b = profile.place[:, :, None], profile.place[:, None, :]
    both = (a >= 0) & (b >= 0) & ~np.eye(len(profile.names), dtype=bool)
    return np.einsum("v,vab->ab", profile.weight, both * ((a < b) + 0.5 * (a == b)))


def shares(won: np.ndarray) -> np.ndarray:
    """P(a ≻ b) from wins ``[..., candidates, candidates]``; ½ where two never met."""
    met = won + np.swapaxes(won, -1, -2)
    return np.where(met > 0, won / np.where(met > 0, met, 1.0), 0.5)


def rewards(won: np.ndarray) -> np.ndarray:
    """The Bradley–Terry maximum-likelihood scores ``[..., candidates]`` of wins
    ``[..., candidates, candidates]``, mean zero."""
    total = won.sum((-1, -2), keepdims=True)
    return fit_bradley_terry(SURE * won / np.where(total > 0, total, 1.0))


def _lottery(duels: np.ndarray) -> np.ndarray:
    """The maximal lottery of P(a ≻ b) ``[candidates, candidates]``."""
    return RULES["maximal-lottery"].count(duels[None])[0]


# -- Bradley–Terry is Borda -----------------------------------------------------------------------

#: With shares under which Memphis' ballots decide how far Morristown falls.
TENNESSEE = AnonymousProfile.from_orders(
    ("Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"),
    [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [2, 3, 4, 1, 0], [3, 4, 2, 1, 0]],
    [0.30, 0.25, 0.15, 0.30],
    ("Memphis", "Nashville", "Chattanooga", "Knoxville"),
)


@dataclass(frozen=True, eq=False)
class Missing:
    """Rewards where one candidate is left off some ballots.

    Attributes:
        names: of the candidates.
        borda: mean points on complete ballots ``[candidates]``.
        reward: ``[..., candidates]``.
        agrees: whether rewards order the candidates as Borda does ``[...]``.
    """

    names: tuple[str, ...]
    borda: np.ndarray
    reward: np.ndarray
    agrees: np.ndarray


def missing(left_out) -> Missing:
    """Morristown is left off the share ``left_out [...]`` of ballots from elsewhere, and off a
    ninth of that share of Memphis' ballots: .9 gives the blog's 10 % against 90 %."""
    left_out = np.asarray(left_out, float)
    shown = 1 - left_out[..., None] * np.array([1 / 9, 1, 1, 1])
    whole = TENNESSEE.place[:, :, None] < TENNESSEE.place[:, None, :]
    touched = np.zeros(whole.shape[1:], bool)
    touched[-1], touched[:, -1] = True, True
    counted = np.where(touched, shown[..., None, None], 1.0) * TENNESSEE.weight[:, None, None]
    borda = wins(TENNESSEE).sum(1)
    reward = rewards((counted * whole).sum(-3))
    agrees = (weak_order(reward) == weak_order(borda)).all(-1)
    return Missing(TENNESSEE.names, borda, reward, agrees)


@dataclass(frozen=True, eq=False)
class Hidden:
    """Alternatives on a line, seen without the context that decides what some are worth.

    Attributes:
        a: the alternatives ``[alternatives]``, the middles of equal steps from 0 to 1.
        expected: mean utility; borda: mean of P(a ≻ b) over all b, itself included; reward: what
            Bradley–Terry learns; all ``[alternatives]``.
        before, after: the Borda score on either side of where the context begins to matter.
    """

    a: np.ndarray
    expected: np.ndarray
    borda: np.ndarray
    reward: np.ndarray
    before: float
    after: float


def hidden_context(chance: float = 0.5, start: float = 0.8, alternatives: int = 100) -> Hidden:
    """Alternative a is worth a below ``start``; from there 2a with probability ``chance``, else 0,
    drawn afresh for each alternative (Siththaranjan, Laidlaw & Hadfield-Menell 2023).

    With p the chance and s the start, the Borda score is a + (1-p)(1-s) below, and above it
    p(s + (1-p)(1-s) + p(a-s)) + (1-p)²(1-s)/2.
    """
    a = (np.arange(alternatives) + 0.5) / alternatives
    risky = a >= start
    # The two values an alternative may have, and how likely the first is.
    high, low, likely = np.where(risky, 2 * a, a), np.where(risky, 0, a), np.where(risky, chance, 1)
    above = np.zeros((alternatives, alternatives))
    for mine, p in ((high, likely), (low, 1 - likely)):
        for other, q in ((high, likely), (low, 1 - likely)):
            ahead = 0.5 + 0.5 * np.sign(mine[:, None] - other)
            above += p[:, None] * q * ahead
    np.fill_diagonal(above, 0.5)
    luck, width = 1 - chance, 1 - start
    return Hidden(
        a, likely * high + (1 - likely) * low, above.mean(1),
        rewards(above * ~np.eye(alternatives, dtype=bool)),
        start + luck * width,
        chance * (start + luck * width) + luck**2 * width / 2,
    )  # fmt: skip


# -- cycles ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cycle:
    """What a reward model, and what a lottery, make of duels.

    Attributes:
        names: of the candidates.
        duels: P(a ≻ b) ``[candidates, candidates]``.
        reward, lottery: ``[candidates]``.
        right: share of all answers that the reward's order gets right, ties half.
        most: the most that any reward's order gets right.
    """

    names: tuple[str, ...]
    duels: np.ndarray
    reward: np.ndarray
    lottery: np.ndarray
    right: float
    most: float


def _cycle(profile: AnonymousProfile) -> Cycle:
    won = wins(profile)
    reward, duels = rewards(won), shares(won)
    m = len(profile.names)
    return Cycle(
        profile.names, duels, reward, _lottery(duels), _right(won, reward),
        max(_right(won, np.array(order)) for order in permutations(range(m))),
    )  # fmt: skip


def _right(won: np.ndarray, score: np.ndarray) -> float:
    """The share of the comparisons won that the scores' order predicts; ties within 1e-9 half."""
    gap = score[:, None] - score
    return float((won * np.where(np.abs(gap) <= 1e-9, 0.5, gap > 0)).sum() / won.sum())


def intransitive(steady: float = 0.0) -> Cycle:
    """Raters asked for each pair once: all say A ≻ B and B ≻ C; of the third pair the share
    ``steady`` says A ≻ C and the rest C ≻ A, three pair ballots that no order holds.

    Raises:
        InputError: for a share outside 0 up to, but not, 1, where rewards are no longer finite.
    """
    if not 0 <= steady < 1:
        raise InputError("The share of consistent raters lies between 0 and 1, 1 left out.")
    orders = [[0, 1], [1, 2], [2, 0], [0, 2]]
    keep = [0, 1, 2, 3] if steady else [0, 1, 2]
    weight = np.array([1, 1, 1 - steady, steady])
    return _cycle(AnonymousProfile.from_orders("ABC", [orders[i] for i in keep], weight[keep]))


def condorcet_cycle(weight: float = 1.0) -> Cycle:
    """Ballots ABC, BCA and CAB: ``weight`` of the first and one of each other."""
    return _cycle(
        AnonymousProfile.from_orders("ABC", [[0, 1, 2], [1, 2, 0], [2, 0, 1]], [weight, 1, 1])
    )


# -- pairwise blindness ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Blind:
    """Two populations with the same duels.

    Attributes:
        names: of the candidates.
        orders: the four ballots; weight: their shares in the two populations ``[2, 4]``.
        duels: P(a ≻ b) in the two ``[2, candidates, candidates]``.
        served: share of raters who prefer none, one and both of a (to b) and c (to d) ``[2, 3]``.
        follows: P(c ≻ d | a ≻ b), what a model of individuals learns ``[2]``.
        apart: the rules that tell the two apart; alike: those that cannot.
    """

    names: tuple[str, ...]
    orders: tuple[str, ...]
    weight: np.ndarray
    duels: np.ndarray
    served: np.ndarray
    follows: np.ndarray
    apart: tuple[str, ...]
    alike: tuple[str, ...]


def blindness(second: float = 1.0) -> Blind:
    """½ abcd + ½ badc, beside the same with the share ``second`` of either ballot exchanged for
    ½ bacd + ½ abdc. Counts by every rule that orders are enough for."""
    orders = ("abcd", "badc", "bacd", "abdc")
    profile = AnonymousProfile.from_orders("abcd", [["abcd".index(c) for c in o] for o in orders])
    one, other = (np.array([1 - t, 1 - t, t, t]) / 2 for t in (0.0, second))
    weight = np.stack([one, other])
    place = profile.place
    liked = (place[:, 0] < place[:, 1]).astype(int) + (place[:, 2] < place[:, 3])
    served = np.stack([(weight * (liked == n)).sum(1) for n in range(3)], axis=1)
    first = place[:, 0] < place[:, 1]
    follows = (weight * (liked == 2)).sum(1) / (weight * first).sum(1)
    above = 0.5 + 0.5 * np.sign(place[:, None, :] - place[:, :, None])
    rules = RULES.ordinal
    outcomes = aggregate_all(Ballots(np.stack([-place, -place]), weight=weight), rules)
    apart = tuple(
        name for name, o in outcomes.items()
        if (o.place[0] != o.place[1]).any() or not np.allclose(*o.scores, rtol=0, atol=1e-6)
    )  # fmt: skip
    return Blind(
        profile.names, orders, weight, np.einsum("pv,vab->pab", weight, above), served, follows,
        apart, tuple(name for name in rules if name not in apart),
    )  # fmt: skip


# -- an irrelevant alternative --------------------------------------------------------------------

COLOURS = AnonymousProfile.from_orders(("R", "G", "B"), [[0, 1, 2], [2, 0, 1]], [2, 3])


@dataclass(frozen=True, eq=False)
class Irrelevant:
    """Two voters R ≻ G ≻ B and three B ≻ R ≻ G, with G compared less often than R and B.

    Attributes:
        names: R, G, B.
        reward: ``[..., 3]``; NaN for G where it is never compared.
        lottery: the maximal lottery of all three; without: of R and B alone, G 0; both ``[3]``.
        switch: how often, relative to R and B, G is compared where R and B change places.
    """

    names: tuple[str, ...]
    reward: np.ndarray
    lottery: np.ndarray
    without: np.ndarray
    switch: float


def irrelevant(offered) -> Irrelevant:
    """Each comparison with G counts ``offered [...]`` times one of R and B; 0 is without G."""
    offered = np.asarray(offered, float)
    duels = shares(wins(COLOURS))
    alone = _lottery(duels[::2, ::2])
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        ahead = _with_g(np.array(middle))
        low, high = (low, middle) if ahead[0] > ahead[2] else (middle, high)
    return Irrelevant(
        COLOURS.names, _with_g(offered), _lottery(duels), np.array([alone[0], 0, alone[1]]), high
    )


def _with_g(offered: np.ndarray) -> np.ndarray:
    touches = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    reward = rewards(np.where(touches, offered[..., None, None], 1.0) * wins(COLOURS))
    never = (offered == 0)[..., None] & np.array([False, True, False])
    return np.where(never, np.nan, reward)


# -- a unanimous preference overturned ------------------------------------------------------------

POINTS = ("a", "b", "c", "a′", "b′", "c′")
#: What the two kinds of voter maximise.
TASTES = np.array([[1.0, 1.0], [-1.0, 0.0]])


@dataclass(frozen=True, eq=False)
class Overturned:
    """The best linear reward for voters with linear utilities.

    Attributes:
        points: ``[..., 6, 2]``, in the order of ``POINTS``.
        theta: the reward's direction ``[..., 2]``.
        gap: r(c′) - r(c) ``[...]``: below 0, what all prefer is ranked behind.
        unanimous: whether every voter prefers c′ to c ``[...]``.
    """

    points: np.ndarray
    theta: np.ndarray
    gap: np.ndarray
    unanimous: np.ndarray


def overturned(epsilon, delta=2.0, share=0.6) -> Overturned:
    """Points a(2,1), b(1,1), c(0,0), a′(2-ε,1), b′(1-ε,1), c′(-ε,δε); the ``share`` of voters
    maximises x + y and the rest -x; every pair is compared equally often, and the linear reward of
    the greatest Bradley–Terry likelihood is learnt (Ge et al. 2024). Arguments broadcast.

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
    utility = points @ TASTES.T
    i, j = np.array(list(combinations(range(6), 2))).T
    step = points[..., i, :] - points[..., j, :]
    prefer = 0.5 + 0.5 * np.sign(utility[..., i, :] - utility[..., j, :])
    target = prefer[..., 0] * share[..., None] + prefer[..., 1] * (1 - share[..., None])
    theta = _logistic(step, target)
    gap = ((points[..., 5, :] - points[..., 2, :]) * theta).sum(-1)
    unanimous = (utility[..., 5, :] > utility[..., 2, :]).all(-1)
    return Overturned(points, theta, gap, unanimous)


def _logistic(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The θ ``[..., d]`` of the greatest likelihood for P = σ(x·θ), from x ``[..., rows, d]`` and
    P's target ``[..., rows]``."""

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
    """Rules whose worst case is published: title, with unit-sum utilities, in a metric space."""
    return [
        {"rule": rule.title, "unit-sum utilities": rule.distortion[0], "metric": rule.distortion[1]}
        for rule in RULES.values()
        if any(rule.distortion)
    ]
