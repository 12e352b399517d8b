"""Distortion against published figures, and programmes over everything that ballots allow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from scrl.types import InputError
from scrl.voting import RULES, Profile, aggregate, aggregate_all
from scrl.voting.distortion import (
    UTILITY_KINDS,
    borda_population,
    bradley_terry_bounds,
    distortion_ratio,
    draw_utilities,
    evaluate_welfare,
    expected_pairwise,
    metric_worst_case,
    minority_profile,
    minority_threshold,
    noisy_outcome,
    pairwise_lottery,
    pairwise_rules,
    sample_distortion,
    search_worst_population,
    tight_population,
    utilitarian_worst_case,
)
from tests import lanes

INFEASIBLE, UNBOUNDED = 2, 3


def strict(rng, ballots: int, m: int) -> Profile:
    place = np.argsort(rng.random((ballots, m)), axis=1)
    return Profile(tuple("abcdefghij"[:m]), place, np.ones(ballots))


def loose(rng, ballots: int, m: int) -> Profile:
    """Ties, candidates left out, and weights."""
    place = np.full((ballots, m), -1)
    for row in place:
        ranked = rng.random(m) < 0.8
        if ranked.any():
            row[ranked] = np.unique(rng.integers(0, m, ranked.sum()), return_inverse=True)[1]
    return Profile(tuple("abcdefghij"[:m]), place, rng.integers(1, 4, ballots))


def some_lottery(rng, m: int) -> np.ndarray:
    p = rng.dirichlet(np.full(m, 0.5))
    p = np.where(p > rng.choice([0.0, 0.3]), p, 0)
    return p / p.sum() if p.sum() and rng.random() < 0.7 else np.eye(m)[rng.integers(m)]


def agreements(place: np.ndarray) -> list[tuple[int, int, int]]:
    """(ballot, a, b) wherever a ballot ranks both and puts a no lower than b."""
    ballots, m = place.shape
    return [
        (v, a, b)
        for v in range(ballots)
        for a in range(m)
        for b in range(m)
        if a != b and 0 <= place[v, a] <= place[v, b]
    ]


def greatest(cost, upper: list, equal: list, right: list) -> float:
    """The maximum of ``cost · x`` over x ≥ 0, ``inf`` where there is none."""
    rows = np.array(upper) if upper else None
    zero = np.zeros(len(upper)) if upper else None
    found = linprog(-cost, rows, zero, np.array(equal), right, (0, None), method="highs")
    return np.inf if found.status in (INFEASIBLE, UNBOUNDED) else -found.fun


def all_utilities(profile: Profile, p: np.ndarray) -> float:
    """The worst case over every unit-sum utility, scaled so that the lottery is worth 1."""
    place, weight = profile.place, profile.weight / profile.weight.sum()
    ballots, m = place.shape
    size = ballots * m + 1
    order = []
    for v, a, b in agreements(place):
        order.append(np.zeros(size))
        order[-1][[v * m + a, v * m + b]] = -1, 1
    equal = [np.append(np.outer(weight, p), 0.0)]
    for v in range(ballots):
        equal.append(np.append(np.zeros(size - 1), -1.0))
        equal[-1][v * m : (v + 1) * m] = 1
    right = [1.0, *np.zeros(ballots)]
    costs = [np.append(np.outer(weight, row), 0.0) for row in np.eye(m)]
    return max(greatest(cost, order, equal, right) for cost in costs)


def all_metrics(profile: Profile, p: np.ndarray) -> float:
    """The worst case over every metric, as distances from voters to candidates."""
    place, weight = profile.place, profile.weight / profile.weight.sum()
    ballots, m = place.shape
    upper = []

    def add(*terms):
        upper.append(np.zeros(ballots * m))
        for v, c, value in terms:
            upper[-1][v * m + c] = value

    for v, a, b in agreements(place):
        add((v, a, 1), (v, b, -1))
    for v, u, a, b in np.ndindex(ballots, ballots, m, m):
        if v != u and a != b:
            add((v, a, 1), (v, b, -1), (u, b, -1), (u, a, -1))
    cost = np.outer(weight, p).ravel()
    best = [np.outer(weight, row).ravel() for row in np.eye(m)]
    return max(greatest(cost, upper, [row], [1.0]) for row in best)


# -- the worst case -------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [strict, loose])
def test_worst_cases_are_those_over_all_utilities_and_all_metrics(draw):
    rng = np.random.default_rng(0)
    bounded = unbounded = 0
    for _ in range(lanes.deep(20, 40)):
        profile = draw(rng, int(rng.integers(1, 5)), int(rng.integers(2, 5)))
        p = some_lottery(rng, len(profile.names))
        utilities, metrics = all_utilities(profile, p), all_metrics(profile, p)
        assert utilitarian_worst_case(profile, p).value == pytest.approx(utilities, rel=1e-6)
        assert metric_worst_case(profile, p).value == pytest.approx(metrics, rel=1e-6)
        unbounded += np.isinf([utilities, metrics]).sum()
        bounded += np.isfinite([utilities, metrics]).sum()
    assert min(bounded, unbounded) >= 5


@pytest.mark.parametrize("draw", [strict, loose])
def test_the_witnesses_agree_with_the_ballots_and_reach_the_value(draw):
    rng = np.random.default_rng(1)
    for _ in range(lanes.deep(20, 60)):
        profile = draw(rng, int(rng.integers(1, 12)), int(rng.integers(2, 7)))
        m, weight = len(profile.names), profile.weight / profile.weight.sum()
        p = np.stack([some_lottery(rng, m) for _ in range(2)])
        worst, far = utilitarian_worst_case(profile, p), metric_worst_case(profile, p)
        v, a, b = np.array(agreements(profile.place)).reshape(-1, 3).T
        for i in range(2):
            u, d = worst.utility[i], far.distance[i]
            assert (u >= 0).all()
            assert u.sum(1) == pytest.approx(1)
            assert (u[v, a] >= u[v, b] - 1e-12).all()
            assert (d >= 0).all()
            assert (d[v, a] <= d[v, b] + 1e-9).all()
            # A metric: no way from v to a is shorter through b and u.
            detour = d[:, None, :, None] + d[None, :, :, None] + d[None, :, None, :]
            assert (d[:, None, None, :] <= detour + 1e-9).all()
            mean = weight @ u
            assert (
                np.argmax(mean) == worst.best_candidate[i]
                or mean[worst.best_candidate[i]] == mean.max()
            )
            assert distortion_ratio(mean.max(), mean @ p[i]) == pytest.approx(float(worst.value[i]))
            mean = weight @ d
            assert mean[far.best_candidate[i]] == pytest.approx(mean.min(), abs=1e-9)
            if np.isfinite(far.value[i]):
                assert mean @ p[i] / mean.min() == pytest.approx(far.value[i])
            else:
                assert mean.min() == 0
                assert mean @ p[i] > 0


def test_the_published_metric_bounds_hold_and_no_rule_is_better_than_perfect():
    rng = np.random.default_rng(2)
    rules = ["plurality", "borda", "copeland", "random-ballot", "maximal-lottery"]
    rules += ["plurality-veto"] if "plurality-veto" in RULES else []
    reached = dict.fromkeys(rules, 0.0)
    for _ in range(60):
        profile = strict(rng, int(rng.integers(2, 9)), 4)
        n, m = profile.place.shape
        outcomes = aggregate_all(profile.ballots(), rules)
        found = metric_worst_case(profile, [outcomes[rule].chances for rule in rules]).value
        bound = {
            "plurality": 2 * m - 1, "borda": 2 * m - 1, "copeland": 5, "plurality-veto": 3,
            "random-ballot": 3 - 2 / n, "maximal-lottery": 3,
        }  # fmt: skip
        for rule, value in zip(rules, found, strict=True):
            assert 1 <= value <= bound[rule] + 1e-7, rule
            reached[rule] = max(reached[rule], value / bound[rule])
    assert min(reached.values()) > 0.4, "no bound is idle"


def test_bounds_that_are_tight_are_reached():
    """Two voters who disagree on two candidates: 3 for any winner, 2 for a coin."""
    split = Profile.from_orders("ab", [[0, 1], [1, 0]])
    found = metric_worst_case(split, [[1, 0], [0.5, 0.5]])
    assert found.value == pytest.approx([3, 2])
    # Each of m candidates leads as many ballots, and all others put the winner last.
    for m in (3, 4, 5):
        orders = [[0, *range(1, m)]] + [
            [a, *(b for b in range(1, m) if b != a), 0] for a in range(1, m)
        ]
        profile = Profile.from_orders("abcde"[:m], orders)
        winner = np.eye(m)[0]
        assert metric_worst_case(profile, winner).value == pytest.approx(2 * m - 1)
        # 1/m of the voters may be worth 1/m each, all others 1 for one rival: Θ(m²).
        value = utilitarian_worst_case(profile, winner).value
        assert m * m / 4 <= value <= m * m


def test_what_nobody_puts_first_can_be_worth_nothing():
    profile = Profile.from_orders("abc", [[0, 1, 2], [2, 1, 0]])
    found = utilitarian_worst_case(profile, np.eye(3))
    assert np.isinf(found.value).tolist() == [False, True, False]
    assert found.utility[1, :, 1].tolist() == [0, 0]
    assert aggregate(profile.ballots(), "copeland").place[1] == 0
    dominated = Profile.from_orders("ab", [[0, 1]])
    assert metric_worst_case(dominated, [0, 1]).value == np.inf
    assert metric_worst_case(dominated, [1, 0]).value == 1


def test_a_tie_says_more_than_silence():
    tied = Profile.from_orders("abc", [[0, (1, 2)]])
    silent = Profile.from_orders("abc", [[0, 1]])
    p = [0.5, 0.5, 0]
    assert utilitarian_worst_case(tied, p).value == pytest.approx(2)
    assert utilitarian_worst_case(silent, p).value == np.inf


@pytest.mark.parametrize("p", [[1, 0], [0.5, 0.2, 0.2], [1.5, -0.5, 0], [np.nan, 0, 1]])
def test_what_is_no_lottery_is_refused(p):
    profile = Profile.from_orders("abc", [[0, 1, 2]])
    for worst_case in (utilitarian_worst_case, metric_worst_case):
        with pytest.raises(InputError):
            worst_case(profile, p)


# -- known utilities ------------------------------------------------------------------------------


def test_the_example_of_the_blog():
    at = {share: minority_profile(share) for share in (0.19, 0.2, 0.2001)}
    points = {share: aggregate(p.ballots(), "borda") for share, p in at.items()}
    assert points[0.2].scores[[0, 4]] == pytest.approx([3.2, 3.2])
    assert points[0.2].place[[0, 4]].tolist() == [0, 0]
    assert points[0.2001].scores[[0, 4]] == pytest.approx([3.2001, 3.1996])
    assert points[0.2001].order(list("ABCDE"))[0] == ["A"]
    assert points[0.19].order(list("ABCDE"))[0] == ["E"]
    found = evaluate_welfare(at[0.2001], points[0.2001].chances)
    assert found.mean[[0, 4]].round(4).tolist() == [-0.5996, 0.9999]
    assert found.regret == pytest.approx(1.5995, abs=1e-4)
    assert np.isnan(found.distortion)
    assert found.groups == ("type 1", "type 2")
    assert found.minority == 0
    assert found.by_group == pytest.approx([1, -0.9997])
    assert found.satisfaction == pytest.approx([1, 0.0003 / 2], abs=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3, 8, 20])
def test_the_share_at_which_borda_turns_falls_with_the_dummies(k):
    turn = minority_threshold(k)
    for share, winner in ((turn * 0.999, k + 1), (turn * 1.001, 0)):
        assert aggregate(minority_profile(share, k).ballots(), "borda").place[winner] == 0
    assert minority_threshold(3) == 0.2


def test_a_ratio_needs_a_zero_that_means_something():
    assert distortion_ratio([1, 1, 0], [0.5, 0, 0]).tolist() == [2, np.inf, 1]
    assert np.isnan(distortion_ratio(1.0, -1.0, False))
    with pytest.raises(InputError, match="worth"):
        evaluate_welfare(Profile.from_orders("ab", [[0, 1]]), [1, 0])
    for bad in ((0.0, 3), (0.5, 0), (0.5, 30)):
        with pytest.raises(InputError):
            minority_profile(*bad)


def test_the_typical_case_is_far_from_the_worst():
    rules = ["plurality", "borda", "copeland", "random-ballot", "utilitarian"]
    rules = [rule for rule in rules if rule in RULES]
    for kind in UTILITY_KINDS:
        found = sample_distortion(rules, candidates=4, voters=9, contests=64, kind=kind)
        assert found.distortion.shape == (len(rules), 64)
        assert (found.regret >= -1e-12).all()
        signed = (draw_utilities(kind, 64, 9, 4, 0) < 0).any(axis=(1, 2))
        assert (np.isnan(found.distortion) == signed).all()
        if "utilitarian" in rules:
            assert found.regret[-1] == pytest.approx(0, abs=1e-12)
            assert found.best_elected[-1] == pytest.approx(1)
    found = sample_distortion(rules, candidates=4, voters=9, contests=64)
    assert (found.distortion >= 1 - 1e-12).all()
    assert found.distortion[rules.index("borda")].mean() < 1.1


# -- voters who answer with noise -----------------------------------------------------------------


def test_the_bounds_at_some_temperatures():
    """β(1 + e^-β)/(1 - e^-β) = β coth(β/2), twice what maximal lotteries have."""
    bound = bradley_terry_bounds(np.array([1.0, 5.0, 50.0]))
    assert bound["borda"] == pytest.approx([2.16395, 5.06784, 50], abs=1e-5)
    assert bound["copeland"] == pytest.approx(2 * bound["maximal-lottery"])


def test_expected_duels_are_the_mean_over_types():
    utility, weight = np.array([[1.0, 0.25, 0.0], [0.0, 0.5, 1.0]]), np.array([3.0, 1.0])
    found = expected_pairwise(utility, weight, 2.0)
    sigma = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    assert found[0, 1] == pytest.approx(0.75 * sigma(1.5) + 0.25 * sigma(-1.0))
    assert found + found.T == pytest.approx(np.ones((3, 3)))


@pytest.mark.parametrize("beta", [0.5, 2.0, 8.0])
def test_no_population_met_exceeds_the_bounds(beta):
    rng = np.random.default_rng(3)
    utility = rng.random((400, 3, 4)) ** rng.uniform(0.2, 6, (400, 1, 1))
    found = noisy_outcome(utility, rng.dirichlet(np.full(3, 0.4), 400), beta, pairwise_rules())
    bound = bradley_terry_bounds(beta)
    for rule in ("borda", "copeland", "maximal-lottery"):
        assert found.distortion[found.rules.index(rule)].max() <= bound[rule] + 1e-9, rule
    assert (found.distortion >= 1 - 1e-9).all()


@pytest.mark.parametrize("beta", [1.0, 5.0, 20.0])
def test_two_candidates_reach_the_bound_of_maximal_lotteries(beta):
    found = noisy_outcome(*tight_population(beta), beta, ["borda", "copeland", "maximal-lottery"])
    bound = float(bradley_terry_bounds(beta)["maximal-lottery"])
    assert found.distortion == pytest.approx([bound] * 3, rel=1e-3)


def test_points_are_fooled_where_a_maximal_lottery_is_not():
    """Nearly β for Borda, so for Bradley–Terry on all pairs, when β is large."""
    population = borda_population(50.0)
    borda, maximal = noisy_outcome(*population, 50.0, ["borda", "maximal-lottery"]).distortion
    assert 40 < borda < 50
    assert maximal == pytest.approx(1)


def test_a_search_finds_bad_populations_and_none_beyond_the_bound():
    found = search_worst_population("borda", 5.0, climbers=64, steps=200, seed=0)
    assert 2.2 < found.distortion <= bradley_terry_bounds(5.0)["borda"]
    again = noisy_outcome(found.utility, found.weight, 5.0, ["borda"])
    assert again.distortion[0] == pytest.approx(found.distortion)
    assert found.evaluated == 64 * 201


def test_rules_on_duels_are_rules_on_ballots():
    rng = np.random.default_rng(4)
    profile = strict(rng, 9, 4)
    ahead = profile.place[:, :, None] < profile.place[:, None, :]
    duels = ahead.mean(0) + np.eye(4) / 2
    for rule in pairwise_rules():
        p = aggregate(profile.ballots(), rule).chances
        assert pairwise_lottery(rule, duels) == pytest.approx(p), rule


def test_noisy_voters_need_utilities_and_shares_that_make_sense():
    for utility, weight, beta, rule in (
        ([[2.0, 0]], [1], 1.0, "borda"), ([[1, 0]], [0], 1.0, "borda"),
        ([[1, 0]], [1], 0.0, "borda"), ([[1, 0]], [1], 1.0, "plurality"),
        ([[1, 0]], [1, 1], 1.0, "borda"),
    ):  # fmt: skip
        with pytest.raises(InputError):
            noisy_outcome(utility, weight, beta, [rule])
