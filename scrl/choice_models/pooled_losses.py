"""Losses on pooled pairs whose optimum is a voting rule: Borda, Copeland or Kemeny.

P[a, b] is the share of comparisons in which a is preferred to b, ties half. All losses are
functions of P and of gaps s = r_a - r_b of one reward for each candidate: no ballots, no raters.

*Borda.* (i) Σ_{a<b} (r_a - r_b - (2 P[a, b] - 1))², each pair counted once. Its derivative in r_a
is 0 where m r_a - Σ r = Σ_b (2 P[a, b] - 1). So centred rewards are 2 (Borda - (m - 1) / 2) / m.
(ii) The logistic loss, each pair counted once. At its optimum Σ_b σ(r_a - r_b) = Σ_b P[a, b], and
the left side is larger for the larger of two rewards. So rewards have Borda's order. Where pairs
count as often as they are compared, neither holds.

*Copeland.* (iii) Loss (i) with the target tanh(k (2 P - 1)). By (i) rewards are means of the
targets. For k → ∞ targets are 1, 0, -1 for a win, a tie, a loss, and rewards are
(2 Copeland - (m - 1)) / m. If every strict majority has |2 P - 1| ≥ δ, then tanh(k δ) > 1 - 1 / (2
(m - 1)) suffices for every strict pair of Copeland's order: sums of targets then err by less than
½, and differ by 1 at least. No loss with one optimum that is continuous in P can do this, so no
strictly convex expectation over single comparisons can. For a ≻ b, b ≻ c, a ≻ c Copeland's scores
are 2, 1, 0. As P[a, c] falls to ½ they are 1.5, 1, .5, and below it all are 1: rewards that are
equal there would have to be equal in the limit too. The step must act on pooled shares.

*Kemeny.* (iv) Σ_{a≠b} P[a, b] σ(r_b - r_a), with the loss -σ(s) in place of -log σ(s). With
independent standard Gumbel noise g, σ(r_b - r_a) is the chance of r_b + g_b > r_a + g_a (Luce &
Suppes 1965). So the loss is the expected Kemeny cost of a random order, and at least the least
cost. Rewards that grow along a Kemeny order reach it in the limit. The loss is not convex.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import checked_counts

#: Shares within this of ½ are ties.
TIE = 1e-9
#: Steps and step size of gradient descent on the bounded loss, and the greatest gap of its rewards.
STEPS, RATE, MAX_GAP = 600, 0.5, 30.0
#: Standard deviation of random starts.
START_SD = 1.0
#: Most candidates whose orders are all tried.
MAX_ENUMERATED = 8


def win_shares(wins: np.ndarray) -> np.ndarray:
    """P of counts of wins ``[..., m, m]``: ½ on the diagonal and where a pair is not compared.

    Raises:
        InputError: for wins that are negative or not finite.
    """
    wins = checked_counts(wins, "wins")
    total = wins + np.swapaxes(wins, -1, -2)
    return np.where(total > 0, wins / np.where(total > 0, total, 1.0), 0.5)


def squared_loss_rewards(
    above: np.ndarray, steepness: float = 0.0, weight: np.ndarray | None = None
) -> np.ndarray:
    """Centred rewards ``[m]`` that minimise the squared loss (i), or (iii) if steepness is above 0.

    Args:
        above: P ``[m, m]``.
        steepness: k of the target tanh(k (2 P - 1)); 0 for 2 P - 1, ``inf`` for the sign.
        weight: of each pair, symmetric ``[m, m]``; by default each counts once. With the numbers of
            comparisons as weights the order is not Borda's (HodgeRank; Jiang et al. 2011).
    """
    margin = 2 * above - 1
    margin = np.where(np.abs(margin) < 2 * TIE, 0.0, margin)
    target = margin
    if np.isinf(steepness):
        target = np.sign(margin)
    elif steepness > 0:
        target = np.tanh(steepness * margin)
    m = len(above)
    each = np.ones((m, m)) if weight is None else np.array(weight, float)
    np.fill_diagonal(each, 0.0)
    laplacian = np.diag(each.sum(1)) - each
    return np.linalg.pinv(laplacian) @ (each * target).sum(1)


def enough_steepness(above: np.ndarray) -> float:
    """A steepness above which (iii) has Copeland's order wherever Copeland's scores differ."""
    margin = np.abs(2 * above - 1)
    strict = margin[margin > 2 * TIE]
    m = len(above)
    return float(np.arctanh(1 - 1 / (2 * (m - 1))) / strict.min()) if len(strict) else 0.0


def disagreement_loss(rewards: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The bounded loss (iv) ``[...]`` of rewards ``[..., m]``."""
    chance = expit(rewards[..., None, :] - rewards[..., :, None])
    m = above.shape[-1]
    return (above * chance * (1 - np.eye(m))).sum((-2, -1))


def order_cost(rewards: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Kemeny's cost ``[...]`` of the order by rewards: disagreeing shares, tied pairs half."""
    gap = rewards[..., :, None] - rewards[..., None, :]
    wrong = np.where(gap < 0, 1.0, np.where(gap == 0, 0.5, 0.0))
    m = above.shape[-1]
    return (above * wrong * (1 - np.eye(m))).sum((-2, -1))


def bounded_loss_rewards(above: np.ndarray, starts: int, rng: np.random.Generator) -> np.ndarray:
    """Rewards ``[m]`` from gradient descent on the bounded loss (iv).

    Args:
        above: P ``[m, m]``.
        starts: the first is 0, whose first step goes towards Borda's scores; the others are random,
            and the result of least ``order_cost`` is returned.
        rng: of the random starts.
    """
    m = len(above)
    rewards = START_SD * rng.standard_normal((starts, m))
    rewards[0] = 0.0
    for _ in range(STEPS):
        chance = expit(rewards[:, None, :] - rewards[:, :, None])
        slope = (above - above.T) * chance * (1 - chance)
        rewards = rewards + RATE * slope.sum(2)
        rewards -= rewards.mean(1, keepdims=True)
        np.clip(rewards, -MAX_GAP, MAX_GAP, out=rewards)
    return rewards[order_cost(rewards, above).argmin()]


def least_order_cost(above: np.ndarray) -> float:
    """Kemeny's least cost, by trying every order.

    Raises:
        ValueError: for more than ``MAX_ENUMERATED`` candidates.
    """
    m = len(above)
    if m > MAX_ENUMERATED:
        raise ValueError(f"Orders of at most {MAX_ENUMERATED} candidates are enumerated.")
    orders = np.array(list(permutations(range(m))))
    first, second = np.triu_indices(m, 1)
    return float(above[orders[:, second], orders[:, first]].sum(1).min())
