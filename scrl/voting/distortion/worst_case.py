"""The worst that a winner can be, given nothing but the ballots.

A ballot is read as what it says and no more. ``a`` above ``b``: worth at least as much, or at least
as near. A tie: worth the same, or as near. A candidate that the ballot leaves out: anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from scrl.types import InputError
from scrl.voting.anonymous_profile import AnonymousProfile

#: A probability below this is none, so that rounding does not decide what is unbounded.
NOTHING = 1e-12
#: Ballots × candidates² held at once.
CELLS = 20_000_000
#: What rounding may leave of zero.
ROUNDING = 1e-12
#: How exactly programmes are solved.
SOLVER_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True, eq=False)
class UtilitarianWorstCase:
    """Over utilities of 0 or more that add up to one on every ballot.

    Attributes:
        value: best mean utility / mean utility of the lottery ``[...]``; ``inf`` where the mean
            utility of the lottery can be zero.
        best_candidate: the candidate that is then best ``[...]``.
        utility: utilities that agree with the ballots and reach the value
            ``[..., ballots, candidates]``.
    """

    value: np.ndarray
    best_candidate: np.ndarray
    utility: np.ndarray


@dataclass(frozen=True, eq=False)
class MetricWorstCase:
    """Over all ways of placing voters and candidates in a metric space.

    Attributes:
        value: mean distance to the lottery / mean distance to the best candidate ``[...]``;
            ``inf`` where everybody may stand on the best candidate and yet have a way to go.
        best_candidate: the candidate that is then best ``[...]``.
        distance: from voters to candidates ``[..., ballots, candidates]``, in agreement with the
            ballots and reaching the value; mean distance to the best candidate 1 (0 for ``inf``,
            where only the ratios of distances mean something).
    """

    value: np.ndarray
    best_candidate: np.ndarray
    distance: np.ndarray


def check_lotteries(lotteries, m: int) -> np.ndarray:
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
    def from_ballots(cls, place: np.ndarray, weight: np.ndarray) -> Adversary:
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

    def worst_case(self, p: np.ndarray) -> tuple[float, int, np.ndarray, np.ndarray]:
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
    p = check_lotteries(lotteries, m)
    adversary = Adversary(extreme_utilities(profile.place), profile.weight / profile.weight.sum())
    value, against, utility = [], [], []
    for one in p.reshape(-1, m):
        worst, best, pick, _ = adversary.worst_case(one)
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
    p = check_lotteries(lotteries, m)
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
    """The linear programmes of one profile, by cutting planes in x ``[m]``.

    For x with x_j = 0 let H be the mean d(v, j) of its biased metric, convex, and G what the
    lottery's mean distance exceeds it by, concave. The worst case with j best is 1 + G/H at the
    least H with G ≥ 1. Both are piecewise linear, and a piece of H serves every j and lottery.
    """

    def __init__(self, place: np.ndarray, weight: np.ndarray):
        self.place, self.weight = place, weight
        self.above = weakly_above(place)
        self.pieces = np.zeros((0, place.shape[1]))
        self.reached = self.above.any(0)
        for k in range(place.shape[1]):  # who stands above whom, also through others
            self.reached |= self.reached[:, k, None] & self.reached[k, None, :]
        agree = np.einsum("v,vab->ab", weight, self.above)
        self.farther = 2 / np.maximum(agree, ROUNDING) - 1

    def worst(self, p: np.ndarray) -> tuple[float, int, np.ndarray]:
        """Value, best candidate, distances ``[ballots, m]``."""
        m = len(p)
        for j in range(m):
            # Who is not above j, even through others, may be anywhere while all stand on j.
            free = ~self.reached[:, j]
            if p[free].any():
                return np.inf, j, biased_distances(self.place, free.astype(float))
        best = (1.0, int(np.argmax(p)), np.ones(self.place.shape))
        # Candidates a share s puts no lower than j are at most 2/s - 1 times as far (Anshelevich
        # et al. 2018), which rules out most j.
        most = p @ self.farther
        for j in np.argsort(-most):
            if most[j] <= best[0] or not (~self.above[:, :, j] & (p > 0)).any():
                continue  # of the latter nobody is farther from the lottery than from j
            distance = biased_distances(self.place, self._least(p, int(j)))
            scale = self.weight @ distance[:, j]
            value = float(self.weight @ distance @ p / scale)
            if value > best[0] * (1 + ROUNDING):
                best = (value, int(j), distance / scale)
        return best

    def _least(self, p: np.ndarray, j: int) -> np.ndarray:
        """The x ``[m]`` with the least H where G is 1."""
        m = len(p)
        x, low, excess = np.ones(m), 0.0, np.zeros((0, m))
        x[j] = 0.0
        upper = np.append(np.where(np.arange(m) == j, 0.0, np.inf), np.inf)
        while True:
            piece, gain = self._pieces(x, p)
            if gain @ x > ROUNDING and piece @ x <= low * (gain @ x) * (1 + 1e-9):
                return x
            known = _among(piece, self.pieces), _among(gain, excess)
            if all(known):  # the last digits are the solver's
                return x
            self.pieces = self.pieces if known[0] else np.vstack([self.pieces, piece])
            excess = excess if known[1] else np.vstack([excess, gain])
            # Least h with piece · x ≤ h for every piece of H, and gain · x ≥ 1 for those of G.
            height, one = np.ones(len(self.pieces)), np.ones(len(excess))
            found = linprog(
                np.append(np.zeros(m), 1.0),
                np.column_stack([np.vstack([self.pieces, -excess]), np.append(-height, 0.0 * one)]),
                np.append(0.0 * height, -one),
                bounds=np.column_stack([np.zeros(m + 1), upper]),
                method="highs",
                options=SOLVER_OPTIONS,
            )
            x, low = np.maximum(found.x[:-1], 0.0), found.x[-1]

    def _pieces(self, x: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The linear pieces of H and G at x ``[m]``."""
        ballots = np.arange(len(self.weight))
        nearest = np.where(self.above, x, np.inf).argmin(-1)
        reach = x[nearest]
        far = (x - reach).argmax(1)
        half, m = self.weight / 2, len(x)
        piece = np.bincount(far, half, m) - np.bincount(nearest[ballots, far], half, m)
        return piece, np.bincount(nearest.ravel(), np.outer(self.weight, p).ravel(), m)


def _among(row: np.ndarray, rows: np.ndarray) -> bool:
    return bool((np.abs(rows - row) <= ROUNDING).all(1).any())
