"""Solvers for lotteries: symmetric zero-sum games and stable committee lotteries."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE

#: Most candidates for which supports of three and five are tried for all contests at once.
MAX_SUPPORT_CANDIDATES = 12
#: Absolute values up to this are zero but for rounding.
ROUNDING = 1e-12


def nearest_to_uniform(constraints: np.ndarray) -> np.ndarray:
    """The p ``[candidates]`` of least ‖p‖² with p ≥ 0, Σp = 1 and constraints · p ≥ 0, for
    ``constraints [rows, candidates]``.

    A least-distance programme, solved as non-negative least squares (Lawson & Hanson 1974, ch.
    23). It suffices to require Σp ≥ 1, since scaling p down keeps the other constraints.
    """
    m = constraints.shape[1]
    system = np.concatenate([np.eye(m), constraints, np.ones((1, m))]).T
    last = np.zeros((1, system.shape[1]))
    last[0, -1] = 1.0
    system, target = np.concatenate([system, last]), np.zeros(m + 1)
    target[-1] = 1.0
    residual = system @ nonnegative_least_squares(system, target) - target
    p = np.maximum(-residual[:m] / residual[m], 0.0)
    p[p < ROUNDING] = 0.0
    return p / p.sum()


def nonnegative_least_squares(system: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The u ≥ 0 with the least ‖system · u - target‖, by Lawson and Hanson's active-set method.

    ``scipy.optimize.nnls`` (1.17) is not used: on the linearly dependent columns that tied pairs
    give, it stops early and writes out of bounds.
    """
    u = np.zeros(system.shape[1])
    passive, dependent = np.zeros(len(u), bool), np.zeros(len(u), bool)
    for _ in range(20 * len(u)):
        gradient = np.where(passive | dependent, -np.inf, system.T @ (target - system @ u))
        j = int(np.argmax(gradient))
        if gradient[j] <= ROUNDING:
            break
        passive[j] = True
        best = _least_squares(system, target, passive)
        if best[j] <= ROUNDING:  # the column depends on the passive ones, but for rounding
            passive[j], dependent[j] = False, True
            continue
        dependent[:] = False
        while (best[passive] <= ROUNDING).any():
            blocking = passive & (best <= ROUNDING)
            step = np.min(u[blocking] / np.maximum(u[blocking] - best[blocking], ROUNDING))
            u = u + min(step, 1.0) * (best - u)
            passive &= u > ROUNDING
            u[~passive] = 0.0
            best = _least_squares(system, target, passive)
        u = best
    if (system.T @ (system @ u - target)).min() < -1e-10:  # not optimal: a slower, robust solver
        from scipy.optimize import lsq_linear

        u = lsq_linear(system, target, (0, np.inf), "bvls", 1e-15, max_iter=1000 * len(u)).x
    return u


def _least_squares(system: np.ndarray, target: np.ndarray, passive: np.ndarray) -> np.ndarray:
    """Unconstrained least squares in the ``passive`` columns, 0 elsewhere ``[columns]``."""
    u = np.zeros(system.shape[1])
    u[passive] = np.linalg.lstsq(system[:, passive], target, rcond=None)[0]
    return u


# -- symmetric games ------------------------------------------------------------------------------


def solve_symmetric_games(margin: np.ndarray) -> np.ndarray:
    """Optimal mixed strategies ``[games, m]`` of symmetric zero-sum games with the skew-symmetric
    payoffs ``margin [games, m, m]`` of row against column; of several, the nearest to uniform.

    A row that beats all others is the unique optimum. Otherwise supports of three and five are
    tried in closed form. On an odd support S, the mixture with payoff 0 against every member of S
    is given by Pfaffians of the payoffs without each member. If it is positive on S and has a
    positive payoff against every row outside S, it is the unique optimum: an optimal q has
    q'Mp = 0, so that q lies in S and has payoff 0 there. The remaining games have ties or a large
    support, and are solved one by one.
    """
    games, m = margin.shape[:2]
    margin = margin / np.maximum(np.abs(margin).max(axis=(1, 2), keepdims=True), ROUNDING)
    p = np.zeros((games, m))
    is_winner = (margin > TIE_TOLERANCE).sum(2) == m - 1
    p[is_winner] = 1.0
    unsolved = np.flatnonzero(~is_winner.any(1))
    for size in (3, 5):
        if size <= m <= MAX_SUPPORT_CANDIDATES and len(unsolved):
            unsolved = unsolved[~_solve_by_support(margin, p, unsolved, size)]
    for i in unsolved:
        p[i] = nearest_to_uniform(margin[i].T)
    return p


def _solve_by_support(
    margin: np.ndarray, p: np.ndarray, unsolved: np.ndarray, size: int
) -> np.ndarray:
    """Write into ``p`` the unique optima with a support of this size, and return which of the
    ``unsolved`` games have one ``[unsolved]``."""
    is_solved = np.zeros(len(unsolved), bool)
    for rows in combinations(range(margin.shape[1]), size):
        open_games = np.flatnonzero(~is_solved)
        if not len(open_games):
            break
        games, support = unsolved[open_games], np.array(rows)
        q = _pfaffians(margin[games[:, None, None], support[:, None], support])
        total = q.sum(1)
        q = q / np.where(np.abs(total) > 1e-6, total, np.inf)[:, None]
        payoff = np.einsum("gs,gsm->gm", q, margin[games[:, None], support])
        payoff[:, support] = np.inf
        optimal = (q > 1e-7).all(1) & (payoff > 1e-7).all(1)
        p[games[optimal][:, None], support] = q[optimal]
        is_solved[open_games[optimal]] = True
    return is_solved


def _pfaffians(a: np.ndarray) -> np.ndarray:
    """(-1)^i Pf(a without row and column i) of skew-symmetric ``a [games, size, size]``, size 3 or
    5: this vector ``[games, size]`` spans the kernel of a."""
    size = a.shape[-1]
    out = np.empty(a.shape[:2])
    for i in range(size):
        k = [j for j in range(size) if j != i]
        if size == 3:
            pfaffian = a[:, k[0], k[1]]
        else:
            w, x, y, z = k
            pfaffian = a[:, w, x] * a[:, y, z] - a[:, w, y] * a[:, x, z] + a[:, w, z] * a[:, x, y]
        out[:, i] = (-1) ** i * pfaffian
    return out


# -- stable lotteries -----------------------------------------------------------------------------


def stable_committee_lottery(
    behind: np.ndarray, weight: np.ndarray, size: int, step: float = 2.0
) -> tuple[np.ndarray, float]:
    """A stable lottery over committees of ``size`` members.

    A committee is drawn by choosing one round of the iteration and then ``size`` members
    independently from its mixture y (a member drawn twice leaves a seat open). The gain of
    candidate a is the probability that a voter prefers a to the whole committee,
    f_a(y) = Σ_v w_v (y-weight strictly behind a on ballot v)^size. For a drawn from y the expected
    gain is at most 1/(size + 1): of size + 1 exchangeable candidates, at most one is strictly ahead
    of the rest. So at an equilibrium, where y is a best response to itself, no candidate gains
    more. Optimistic multiplicative weights, which count the last round's gain twice, converge to
    it (Cheng, Jiang, Munagala & Wang 2020 prove by such an equilibrium that stable lotteries
    exist). The iteration runs in windows of doubling length, until in one of them no candidate
    gains 10^-5 more than y. If the weights cycle, the step is halved. The result is anonymous and
    neutral.

    Args:
        behind: whether a ballot puts b strictly behind a ``[ballots, a, b]``.
        weight: of the ballots ``[ballots]``, summing to one.
        size: number of committee members.
        step: initial step size of the multiplicative weights.

    Returns:
        The probability of each candidate to be a given member ``[candidates]``, and the largest
        expected share of voters who prefer one candidate to all members: at most
        1/(size + 1) + 10^-3, where a stable lottery needs less than 1/size.
    """
    m = behind.shape[1]
    behind = behind.astype(float)
    while True:
        logits, last_gain = np.zeros(m), np.zeros(m)
        for window in 2 ** np.arange(5, 14):
            gains, mixture, mean_gain = np.zeros(m), np.zeros(m), 0.0
            for _ in range(window):
                y = np.exp(logits - logits.max())
                y /= y.sum()
                gain = weight @ (behind @ y) ** size
                logits = logits + step * (2 * gain - last_gain)
                gains, mixture, last_gain = gains + gain, mixture + y, gain
                mean_gain += y @ gain
            if gains.max() - mean_gain <= 1e-5 * window:
                break
        if gains.max() / window <= 1 / (size + 1) + 1e-3:
            return mixture / window, float(gains.max() / window)
        step /= 2
