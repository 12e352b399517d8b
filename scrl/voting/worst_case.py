"""The worst that a winner can be, given nothing but the ballots.

A ballot is read as what it says and no more. ``a`` above ``b``: worth at least as much, or at least
as near. A tie: worth the same, or as near. A candidate that the ballot leaves out: anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from scrl.types import InputError
from scrl.voting.anonymous import AnonymousProfile

#: A probability below this is none, so that rounding does not decide what is unbounded.
NOTHING = 1e-12
#: Ballots × candidates² held at once.
CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class UtilitarianWorstCase:
    """Over utilities of 0 or more that add up to one on every ballot.

    Attributes:
        value: best mean utility / mean utility of the lottery ``[...]``; ``inf`` where the mean
            utility of the lottery can be zero.
        against: the candidate that is then best ``[...]``.
        utility: utilities that agree with the ballots and reach the value
            ``[..., ballots, candidates]``.
    """

    value: np.ndarray
    against: np.ndarray
    utility: np.ndarray


@dataclass(frozen=True, eq=False)
class MetricWorstCase:
    """Over all ways of placing voters and candidates in a metric space.

    Attributes:
        value: mean distance to the lottery / mean distance to the best candidate ``[...]``;
            ``inf`` where everybody may stand on the best candidate and yet have a way to go.
        against: the candidate that is then best ``[...]``.
        distance: from voters to candidates ``[..., ballots, candidates]``, in agreement with the
            ballots and reaching the value; mean distance to the best candidate 1 (0 for ``inf``,
            where only the ratios of distances mean something).
    """

    value: np.ndarray
    against: np.ndarray
    distance: np.ndarray


def checked(lotteries, m: int) -> np.ndarray:
    """Probabilities ``[..., candidates]``, as they are.

    Raises:
        InputError: where they are negative, do not add up to one or are of another shape.
    """
    p = np.asarray(lotteries, float)
    if p.ndim < 1 or p.shape[-1] != m:
        raise InputError(f"A lottery needs a probability for each of the {m} candidates.")
    if not np.isfinite(p).all() or (p < -1e-9).any() or (abs(p.sum(-1) - 1) > 1e-6).any():
        raise InputError("The probabilities of a lottery are 0 or more and add up to one.")
    return np.maximum(p, 0.0)


def weakly_above(place: np.ndarray) -> np.ndarray:
    """Whether a ballot says that candidate a is at least as good as b ``[ballots, a, b]``, from
    ``place [ballots, candidates]``, -1 where it does not rank one."""
    ranked = place >= 0
    both = ranked[:, :, None] & ranked[:, None, :]
    itself = np.eye(place.shape[1], dtype=bool)
    return (both & (place[:, :, None] <= place[:, None, :])) | itself


# -- utilitarian ----------------------------------------------------------------------------------


def extreme_utilities(place: np.ndarray) -> np.ndarray:
    """The unit-sum utilities of which all others on a ballot are mixtures
    ``[ballots, extremes, candidates]``: for each candidate c, 1/k on the k candidates at least as
    good as c; 1 on c alone where the ballot leaves it out.

    Utilities that never rise along the ballot's places are sums of steps, each constant on the
    places up to one, in one way only; what is left out adds its own step.
    """
    upto = np.swapaxes(weakly_above(place), 1, 2).astype(float)
    return upto / upto.sum(-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Adversary:
    """Who picks, for every ballot, the extreme utilities that embarrass a lottery most.

    Attributes:
        extremes: ``[ballots, extremes, candidates]``; weight: of the ballots, adding up to one.
    """

    extremes: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, place: np.ndarray, weight: np.ndarray) -> Adversary:
        """Equal ballots are one."""
        distinct, which = np.unique(place, axis=0, return_inverse=True)
        weight = np.bincount(which.ravel(), weight, len(distinct))
        return cls(extreme_utilities(distinct), weight / weight.sum())

    def choose(self, p: np.ndarray, d: float) -> np.ndarray:
        """The extreme of each ballot at which u(j) - d·u(p) is greatest ``[ballots, j]``."""
        cost = self.extremes @ p
        cost = np.multiply(d, cost, out=np.zeros_like(cost), where=cost > 0)
        ballots, m = cost.shape
        pick = np.empty((ballots, m), int)
        step = max(1, CELLS // (ballots * m))
        for j in range(0, m, step):
            some = slice(j, j + step)
            pick[:, some] = np.argmax(self.extremes[:, :, some] - cost[:, :, None], axis=1)
        return pick

    def welfare(self, pick: np.ndarray) -> np.ndarray:
        """Mean utilities ``[j, candidates]`` at the extremes ``pick [ballots, j]``."""
        m = self.extremes.shape[-1]
        return np.stack(
            [self.weight @ self.extremes[np.arange(len(pick)), pick[:, j]] for j in range(m)]
        )

    def worst(self, p: np.ndarray) -> tuple[float, int, np.ndarray, np.ndarray]:
        """Value, best candidate j, picked extremes ``[ballots, j]``, their mean utilities
        ``[j, candidates]``.

        The value is the least D with Σ_v w_v max_k (u_vk(j) - D·u_vk(p)) ≤ 0 for every j. Each
        sum is convex and piecewise linear in D, so Newton's steps (Dinkelbach 1967) end at the
        exact value after finitely many.
        """
        p = np.where(p > NOTHING, p, 0.0)
        if not (self.extremes @ p).min(1).any():  # every ballot allows utilities that p misses
            pick = self.choose(p, np.inf)
            welfare = self.welfare(pick)
            return np.inf, int(np.argmax(np.diag(welfare))), pick, welfare
        value = 1.0
        while True:
            pick = self.choose(p, value)
            welfare = self.welfare(pick)
            ratio = np.diag(welfare) / (welfare @ p)
            best = int(np.argmax(ratio))
            if ratio[best] <= value * (1 + 1e-12):
                return value, best, pick, welfare
            value = float(ratio[best])


def utilitarian_worst_case(profile: AnonymousProfile, lotteries) -> UtilitarianWorstCase:
    """The worst-case distortion of probabilities ``[..., candidates]`` (a winner is a lottery too)
    with unit-sum utilities (Procaccia & Rosenschein 2006; Boutilier et al. 2015).

    Raises:
        InputError: for what is no lottery.
    """
    m = len(profile.names)
    p = checked(lotteries, m)
    adversary = Adversary(extreme_utilities(profile.place), profile.weight / profile.weight.sum())
    value, against, utility = [], [], []
    for one in p.reshape(-1, m):
        worst, best, pick, _ = adversary.worst(one)
        value.append(worst)
        against.append(best)
        utility.append(adversary.extremes[np.arange(len(pick)), pick[:, best]])
    lead = p.shape[:-1]
    shape = (*lead, *profile.place.shape)
    return UtilitarianWorstCase(
        np.reshape(value, lead), np.reshape(against, lead), np.reshape(utility, shape)
    )


# -- metric ---------------------------------------------------------------------------------------


def biased_distances(place: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The biased metric of ``x [candidates]``, distances from the candidate whose x is 0
    (Charikar & Ramakrishnan 2022): ``[ballots, candidates]``.

    With j that candidate and a ≥ b for "the ballot puts a no lower than b",
    d(v, j) = max over a ≥ b of (x_a - x_b)/2 and d(v, c) = d(v, j) + min over b with c ≥ b of x_b.
    Of all metrics with these x it has the least d(v, j) and the greatest d(v, c) - d(v, j), since
    x_a ≤ d(v, a) + d(v, j) ≤ d(v, b) + d(v, j) ≤ 2 d(v, j) + x_b, and d(v, c) ≤ d(v, b) ≤
    d(v, j) + x_b. It agrees with the ballots because ≥ is transitive, and it is a metric because
    x_a ≤ 2 d(u, j) + min over b with a ≥_u b of x_b. Neither needs ≥ to be complete or strict.
    """
    reach = np.where(weakly_above(place), x, np.inf).min(-1)
    return np.max(x - reach, axis=1, keepdims=True) / 2 + reach


def metric_worst_case(profile: AnonymousProfile, lotteries) -> MetricWorstCase:
    """The worst-case metric distortion of probabilities ``[..., candidates]`` (Anshelevich et al.
    2018), by a linear programme over biased metrics for each candidate that may be best.

    Raises:
        InputError: for what is no lottery.
    """
    m = len(profile.names)
    p = checked(lotteries, m)
    flat = p.reshape(-1, m)
    distinct, which = np.unique(np.round(flat, 12), axis=0, return_inverse=True)
    ballots, kind = np.unique(profile.place, axis=0, return_inverse=True)
    weight = np.bincount(kind.ravel(), profile.weight, len(ballots))
    weight = weight / weight.sum()
    programme = _Biased(ballots, weight)
    found = [programme.worst(np.where(one > NOTHING, one, 0.0)) for one in distinct]
    lead, which = p.shape[:-1], which.ravel()
    value, against, distance = (np.array([found[i][part] for i in which]) for part in range(3))
    distance = distance[:, kind.ravel()]
    return MetricWorstCase(
        value.reshape(lead), against.reshape(lead), distance.reshape(*lead, *profile.place.shape)
    )


class _Biased:
    """The linear programmes of one profile. Variables: x ``[m]``; for each ballot its reach
    s ``[ballots, m]`` and d(v, j) = t ``[ballots]``."""

    def __init__(self, place: np.ndarray, weight: np.ndarray):
        self.place, self.weight = place, weight
        ballots, m = place.shape
        self.size = m + ballots * m + ballots
        self.above = weakly_above(place)
        # s_vc ≤ x_c, and s_vc ≤ s_vd for the next places d only: the rest follows.
        v, c = np.divmod(np.arange(ballots * m), m)
        own = [(m + v * m + c, 1.0), (c, -1.0)]
        behind = np.sum(self.above, axis=2)  # falls along a ballot, equal in a tie
        nearest = np.where(
            self.above & (behind[:, :, None] > behind[:, None, :]), behind[:, None, :], -1
        )
        next_ = (nearest == nearest.max(2, keepdims=True)) & (nearest >= 0)
        tied = self.above & (behind[:, :, None] == behind[:, None, :]) & ~np.eye(m, dtype=bool)
        v1, c1, d1 = np.nonzero(next_ | tied)
        chain = [(m + v1 * m + c1, 1.0), (m + v1 * m + d1, -1.0)]
        # x_c - s_vc ≤ 2 t_v
        half = [(c, 1.0), (m + v * m + c, -1.0), (m + ballots * m + v, -2.0)]
        self.matrix = _stack([own, chain, half], self.size)
        self.reached = self.above.any(0)
        for k in range(m):  # who stands above whom on some ballot, or through others
            self.reached |= self.reached[:, k, None] & self.reached[k, None, :]

    def worst(self, p: np.ndarray) -> tuple[float, int, np.ndarray]:
        """Value, best candidate, distances ``[ballots, m]``."""
        m = self.place.shape[1]
        best = (1.0, int(np.argmax(p)), biased_distances(self.place, np.zeros(m)) + 1.0)
        for j in range(m):
            # Who is not above j, even through others, may be anywhere while all stand on j.
            free = ~self.reached[:, j]
            if p[free].any():
                return np.inf, j, biased_distances(self.place, free.astype(float))
        for j in range(m):
            if not (~self.above[:, :, j] & (p > 0)).any():
                continue  # nobody can be farther from the lottery than from j
            x = self._solve(p, j)
            distance = biased_distances(self.place, x)
            scale = self.weight @ distance[:, j]
            value = float(self.weight @ distance @ p / scale)
            if value > best[0]:
                best = (value, j, distance / scale)
        return best

    def _solve(self, p: np.ndarray, j: int) -> np.ndarray:
        """The x ``[m]`` that has the least mean d(v, j) where the lottery's excess is 1."""
        ballots, m = self.place.shape
        cost = np.zeros(self.size)
        cost[m + ballots * m :] = self.weight
        excess = np.zeros((1, self.size))
        excess[0, m : m + ballots * m] = np.outer(self.weight, p).ravel()
        upper = np.full(self.size, np.inf)
        upper[j] = 0.0
        found = linprog(
            cost, self.matrix, np.zeros(self.matrix.shape[0]), excess, [1.0],
            np.stack([np.zeros(self.size), upper], axis=1), method="highs",
        )  # fmt: skip
        x = np.maximum(found.x[:m], 0.0)
        x[j] = 0.0
        return x


def _stack(groups: list, width: int) -> coo_array:
    """Rows of one form after another: each group lists (column of every row, coefficient)."""
    rows, columns, values, start = [], [], [], 0
    for group in groups:
        count = len(group[0][0])
        for column, value in group:
            rows.append(start + np.arange(count))
            columns.append(column)
            values.append(np.full(count, value))
        start += count
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return coo_array(entries, shape=(start, width)).tocsr()
