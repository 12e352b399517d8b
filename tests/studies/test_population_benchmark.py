"""Scores of methods on generated populations, by brute force on tiny cases."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scrl.rivals import RIVALS
from scrl.scenarios import POPULATIONS, generate_population
from scrl.studies import population_benchmark as benchmark
from scrl.types import InputError, Outcome
from tests.reference import rules as reference

EXACT = [n for n in POPULATIONS if not generate_population(n, 0).scenario.noise]


def outcomes_of(orders, weight=None):
    """The outcomes of utilities ``[voters, m]`` on one prompt."""
    utility = np.array(orders, float)
    weight = None if weight is None else np.array(weight, float)
    return benchmark.electorate_outcomes(utility, np.array([0, utility.shape[1]]), weight)


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_the_definitions(seed):
    rng = np.random.default_rng(seed)
    found, true = (rng.integers(0, 4, (n, 4)) for n in (5, 7))
    scores = benchmark.population_scores(outcomes_of(found), outcomes_of(true))
    contests = [
        reference.Contest([(dict(enumerate((-row).tolist())), 1) for row in rows], range(4))
        for rows in (found, true)
    ]
    for rule in benchmark.RULES:
        places = [reference.RULES[rule](contest) for contest in contests]
        strict = [(a, b) for a, b in combinations(range(4), 2) if places[1][a] != places[1][b]]
        signs = [[np.sign(place[a] - place[b]) for a, b in strict] for place in places]
        assert scores[rule] == pytest.approx(np.mean(np.multiply(*signs))), rule
    points = [contest.borda() for contest in contests]
    wrong = max(abs(points[0][c] - points[1][c]) for c in range(4))
    assert scores[benchmark.POINTS] == pytest.approx(float(wrong))
    first = [contest.tops(set(range(4))) for contest in contests]
    wrong = max(abs(first[0][c] - first[1][c]) for c in range(4))
    assert scores[benchmark.FIRST_PLACES] == pytest.approx(float(wrong))


def test_a_tie_of_the_method_counts_nothing_and_a_tie_of_the_truth_is_left_out():
    assert benchmark.strict_tau(np.array([0, 0, 2]), np.array([0, 1, 2])) == pytest.approx(2 / 3)
    assert benchmark.strict_tau(np.array([2, 0, 1]), np.array([0, 0, 2])) == 0
    assert np.isnan(benchmark.strict_tau(np.array([0, 1, 2]), np.array([0, 0, 0])))


def test_prompts_are_averaged_and_one_without_a_strict_pair_is_left_out():
    strict, tied = np.array([0, 1]), np.array([0, 0])

    def prompt(place):
        return {r: Outcome(r, place, -place.astype(float)) for r in benchmark.RULES}

    scores = benchmark.population_scores(
        [prompt(strict), prompt(strict)], [prompt(strict), prompt(tied)]
    )
    assert scores["borda"] == 1
    assert scores[benchmark.POINTS] == 0.5


def test_weights_count_as_repetition():
    orders = [[2, 1, 0], [0, 1, 2], [1, 2, 0]]
    weighted = outcomes_of(orders, [3, 1, 2])[0]
    written_out = outcomes_of([orders[0]] * 3 + [orders[1]] + [orders[2]] * 2)[0]
    for rule in benchmark.RULES:
        np.testing.assert_allclose(weighted[rule].scores, written_out[rule].scores)


@pytest.mark.parametrize("name", EXACT)
def test_the_oracle_is_right_where_there_is_no_noise(name):
    population = generate_population(name, 2)
    truth = benchmark.population_truth(population)
    scores = benchmark.population_scores(benchmark.oracle_outcomes(population, 2), truth)
    for rule in benchmark.RULES:
        assert scores[rule] == 1 or np.isnan(scores[rule]), rule
    assert scores[benchmark.POINTS] < 1e-6
    assert scores[benchmark.FIRST_PLACES] < 1e-6


def test_the_truth_of_a_noisy_population_is_the_exact_one():
    """A type with Gumbel noise chooses by softmax, and compares pairs by a logistic function."""
    population = generate_population("noise-1", 1)
    scenario = population.scenario
    utility = scenario.type_utilities / scenario.noise
    for p, outcome in enumerate(benchmark.population_truth(population)):
        own = utility[:, 5 * p : 5 * p + 5]
        first = np.exp(own) / np.exp(own).sum(1, keepdims=True)
        above = 1 / (1 + np.exp(own[:, None, :] - own[:, :, None]))
        share = scenario.type_shares
        np.testing.assert_allclose(outcome["plurality"].scores, share @ first, atol=0.02)
        points = np.einsum("t,tab->a", share, above) - 0.5
        np.testing.assert_allclose(outcome["borda"].scores, points, atol=0.05)


def test_models_of_the_true_types_come_close_and_vanilla_does_not():
    population = generate_population("half-missing", 0)
    truth = benchmark.population_truth(population)
    exact = benchmark.population_scores(benchmark.per_type_outcomes(population, 0), truth)
    pooled = benchmark.population_scores(benchmark.vanilla_outcomes(population, 0), truth)
    assert exact["plurality"] > 0.95 > pooled["plurality"]
    assert exact[benchmark.FIRST_PLACES] < 0.01 < pooled[benchmark.FIRST_PLACES]
    # Bradley–Terry fits mean points, as far as one reward can.
    assert pooled["borda"] > 0.7


class _Told:
    """A rival that is told the types of ``two-types``."""

    name, title = "told", "Told the types"
    size = ""

    def too_large(self, ratings):
        return self.size

    def fit(self, ratings, seed=0):
        return self

    def electorate(self, voters, rng):
        scenario = generate_population("two-types", 4).scenario
        return scenario.type_utilities[rng.choice(2, voters, p=scenario.type_shares)]


def test_a_rival_is_judged_by_its_voters():
    population = generate_population("two-types", 4)
    outcomes = benchmark.rival_outcomes(_Told(), population, 0)
    scores = benchmark.population_scores(outcomes, benchmark.population_truth(population))
    assert scores["plurality"] == scores["borda"] == 1
    assert 0 < scores[benchmark.FIRST_PLACES] < 0.02
    too_large = _Told()
    too_large.size = "too many items"
    with pytest.raises(InputError, match="Told the types: too many items"):
        benchmark.rival_outcomes(too_large, population, 0)


def test_every_rival_is_compared():
    assert set(benchmark.METHODS) == {"lab", "vanilla", *RIVALS} - {"pooled"}


def test_plackett_luce_rewards_of_ties_tie():
    population = generate_population("tied-pairs", 0)
    ratings = population.ratings.with_absent_resolved(min_size=2)
    own = ratings.select(ratings.rater_type[ratings.ballot_rater] == 0)
    rewards = benchmark.plackett_luce_rewards(own, 0).reshape(2, 6)
    utility = population.scenario.type_utilities[0].reshape(2, 6)
    for reward, value in zip(rewards, utility, strict=True):
        levels = [reward[value == v] for v in range(3)]
        assert max(np.ptp(level) for level in levels) < 1
        assert min(levels[1]) - max(levels[0]) > 3
        assert min(levels[2]) - max(levels[1]) > 3


def test_vanilla_states_one_order_under_every_rule():
    population = generate_population("uneven-silence", 0)
    for outcome in benchmark.vanilla_outcomes(population, 0):
        for rule in benchmark.RULES:
            np.testing.assert_array_equal(outcome[rule].place, outcome["borda"].place)
        assert outcome["borda"].scores.sum() == pytest.approx(15)
        assert outcome["plurality"].scores.sum() == pytest.approx(1)


def test_who_is_unbeaten():
    steady = {s: 0.9 + 0.01 * s for s in range(5)}
    worse = {s: v - 0.1 for s, v in steady.items()}
    noisy = {0: 0.95, 1: 0.5, 2: 0.9, 3: 1.0, 4: 0.8}
    scores = {"steady": steady, "worse": worse, "noisy": noisy, "one seed": {0: 0.0}}
    assert benchmark.unbeaten(scores, True) == ["steady", "noisy", "one seed"]
    assert "steady" not in benchmark.unbeaten({"steady": steady, "worse": worse}, False)
    assert benchmark.unbeaten({"a": steady, "b": dict(steady)}, True) == ["a", "b"]


def test_mean_and_its_error():
    mean, error = benchmark.mean_and_error([1.0, 2.0, 3.0, np.nan])
    assert (mean, error) == (2.0, pytest.approx(1 / np.sqrt(3)))
    assert np.isnan(benchmark.mean_and_error([1.0])[1])
    assert np.isnan(benchmark.mean_and_error([])[0])
