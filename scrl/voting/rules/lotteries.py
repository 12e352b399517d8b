"""Lotteries: rules that give each candidate a probability to win."""

from __future__ import annotations

import numpy as np

from scrl.types import InputError
from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.distortion.worst_case import SOLVER_OPTIONS, Adversary, weakly_above
from scrl.voting.namespace import Array, namespace_of
from scrl.voting.registry import rule
from scrl.voting.rules.games import (
    nearest_to_uniform,
    solve_symmetric_games,
    stable_committee_lottery,
)

#: Most distinct ballots × candidates² of a low-distortion lottery.
MAX_CELLS = 30_000_000


@rule(
    "random-ballot",
    title="Random ballot",
    family="lottery",
    returns="probabilities",
    summary="One ballot is drawn by lot, and its first candidate wins.",
    reference="Gibbard 1977, also called random dictatorship; a tied top split equally",
    distortion=("Θ(m^1.5)", "3 − 2/n"),
)
def random_ballot(profile: Contest) -> Array:
    return profile.first_places(profile.candidate_mask)


@rule(
    "proportional-borda",
    title="Proportional Borda",
    family="lottery",
    reads="pairwise",
    returns="probabilities",
    summary="A candidate's chance to win is in proportion to its Borda score.",
    reference="Barberà 1979: a ballot and two candidates are drawn, and the one that the ballot "
    "puts first wins; missing comparisons as for Borda",
    cost="n·m²",
)
def proportional_borda(profile: Contest) -> Array:
    return _normalized(profile.borda_scores, profile.candidate_mask)


@rule(
    "harmonic-lottery",
    title="Harmonic lottery",
    family="lottery",
    returns="probabilities",
    summary="Half of the chance is shared equally. The other half is in proportion to points: "
    "1 for a first place, 1/2 for a second, 1/3 for a third, and so on.",
    reference="Boutilier et al. 2015; ties share the points of the places they fill, unranked "
    "candidates get 0",
    distortion=("O(√(m log m))", ""),
    cost="n·m²",
)
def harmonic_lottery(profile: Contest) -> Array:
    harmonic = profile.place_shares @ (1.0 / np.arange(1, profile.size + 1))
    uniform = profile.candidate_mask / profile.candidate_mask.sum()
    return (uniform + _normalized(harmonic, profile.candidate_mask)) / 2


def _normalized(scores: Array, candidate_mask: Array) -> Array:
    """Scores divided by their sum ``[candidates]``; uniform where all are 0."""
    xp = namespace_of(scores)
    total = xp.sum(scores)
    uniform = candidate_mask / xp.sum(candidate_mask)
    return xp.where(total > 0, scores / xp.where(total > 0, total, 1.0), uniform)


# -- maximal lotteries ----------------------------------------------------------------------------


@rule(
    "maximal-lottery",
    title="Maximal lottery",
    family="lottery",
    reads="pairwise",
    returns="probabilities",
    on_host=True,
    summary="The lottery that is not beaten by any candidate: on average at least half of the "
    "voters like its draw as much as, or better than, that candidate.",
    reference="Kreweras 1965, Fishburn 1984; of several, the one nearest to uniform",
    distortion=("unbounded", "3"),
    cost="n·m², then a game of m × m",
)
def maximal_lotteries(above: np.ndarray) -> np.ndarray:
    """The lottery of each contest ``[contests, candidates]``, from P(a ≻ b) ``[contests,
    candidates, candidates]``."""
    return solve_symmetric_games(_margins(above))


@rule(
    "c1-maximal-lottery",
    title="Maximal lottery of majorities",
    family="lottery",
    reads="pairwise",
    returns="probabilities",
    on_host=True,
    summary="As the maximal lottery, but it counts only who wins each head-to-head contest, "
    "and not by how much.",
    reference="Fisher & Ryan 1992, Laffond, Laslier & Le Breton 1993; with ties, of several the "
    "one nearest to uniform",
    cost="n·m², then a game of m × m",
)
def c1_maximal_lotteries(above: np.ndarray) -> np.ndarray:
    """The lottery of each contest ``[contests, candidates]``, from P(a ≻ b) ``[contests,
    candidates, candidates]``."""
    return solve_symmetric_games(np.sign(_margins(above)))


def maximal_lottery(above: np.ndarray) -> np.ndarray:
    """The maximal lottery ``[candidates]`` of one contest ``[candidates, candidates]``: least ‖p‖²
    subject to p ≥ 0, Σp = 1 and Σ_a p_a (P(a≻b) - P(b≻a)) ≥ 0 for every b."""
    return nearest_to_uniform(_margins(above).T)


def _margins(above: np.ndarray) -> np.ndarray:
    """P(a ≻ b) - P(b ≻ a), same shape; exactly 0 for pairs tied within the tolerance, since the
    optimal mixture may otherwise depend on rounding."""
    margin = above - 0.5
    margin = np.where(np.abs(margin) <= TIE_TOLERANCE, 0.0, margin)
    return margin - np.swapaxes(margin, -1, -2)


# -- lotteries of low distortion ------------------------------------------------------------------


@rule(
    "stable-lottery",
    title="Stable lottery",
    family="lottery",
    returns="probabilities",
    on_host=True,
    summary="Half of the chance is shared equally. The other half goes to a member of a small "
    "committee, drawn by lot, that represents the voters well.",
    reference="Ebadian, Kahng, Peters & Shah 2022; ⌈√m⌉ members, by multiplicative weights, no "
    "candidate preferred by more than 1/(members + 1) + 0.001; ties and unranked candidates are no "
    "preference",
    distortion=("Θ(√m)", ""),
    cost="at most 16,000 rounds of n·m²",
    max_candidates=100,
)
def stable_lottery(profile: Contest) -> np.ndarray:
    place, weight = _distinct_ballots(profile)
    strictly_above = ~np.swapaxes(weakly_above(place), 1, 2) & weakly_above(place)
    m = place.shape[1]
    member, _ = stable_committee_lottery(strictly_above, weight, int(np.ceil(np.sqrt(m))))
    return (member + 1 / m) / 2


@rule(
    "optimal-lottery",
    title="Distortion-optimal lottery",
    family="lottery",
    returns="probabilities",
    on_host=True,
    summary="Ballots do not say how much voters care. This lottery loses the least welfare in "
    "the worst case that the ballots allow.",
    reference="Boutilier et al. 2015, by cutting planes; of several, the one nearest to uniform; "
    "tied candidates have equal utilities, unranked ones any",
    distortion=("Θ(√m)", ""),
    cost="cuts·n·m²",
    max_candidates=50,
)
def optimal_lottery(profile: Contest) -> np.ndarray:
    place, weight = _distinct_ballots(profile)
    return least_distortion_lottery(Adversary.from_ballots(place, weight))


def _distinct_ballots(profile: Contest) -> tuple[np.ndarray, np.ndarray]:
    """Places on the distinct ballots ``[ballots, candidates]``, 0 = best, -1 = not ranked, and the
    weight of each ``[ballots]``.

    Raises:
        InputError: for more than ``MAX_CELLS`` distinct ballots × candidates².
    """
    utility, ranked = profile.utility.T, profile.ranked.T
    m = len(profile.utility)
    place: np.ndarray = np.zeros(utility.shape, int)
    for a in range(m):
        place += ranked[:, a, None] & (utility[:, a, None] > utility)
    place, ballot = np.unique(np.where(ranked, place, -1), axis=0, return_inverse=True)
    if place.size * m > MAX_CELLS:
        raise InputError(
            f"A contest has {len(place):,} different ballots of {m:,} candidates, "
            "too many for this lottery; choose another rule for it."
        )
    return place, np.bincount(ballot.ravel(), profile.weight, len(place))


def least_distortion_lottery(adversary: Adversary, max_rounds: int = 500) -> np.ndarray:
    """The lottery ``[candidates]`` with the least worst-case distortion; of several, the nearest to
    uniform.

    It is the optimal strategy of a zero-sum game: a lottery p against utilities u with mean
    utilities z(u) has payoff p·z(u)/max z(u), and the value of the game is 1/distortion. Solved by
    cutting planes: each round adds the worst utilities for the current lottery, one vector for
    every candidate that may be best, and the next lottery is optimal against all vectors so far.
    Once the value is known to 1e-10, the same method finds the optimal lottery nearest to uniform.

    Args:
        adversary: finds the worst utilities that agree with the ballots.
        max_rounds: limit of rounds, for each of the two searches.
    """
    from scipy.optimize import linprog  # loading it takes longer than most counts

    m = adversary.extremes.shape[-1]
    p, lower = np.full(m, 1 / m), 0.0
    cuts = np.zeros((0, m))
    for _ in range(max_rounds):
        value, _, _, welfare = adversary.worst_case(p)
        cuts = np.concatenate([cuts, _cuts(welfare)])
        lower = max(lower, 1 / value)
        solution = linprog(
            np.append(np.zeros(m), -1.0),
            np.hstack([-cuts, np.ones((len(cuts), 1))]), np.zeros(len(cuts)),
            np.append(np.ones(m), 0.0)[None], [1.0], (0, None), method="highs",
            options=SOLVER_OPTIONS,
        )  # fmt: skip
        upper, p = solution.x[-1], np.maximum(solution.x[:-1], 0)
        p = p / p.sum()
        if upper - lower <= 1e-10:
            break
    for _ in range(max_rounds):
        p = nearest_to_uniform(cuts - (lower - 1e-9))
        value, _, _, welfare = adversary.worst_case(p)
        if 1 / value >= lower - 2e-9:
            break
        cuts = np.concatenate([cuts, _cuts(welfare)])
    return p


def _cuts(welfare: np.ndarray) -> np.ndarray:
    """Cuts ``[cuts, candidates]``: the mean utilities ``welfare [best, candidates]`` divided by
    that of the best candidate; no cut where that is 0."""
    best = welfare.diagonal()
    return welfare[best > 0] / best[best > 0, None]
