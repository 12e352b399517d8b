"""Lotteries against programmes solved otherwise, and what they promise."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.optimize import linprog

from scrl.types import Ballots
from scrl.voting import RULES, Profile, aggregate, aggregate_all
from scrl.voting.distortion import utilitarian_worst_case
from scrl.voting.rules.games import (
    nearest_to_uniform,
    nonnegative_least_squares,
    solve_symmetric_games,
    stable_committee_lottery,
)
from scrl.voting.rules.lotteries import maximal_lottery

LOTTERIES = [name for name, rule in RULES.items() if rule.lottery]
CYCLE = Profile.from_orders("abc", [[0, 1, 2], [1, 2, 0], [2, 0, 1]])
TENNESSEE = Profile.from_orders(
    ("Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"),
    [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [2, 3, 4, 1, 0], [3, 4, 2, 1, 0]],
    [0.3, 0.25, 0.15, 0.3],
)


def strict(rng, ballots: int, m: int) -> np.ndarray:
    return np.argsort(rng.random((ballots, m)), axis=1)


def skew(rng, kind: str, games: int, m: int) -> np.ndarray:
    if kind == "margins":
        a = rng.uniform(-1, 1, (games, m, m))
    elif kind == "few voters":
        u = rng.random((games, 4, m))
        a = np.sign(u[..., :, None] - u[..., None, :]).mean(1)
    else:
        a = rng.choice([-1.0, 1.0] if kind == "tournament" else [-1.0, 0.0, 1.0], (games, m, m))
    return np.triu(a, 1) - np.swapaxes(np.triu(a, 1), 1, 2)


def test_there_are_lotteries():
    assert {
        "random-ballot", "proportional-borda", "harmonic-lottery", "maximal-lottery",
        "c1-maximal-lottery", "stable-lottery", "optimal-lottery",
    } <= set(LOTTERIES)  # fmt: skip


@pytest.mark.parametrize("rule", LOTTERIES)
def test_lotteries_are_lotteries_and_blind_to_names(rule):
    rng = np.random.default_rng(0)
    for _ in range(12):
        ballots = Ballots(-rng.integers(0, 4, (8, 4)), rng.random((8, 4)) < 0.8, rng.random(8))
        found = aggregate(ballots, rule)
        assert found.scores.sum() == pytest.approx(1)
        assert (found.scores >= 0).all()
        order = rng.permutation(4)
        renamed = Ballots(ballots.utility[:, order], ballots.ranked[:, order], ballots.weight)
        again = aggregate(renamed, rule)
        assert again.scores == pytest.approx(found.scores[order], abs=1e-8)
    # In the cycle, each ⅓; two voters who agree on nothing share.
    assert aggregate(CYCLE.ballots(), rule).scores == pytest.approx([1 / 3] * 3)
    assert aggregate(CYCLE.ballots(), rule).place.tolist() == [0, 0, 0]


def test_small_lotteries_by_hand():
    """Three voters a > b > c, one c > b > a; points of Borda 1.5, 1, .5; harmonic ones too."""
    profile = Profile.from_orders("abc", [[0, 1, 2], [2, 1, 0]], [3, 1])
    found = aggregate_all(profile.ballots(), LOTTERIES)
    assert found["random-ballot"].scores == pytest.approx([0.75, 0, 0.25])
    assert found["proportional-borda"].scores == pytest.approx([0.5, 1 / 3, 1 / 6])
    harmonic = np.array([0.75 + 0.25 / 3, 0.5, 0.25 + 0.25]) / (11 / 6)
    assert found["harmonic-lottery"].scores == pytest.approx(1 / 6 + harmonic / 2)
    assert found["maximal-lottery"].scores == pytest.approx([1, 0, 0])
    assert found["c1-maximal-lottery"].scores == pytest.approx([1, 0, 0])


def test_the_published_example_of_irrelevant_alternatives():
    """Two voters R > G > B, three B > R > G: the maximal lottery picks B."""
    profile = Profile.from_orders("RGB", [[0, 1, 2], [2, 0, 1]], [2, 3])
    assert aggregate(profile.ballots(), "maximal-lottery").scores == pytest.approx([0, 0, 1])


# -- games ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["margins", "tournament", "tournament with ties", "few voters"])
@pytest.mark.parametrize("m", [1, 2, 3, 5, 8, 14])
def test_games_solved_together_are_those_solved_alone(kind, m):
    margin = skew(np.random.default_rng(m), kind, 150, m)
    found = solve_symmetric_games(margin)
    assert (np.einsum("ga,gab->gb", found, margin) >= -1e-8).all()
    for one, game in zip(found, margin, strict=True):
        assert one == pytest.approx(maximal_lottery(0.5 + game / 2), abs=1e-6)


def test_the_nearest_point_is_nearest():
    """Among optimal mixtures found by a linear programme in random directions."""
    rng = np.random.default_rng(1)
    for margin in skew(rng, "few voters", 30, 5):
        p = nearest_to_uniform(margin.T)
        for _ in range(5):
            other = linprog(
                rng.normal(size=5), -margin.T, np.full(5, 1e-9), np.ones((1, 5)), [1], (0, None)
            ).x
            assert p @ p <= p @ other + 1e-6, "no optimal mixture lies on the near side"


def test_least_squares_with_dependent_columns():
    rng = np.random.default_rng(2)
    for _ in range(200):
        rows, columns = rng.integers(2, 7), rng.integers(2, 14)
        system = rng.integers(-1, 2, (rows, columns)).astype(float)
        target = rng.integers(-2, 3, rows).astype(float)
        u = nonnegative_least_squares(system, target)
        slope = system.T @ (system @ u - target)
        assert (u >= 0).all()
        assert slope.min() > -1e-8
        assert slope @ u == pytest.approx(0, abs=1e-8)


def test_a_majority_counts_once_for_the_lottery_of_majorities():
    """A cycle with margins 3, 1, 1: by strength or by thirds."""
    orders = list(permutations(range(3)))
    rng = np.random.default_rng(3)
    for _ in range(200):
        profile = Profile.from_orders("abc", orders, rng.integers(1, 9, 6))
        found = aggregate_all(profile.ballots(), ["maximal-lottery", "c1-maximal-lottery"])
        strong, even = (found[rule].scores for rule in found)
        if (even > 0).all():
            assert even == pytest.approx([1 / 3] * 3)
        elif even.max() == 1:
            assert strong == pytest.approx(even)


# -- lotteries of low distortion ------------------------------------------------------------------


def committee_value(ahead: np.ndarray, weight: np.ndarray, size: int) -> float:
    """The least, over lotteries of committees, of the greatest share that prefers one candidate to
    all of the committee: a linear programme over all committees."""
    m = ahead.shape[1]
    pay = np.stack(
        [weight @ ahead[:, :, list(c)].all(-1) for c in combinations(range(m), size)], axis=1
    )
    found = linprog(
        np.append(np.zeros(pay.shape[1]), 1.0), np.column_stack([pay, -np.ones(m)]), np.zeros(m),
        np.append(np.ones(pay.shape[1]), 0.0)[None], [1], (0, None),
    )  # fmt: skip
    return found.fun


@pytest.mark.parametrize("m", [2, 4, 7, 10])
def test_stable_lotteries_are_stable(m):
    rng = np.random.default_rng(m)
    size = int(np.ceil(np.sqrt(m)))
    for voters in (1, 3, 12, 40):
        place = strict(rng, voters, m)
        ahead = place[:, :, None] < place[:, None, :]
        weight = rng.dirichlet(np.ones(voters))
        member, envy = stable_committee_lottery(ahead, weight, size)
        assert member.sum() == pytest.approx(1)
        assert envy <= 1 / (size + 1) + 1e-3 < 1 / size
        best = committee_value(ahead, weight, size)
        assert best <= 1 / (size + 1) + 1e-9
        # Some seats stand empty (drawn twice), so committees of that many differ are no worse.
        assert envy >= best - 1e-9


def test_who_is_everybodys_favourite_sits_on_every_committee():
    place = np.tile([2, 0, 1, 3], (5, 1))
    member, envy = stable_committee_lottery(
        place[:, :, None] < place[:, None, :], np.full(5, 0.2), 2
    )
    assert envy < 0.01
    assert member[1] > 0.9


def test_the_optimal_lottery_has_the_least_worst_case():
    """The least Σ q with Σ_v w_v t_vj ≤ 0 and t_vj ≥ (1[j in top k] - q(top k))/k: one programme
    over all ballots, where the rule uses cutting planes."""
    rng = np.random.default_rng(4)
    for voters, m in ((1, 3), (3, 3), (4, 4), (7, 4), (6, 5)):
        place = strict(rng, voters, m)
        profile = Profile(tuple("abcde"[:m]), place, np.ones(voters))
        size, rows, right = m + voters * m, [], []
        for v, j, k in np.ndindex(voters, m, m):
            top = place[v] <= k
            rows.append(np.zeros(size))
            rows[-1][:m], rows[-1][m + v * m + j] = -(top / (k + 1)), -1
            right.append(-float(top[j]) / (k + 1))
        for j in range(m):
            rows.append(np.zeros(size))
            rows[-1][m + j :: m] = 1
            right.append(0.0)
        cost = np.append(np.ones(m), np.zeros(voters * m))
        bounds = [(0, None)] * m + [(None, None)] * (voters * m)
        least = linprog(cost, np.array(rows), right, bounds=bounds).fun
        others = aggregate_all(profile.ballots(), LOTTERIES)
        p = others["optimal-lottery"].scores
        assert utilitarian_worst_case(profile, p).value == pytest.approx(least, rel=1e-6)
        for rule in LOTTERIES:
            value = utilitarian_worst_case(profile, others[rule].scores).value
            assert value >= least * (1 - 1e-6), rule


def test_lotteries_of_low_distortion_stay_near_the_root():
    """Θ(√m) with unit-sum utilities, on profiles where any winner is Θ(m²) or worse."""
    for m in (4, 9, 16):
        orders = [[a, *(b for b in range(1, m) if b != a), 0] for a in range(1, m)]
        profile = Profile.from_orders([str(i) for i in range(m)], orders)
        found = aggregate_all(profile.ballots(), ["stable-lottery", "optimal-lottery"])
        for rule, outcome in found.items():
            assert utilitarian_worst_case(profile, outcome.scores).value <= 2.5 * np.sqrt(m), rule


def test_tennessee():
    """Nashville is the Condorcet winner; first places are drawn as they were cast."""
    found = aggregate_all(TENNESSEE.ballots(), LOTTERIES)
    assert found["maximal-lottery"].scores == pytest.approx([0, 1, 0, 0, 0])
    assert found["random-ballot"].scores == pytest.approx([0.3, 0.25, 0.15, 0.3, 0])
    assert found["proportional-borda"].scores == pytest.approx([0.12, 0.235, 0.255, 0.245, 0.145])
    assert found["optimal-lottery"].scores[4] == pytest.approx(0, abs=1e-6)
    assert found["stable-lottery"].scores.argmax() == 1
