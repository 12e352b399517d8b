"""Strict pairs of ballots with ties: predicted log-odds are those of simulated ballots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrl.types import Catalogue, Ratings
from scrl.utility_models import TieModel, sample_ranks, tabulate
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from scrl.utility_models.strict_pairs import strict_pair_slope

#: Ties of two to four before others, and of all that are left.
TIES = TieModel(np.array([0, 1, 0.6, 0.6, 0.6, 0, 0, 0]), np.array([0, 1, 0.8, 2, 4, 4, 4, 0]))


def catalogue_of(size: int) -> Catalogue:
    names = tuple("abcdefg"[:size])
    return Catalogue(("p",), names, np.arange(size), np.array([0, size]))


def population_of(size: int, ties: tuple[TieModel, ...], variance: float = 0.0) -> Population:
    """One type whose completions are 0.7 apart."""
    reward = 0.7 * np.arange(size)[None]
    covariance = initial_covariance(catalogue_of(size)).scaled(variance)
    return Population(reward, np.zeros(reward.shape), np.ones(1), covariance, ties)


def ballots_of(rank: np.ndarray) -> Ratings:
    raters, size = rank.shape
    return Ratings(
        catalogue_of(size), tuple(map(str, range(raters))), np.arange(raters),
        np.zeros(raters, int), np.ones(raters), size * np.arange(raters + 1),
        np.tile(np.arange(size), raters), rank.ravel(),
    )  # fmt: skip


@pytest.mark.parametrize("variance", [0.0, 0.8])
def test_predicted_strict_pairs_are_as_frequent_as_on_ballots(variance):
    population, rng = population_of(7, (TIES,), variance), np.random.default_rng(1)
    utility = np.tile(population.reward, (20_000, 1))
    if variance:
        utility += population.covariance.draw(len(utility), rng)
    rank = sample_ranks(utility, TIES, rng)
    slope = strict_pair_slope(population, tabulate(ballots_of(rank)))
    first, second = np.triu_indices(7, 1)
    strict = rank[:, first] != rank[:, second]
    observed = ((rank[:, first] < rank[:, second]) & strict).sum(0) / strict.sum(0)

    def error(slope: float) -> float:
        nobody = np.full(len(first), 0)
        told = ballots_of(np.zeros((1, 7), int)).select(np.zeros(1, bool))
        found = replace(population, pair_slope=slope).pair_probability(told, nobody, first, second)
        return float(np.abs(found - observed).mean())

    assert error(slope) < 0.02 < 0.06 < error(1.0)


def test_pairs_alone_and_ballots_without_ties_have_slope_one():
    two = population_of(2, (TieModel(np.array([0, 1, 0]), np.array([0, 1, 0.7])),))
    table = tabulate(ballots_of(np.tile([[0, 1], [0, 0]], (500, 1))))
    assert strict_pair_slope(two, table) == pytest.approx(1.0, abs=0.1)
    assert strict_pair_slope(population_of(3, ()), tabulate(ballots_of(np.eye(3, dtype=int)))) == 1
