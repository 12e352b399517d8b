"""What is said of a population, against planted types, simulated pairs of voters and ballots."""

from dataclasses import replace

import numpy as np
import pytest

from scrl.diagnostics import orders_to_ratings, summarise_population
from scrl.raters import Density, FittedRun, RaterModel
from scrl.types import Catalogue
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from scrl.utility_models.population_fit import fit_population

CATALOGUE = Catalogue(("p", "q"), tuple("abcd"), np.array([0, 1, 2, 0, 1, 3]), np.array([0, 3, 6]))
#: Two types that differ on a and b under p, and on all three pairs under q.
REWARD = np.array([[4.0, 2, 0, 2, 0, -2], [2.0, 4, 0, -2, 0, 2]])
SHARE = np.array([0.25, 0.75])


def run_of(population: Population, ratings=None) -> FittedRun:
    rng = np.random.default_rng(0)
    model = RaterModel.of(population, CATALOGUE if ratings is None else ratings.catalogue)
    if ratings is None:
        orders = [[(0, [0, 1, 2]), (1, [3, 4, 5])], *[[(0, [1, 0, 2]), (1, [5, 4, 3])]] * 3]
        ratings = orders_to_ratings(CATALOGUE, orders)
        types = {"types": ("x", "y"), "rater_type": np.array([0, 1, 1, 1])}
        ratings = replace(ratings, **types)
    density = Density.of(model, rng)
    return FittedRun(ratings, ratings, 0, model, density, None, density.draw(rng, 4000))


def planted(variance: float) -> Population:
    covariance = initial_covariance(CATALOGUE).scaled(variance)
    return Population(REWARD, np.zeros(REWARD.shape), SHARE, covariance)


def test_types_that_do_not_vary_differ_on_the_pairs_they_order_differently():
    found = summarise_population(run_of(planted(1e-9)))
    np.testing.assert_allclose(found.share, [0.75, 0.25])
    assert found.name == ("y", "x")
    assert (found.varies, found.within, found.tied) == (False, 0.0, 0.0)
    assert found.between == pytest.approx(4 / 6, abs=1e-3)
    # Gaps of 2 (a–b), 4, 2 and, under q, 2, 4, 2.
    error = np.mean(1 / (1 + np.exp([2, 4, 2, 2, 4, 2])))
    assert found.error == pytest.approx(error, abs=2e-3)


def test_disagreement_is_that_of_pairs_of_voters():
    population = planted(4.0)
    found = summarise_population(run_of(population))
    rng = np.random.default_rng(1)
    kind, other = rng.choice(2, (2, 40_000), p=SHARE)
    one = REWARD[kind] + population.covariance.draw(len(kind), rng)
    two = REWARD[other] + population.covariance.draw(len(kind), rng)
    pairs = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    differ = np.mean([(one[:, a] > one[:, b]) != (two[:, a] > two[:, b]) for a, b in pairs], axis=0)
    assert found.varies
    assert found.within == pytest.approx(differ[kind == other].mean(), abs=0.02)
    assert found.between == pytest.approx(differ[kind != other].mean(), abs=0.02)
    gaps = np.abs([one[:, a] - one[:, b] for a, b in pairs])
    assert found.error == pytest.approx((1 / (1 + np.exp(gaps))).mean(), abs=0.01)


def test_voters_tie_the_share_of_pairs_that_raters_tie():
    rng = np.random.default_rng(2)
    orders = orders_to_ratings(CATALOGUE, [[(1, rng.permutation([3, 4, 5]))] for _ in range(60)])
    place = np.tile([0, 0, 1], 60)  # of three pairs one is tied
    ratings = replace(orders, rank=place)
    population = fit_population(ratings).population
    found = summarise_population(run_of(population, ratings))
    assert found.tied == pytest.approx(1 / 3, abs=0.12)
    assert found.name == ("",)
    assert np.isnan(found.between)
