"""The games behind lotteries."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.optimize import lsq_linear

from scrl.voting.profile import TIE_TOLERANCE

#: Supports of three and five are tried for all contests at once up to so many candidates.
SMALL = 12
#: What rounding may leave of zero.
ROUNDING = 1e-12


def nearest_to_uniform(constraints: np.ndarray) -> np.ndarray:
    """The p ``[candidates]`` of least ‖p‖² with p ≥ 0, Σp = 1 and constraints · p ≥ 0, for
    ``constraints [rows, candidates]``.

    A least-distance programme, solved as non-negative least squares (Lawson & Hanson 1974, ch.
    23). Σp ≥ 1 will do, since shrinking p keeps the other constraints.
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
    """The u ≥ 0 with the least ‖system · u - target‖, by Lawson and Hanson's active sets.

    Ours, since ``scipy.optimize.nnls`` (1.17) stops early, and writes where it must not, on the
    dependent columns that tied duels give.
    """
    u = np.zeros(system.shape[1])
    passive, useless = np.zeros(len(u), bool), np.zeros(len(u), bool)
    for _ in range(20 * len(u)):
        slope = np.where(passive | useless, -np.inf, system.T @ (target - system @ u))
        j = int(np.argmax(slope))
        if slope[j] <= ROUNDING:
            break
        passive[j] = True
        best = _least_squares(system, target, passive)
        if best[j] <= ROUNDING:  # it depends on those in already, but for rounding
            passive[j], useless[j] = False, True
            continue
        useless[:] = False
        while (best[passive] <= ROUNDING).any():
            low = passive & (best <= ROUNDING)
            step = np.min(u[low] / np.maximum(u[low] - best[low], ROUNDING))
            u = u + min(step, 1.0) * (best - u)
            passive &= u > ROUNDING
            u[~passive] = 0.0
            best = _least_squares(system, target, passive)
        u = best
    if (system.T @ (system @ u - target)).min() < -1e-10:  # slower, and sure
        u = lsq_linear(system, target, (0, np.inf), "bvls", 1e-15, max_iter=1000 * len(u)).x
    return u


def _least_squares(system, target, passive) -> np.ndarray:
    u = np.zeros(system.shape[1])
    u[passive] = np.linalg.lstsq(system[:, passive], target, rcond=None)[0]
    return u


# -- symmetric games ------------------------------------------------------------------------------


def solve_symmetric_games(margin: np.ndarray) -> np.ndarray:
    """The optimal mixtures ``[games, m]`` of symmetric games with what row wins from column,
    ``margin [games, m, m]``, skew-symmetric; of several, the nearest to uniform.

    A row that wins from all others is alone optimal. Else supports of three and five are tried in
    closed form: on an odd support S the mixture that wins from nobody in S is the Pfaffians of
    what is left when each is taken out. If it is positive, and wins from everybody outside S, no
    other mixture is optimal: q optimal gives q'Mp = 0, so q lies in S, and wins from nobody there.
    What is then open has ties or a large support, and goes to the solver one by one.
    """
    games, m = margin.shape[:2]
    margin = margin / np.maximum(np.abs(margin).max(axis=(1, 2), keepdims=True), ROUNDING)
    p = np.zeros((games, m))
    alone = (margin > TIE_TOLERANCE).sum(2) == m - 1
    p[alone] = 1.0
    todo = np.flatnonzero(~alone.any(1))
    for size in (3, 5):
        if size <= m <= SMALL and len(todo):
            todo = todo[~_try_supports(margin, p, todo, size)]
    for i in todo:
        p[i] = nearest_to_uniform(margin[i].T)
    return p


def _try_supports(margin, p, todo, size: int) -> np.ndarray:
    """Fill in ``p`` of those games ``todo`` whose only optimum has this many rows; which."""
    found = np.zeros(len(todo), bool)
    for support in combinations(range(margin.shape[1]), size):
        left = np.flatnonzero(~found)
        if not len(left):
            break
        games, s = todo[left], np.array(support)
        q = _pfaffians(margin[games[:, None, None], s[:, None], s])
        total = q.sum(1)
        q = q / np.where(np.abs(total) > 1e-6, total, np.inf)[:, None]
        gain = np.einsum("gs,gsm->gm", q, margin[games[:, None], s])
        gain[:, s] = np.inf
        good = (q > 1e-7).all(1) & (gain > 1e-7).all(1)
        p[games[good][:, None], s] = q[good]
        found[left[good]] = True
    return found


def _pfaffians(a: np.ndarray) -> np.ndarray:
    """(-1)^i Pf(a without row and column i) of skew-symmetric ``a [games, 3 or 5, same]``: these
    span the vectors that a takes to 0."""
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
    """A stable lottery over committees of ``size`` members, as the chance of each candidate to be
    a given member ``[candidates]``, and the greatest share that prefers one candidate to all of a
    drawn committee: at most 1/(size + 1) + 10^-3, where stable is below 1/size.

    ``behind [ballots, a, b]`` says whether a ballot puts b strictly behind a. The committees: a
    round is drawn, then ``size`` members independently from its mixture y (who is drawn twice
    leaves a seat to anybody). Against them candidate a gains f_a(y) = Σ_v w_v (y-weight behind a
    on v)^size. If a too is drawn from y it gains at most 1/(size + 1), being one of size + 1 alike
    of whom at most one is strictly ahead of the rest. So where y is a best answer to itself nobody
    gains more; weights that multiply by what each gains, counting the last round twice, lead there
    (Cheng, Jiang, Munagala & Wang 2020 prove so that stable lotteries exist). Rounds are counted
    in windows, each twice as long as the one before, until in one of them nobody gains 10^-5 more
    than y does; where the weights circle, the step is halved. Names play no part, so like
    candidates are treated alike.
    """
    m = behind.shape[1]
    behind = behind.astype(float)
    while True:
        logits, before = np.zeros(m), np.zeros(m)
        for window in 2 ** np.arange(5, 14):
            gains, mixture, own = np.zeros(m), np.zeros(m), 0.0
            for _ in range(window):
                y = np.exp(logits - logits.max())
                y /= y.sum()
                gain = weight @ (behind @ y) ** size
                logits = logits + step * (2 * gain - before)
                gains, mixture, own, before = gains + gain, mixture + y, own + y @ gain, gain
            if gains.max() - own <= 1e-5 * window:
                break
        if gains.max() / window <= 1 / (size + 1) + 1e-3:
            return mixture / window, float(gains.max() / window)
        step /= 2
