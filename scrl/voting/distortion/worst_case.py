"""Worst-case distortion of an outcome, given the ballots only.

A ballot that ranks ``a`` above ``b`` says that ``a`` is worth at least as much, or is at least as
near. Tied candidates are worth the same, or are equally near. An unranked candidate may have any
utility or distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import InputError
from scrl.voting.profiles.profile import Profile

#: Smaller probabilities count as zero, so that rounding does not decide what is unbounded.
MIN_PROBABILITY = 1e-12
#: Most ballots × candidates² held at once.
MAX_CELLS = 20_000_000
#: Largest rounding error of a zero.
ZERO_TOLERANCE = 1e-12
#: Tolerances of the linear programmes.
SOLVER_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True, eq=False)
class UtilitarianWorstCase:
    """The worst case over unit-sum utilities: 0 or more, with sum one on every ballot.

    Attributes:
        value: best mean utility / mean utility of the lottery ``[...]``; ``inf`` where the mean
            utility of the lottery can be zero.
        best_candidate: the candidate that is best in the worst case ``[...]``.
        utility: utilities that agree with the ballots and reach the value
            ``[..., ballots, candidates]``.
    """

    value: np.ndarray
    best_candidate: np.ndarray
    utility: np.ndarray


@dataclass(frozen=True, eq=False)
class MetricWorstCase:
    """The worst case over all positions of voters and candidates in a metric space.

    Attributes:
        value: mean distance to the lottery / mean distance to the best candidate ``[...]``;
            ``inf`` where all voters may be at distance zero from the best candidate and not from
            the lottery.
        best_candidate: the candidate that is best in the worst case ``[...]``.
        distance: distances from voters to candidates that agree with the ballots and reach the
            value ``[..., ballots, candidates]``. The mean distance to the best candidate is 1; for
            ``inf`` it is 0, and only ratios of distances are meaningful.
    """

    value: np.ndarray
    best_candidate: np.ndarray
    distance: np.ndarray


def check_lotteries(lotteries: ArrayLike, m: int) -> np.ndarray:
    """The probabilities ``[..., candidates]`` as an array, with rounding errors below 0 set to 0.

    Raises:
        InputError: where they are negative, do not add up to one or are not of m candidates.
    """
    p = np.asarray(lotteries, float)
    if p.ndim < 1 or p.shape[-1] != m:
        raise InputError(f"A lottery needs a probability for each of the {m} candidates.")
    if not np.isfinite(p).all() or (p < -1e-9).any() or (abs(p.sum(-1) - 1) > 1e-6).any():
        raise InputError("The probabilities of a lottery are 0 or more and add up to one.")
    return np.maximum(p, 0.0)


def weakly_above(place: np.ndarray) -> np.ndarray:
    """Whether a ballot says that candidate a is at least as good as b ``[ballots, a, b]``.

    Args:
        place: ``[ballots, candidates]``, -1 where a ballot does not rank a candidate.
    """
    ranked = place >= 0
    both_ranked = ranked[:, :, None] & ranked[:, None, :]
    diagonal = np.eye(place.shape[1], dtype=bool)
    return np.asarray((both_ranked & (place[:, :, None] <= place[:, None, :])) | diagonal)


# -- utilitarian ----------------------------------------------------------------------------------


def extreme_utilities(place: np.ndarray) -> np.ndarray:
    """The extreme points of the unit-sum utilities that agree with each ballot
    ``[ballots, extremes, candidates]``.

    For each candidate c there is one: 1/k on the k candidates at least as good as c, or 1 on c
    alone where the ballot does not rank it. Utilities that never rise along the places of a ballot
    are a unique sum of steps, each constant up to one place; an unranked candidate adds its own.
    """
    at_least_as_good = np.swapaxes(weakly_above(place), 1, 2).astype(float)
    return at_least_as_good / at_least_as_good.sum(-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Adversary:
    """Chooses the extreme utilities of every ballot that maximise the distortion of a lottery.

    Attributes:
        extremes: ``[ballots, extremes, candidates]``.
        weight: of each ballot, with sum one ``[ballots]``.
    """

    extremes: np.ndarray
    weight: np.ndarray

    @classmethod
    def from_ballots(cls, place: np.ndarray, weight: np.ndarray) -> Adversary:
        """The adversary of ballots with places ``[ballots, candidates]``; equal ones are joined."""
        distinct, index = np.unique(place, axis=0, return_inverse=True)
        weight = np.bincount(index.ravel(), weight, len(distinct))
        return cls(extreme_utilities(distinct), weight / weight.sum())

    def choose(self, p: np.ndarray, d: float) -> np.ndarray:
        """The extreme of each ballot that maximises u(j) - d·u(p), for each j ``[ballots, j]``."""
        cost = self.extremes @ p
        cost = np.multiply(d, cost, out=np.zeros_like(cost), where=cost > 0)
        ballots, m = cost.shape
        chosen = np.empty((ballots, m), int)
        step = max(1, MAX_CELLS // (ballots * m))
        for j in range(0, m, step):
            block = slice(j, j + step)
            chosen[:, block] = np.argmax(self.extremes[:, :, block] - cost[:, :, None], axis=1)
        return chosen

    def welfare(self, chosen: np.ndarray) -> np.ndarray:
        """Mean utilities ``[j, candidates]`` at the extremes ``chosen [ballots, j]``."""
        m = self.extremes.shape[-1]
        return np.stack(
            [self.weight @ self.extremes[np.arange(len(chosen)), chosen[:, j]] for j in range(m)]
        )

    def worst_case(self, p: np.ndarray) -> tuple[float, int, np.ndarray, np.ndarray]:
        """The worst case of the lottery ``p [candidates]``.

        The value is the least D with Σ_v w_v max_k (u_vk(j) - D·u_vk(p)) ≤ 0 for every j. Each
        sum is convex and piecewise linear in D, so Newton's method (Dinkelbach 1967) ends at the
        exact value after finitely many steps.

        Returns:
            Value, best candidate, chosen extremes ``[ballots, j]``, their mean utilities
            ``[j, candidates]``.
        """
        p = np.where(p > MIN_PROBABILITY, p, 0.0)
        if (
            not (self.extremes @ p).min(1).any()
        ):  # the lottery's utility can be zero on every ballot
            chosen = self.choose(p, np.inf)
            welfare = self.welfare(chosen)
            return np.inf, int(np.argmax(np.diag(welfare))), chosen, welfare
        value = 1.0
        while True:
            chosen = self.choose(p, value)
            welfare = self.welfare(chosen)
            ratio = np.diag(welfare) / (welfare @ p)
            best = int(np.argmax(ratio))
            if ratio[best] <= value * (1 + 1e-12):
                return value, best, chosen, welfare
            value = float(ratio[best])


def utilitarian_worst_case(profile: Profile, lotteries: ArrayLike) -> UtilitarianWorstCase:
    """The worst-case distortion of lotteries with unit-sum utilities (Procaccia & Rosenschein 2006;
    Boutilier et al. 2015).

    Args:
        lotteries: probabilities ``[..., candidates]``; a winner is a lottery with one candidate.

    Raises:
        InputError: for invalid probabilities.
    """
    m = len(profile.names)
    p = check_lotteries(lotteries, m)
    adversary = Adversary(extreme_utilities(profile.place), profile.weight / profile.weight.sum())
    values, best_candidates, utilities = [], [], []
    for lottery in p.reshape(-1, m):
        value, best, chosen, _ = adversary.worst_case(lottery)
        values.append(value)
        best_candidates.append(best)
        utilities.append(adversary.extremes[np.arange(len(chosen)), chosen[:, best]])
    lead = p.shape[:-1]
    return UtilitarianWorstCase(
        np.reshape(values, lead),
        np.reshape(best_candidates, lead),
        np.reshape(utilities, (*lead, *profile.place.shape)),
    )


# -- metric ---------------------------------------------------------------------------------------


def biased_distances(place: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The biased metric of ``x [candidates]`` (Charikar & Ramakrishnan 2022):
    ``[ballots, candidates]``.

    x holds distances from the candidate j with x_j = 0. With a ≥ b for "the ballot ranks a no lower
    than b", d(v, j) = max over a ≥ b of (x_a - x_b)/2, and
    d(v, c) = d(v, j) + min over b with c ≥ b of x_b.
    Of all metrics with these x it has the least d(v, j) and the greatest d(v, c) - d(v, j), since
    x_a ≤ d(v, a) + d(v, j) ≤ d(v, b) + d(v, j) ≤ 2 d(v, j) + x_b, and d(v, c) ≤ d(v, b) ≤
    d(v, j) + x_b. It agrees with the ballots because ≥ is transitive, and it is a metric because
    x_a ≤ 2 d(u, j) + min over b with a ≥_u b of x_b. Neither needs ≥ to be complete or strict.
    """
    reach = np.where(weakly_above(place), x, np.inf).min(-1)
    return np.max(x - reach, axis=1, keepdims=True) / 2 + reach


def metric_worst_case(profile: Profile, lotteries: ArrayLike) -> MetricWorstCase:
    """The worst-case metric distortion of lotteries (Anshelevich et al. 2018).

    Solves a linear programme over biased metrics for each candidate that may be best.

    Args:
        lotteries: probabilities ``[..., candidates]``.

    Raises:
        InputError: for invalid probabilities.
    """
    m = len(profile.names)
    p = check_lotteries(lotteries, m)
    flat = p.reshape(-1, m)
    distinct, lottery_index = np.unique(np.round(flat, 12), axis=0, return_inverse=True)
    ballots, ballot_index = np.unique(profile.place, axis=0, return_inverse=True)
    weight = np.bincount(ballot_index.ravel(), profile.weight, len(ballots))
    weight = weight / weight.sum()
    programmes = _BiasedMetricProgrammes(ballots, weight)
    solved = [
        programmes.solve(np.where(lottery > MIN_PROBABILITY, lottery, 0.0)) for lottery in distinct
    ]
    lead, lottery_index = p.shape[:-1], lottery_index.ravel()
    value, best_candidate, distance = (
        np.array([solved[i][part] for i in lottery_index]) for part in range(3)
    )
    distance = distance[:, ballot_index.ravel()]
    return MetricWorstCase(
        value.reshape(lead),
        best_candidate.reshape(lead),
        distance.reshape(*lead, *profile.place.shape),
    )


class _BiasedMetricProgrammes:
    """The linear programmes of one profile, solved by cutting planes in x ``[m]``.

    For x with x_j = 0 let H be the mean d(v, j) of its biased metric, which is convex, and G the
    mean distance to the lottery minus H, which is concave. The worst case with j best is 1 + G/H at
    the least H with G ≥ 1. Both are piecewise linear, and a linear piece of H serves every j and
    every lottery.

    Args:
        place: ``[ballots, m]``.
        weight: of each ballot, with sum one ``[ballots]``.
    """

    def __init__(self, place: np.ndarray, weight: np.ndarray):
        self.place, self.weight = place, weight
        self.above = weakly_above(place)
        self.pieces = np.zeros((0, place.shape[1]))
        # The transitive closure of "some ballot ranks a no lower than b" [m, m].
        self.reachable = np.asarray(self.above.any(0))
        for k in range(place.shape[1]):
            self.reachable |= self.reachable[:, k, None] & self.reachable[k, None, :]
        # Candidates that a share s ranks no lower than j are at most 2/s - 1 times as far as j
        # (Anshelevich et al. 2018).
        share = np.einsum("v,vab->ab", weight, self.above)
        self.max_ratio = 2 / np.maximum(share, ZERO_TOLERANCE) - 1

    def solve(self, p: np.ndarray) -> tuple[float, int, np.ndarray]:
        """Value, best candidate and distances ``[ballots, m]`` of the lottery ``p [m]``."""
        m = len(p)
        for j in range(m):
            # Candidates that do not reach j may be at any distance while all voters are at j.
            free = ~self.reachable[:, j]
            if p[free].any():
                return np.inf, j, biased_distances(self.place, free.astype(float))
        worst = (1.0, int(np.argmax(p)), np.ones(self.place.shape))
        upper_bound = p @ self.max_ratio
        for j in np.argsort(-upper_bound):
            if upper_bound[j] <= worst[0]:
                continue
            if not (~self.above[:, :, j] & (p > 0)).any():
                continue  # no voter is farther from the lottery than from j
            distance = biased_distances(self.place, self._minimise(p, int(j)))
            scale = self.weight @ distance[:, j]
            value = float(self.weight @ distance @ p / scale)
            if value > worst[0] * (1 + ZERO_TOLERANCE):
                worst = (value, int(j), distance / scale)
        return worst

    def _minimise(self, p: np.ndarray, j: int) -> np.ndarray:
        """The x ``[m]`` with the least H where G is 1."""
        from scipy.optimize import linprog  # loading it takes longer than most counts

        m = len(p)
        x, lower_bound, gains = np.ones(m), 0.0, np.zeros((0, m))
        x[j] = 0.0
        x_max = np.append(np.where(np.arange(m) == j, 0.0, np.inf), np.inf)
        while True:
            piece, gain = self._pieces_at(x, p)
            reached = gain @ x
            if reached > ZERO_TOLERANCE and piece @ x <= lower_bound * reached * (1 + 1e-9):
                return x
            known_piece, known_gain = _contains(self.pieces, piece), _contains(gains, gain)
            if known_piece and known_gain:  # the solver's precision is exhausted
                return x
            self.pieces = self.pieces if known_piece else np.vstack([self.pieces, piece])
            gains = gains if known_gain else np.vstack([gains, gain])
            # The least h with piece · x ≤ h for every piece of H, and gain · x ≥ 1 for those of G.
            ones_h, ones_g = np.ones(len(self.pieces)), np.ones(len(gains))
            solution = linprog(
                np.append(np.zeros(m), 1.0),
                np.column_stack(
                    [np.vstack([self.pieces, -gains]), np.append(-ones_h, 0.0 * ones_g)]
                ),
                np.append(0.0 * ones_h, -ones_g),
                bounds=np.column_stack([np.zeros(m + 1), x_max]),
                method="highs",
                options=SOLVER_OPTIONS,
            )
            x, lower_bound = np.maximum(solution.x[:-1], 0.0), solution.x[-1]

    def _pieces_at(self, x: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The linear pieces of H and G at x ``[m]``."""
        ballots = np.arange(len(self.weight))
        nearest = np.where(self.above, x, np.inf).argmin(-1)
        farthest = (x - x[nearest]).argmax(1)
        half, m = self.weight / 2, len(x)
        piece = np.bincount(farthest, half, m) - np.bincount(nearest[ballots, farthest], half, m)
        return piece, np.bincount(nearest.ravel(), np.outer(self.weight, p).ravel(), m)


def _contains(rows: np.ndarray, row: np.ndarray) -> bool:
    """Whether a row is among others, up to rounding."""
    return bool((np.abs(rows - row) <= ZERO_TOLERANCE).all(1).any())
