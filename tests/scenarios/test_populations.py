"""Generated populations are what their descriptions say."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.scenarios import POPULATIONS, generate_population


@pytest.fixture(scope="module")
def populations():
    return {name: generate_population(name, 11) for name in POPULATIONS}


def test_there_are_enough_of_them_and_each_is_described():
    assert len(POPULATIONS) >= 16
    descriptions = [generator.__doc__ for generator in POPULATIONS.values()]
    assert all(descriptions)
    assert len(set(descriptions)) == len(descriptions)


@pytest.mark.parametrize("name", sorted(POPULATIONS))
@pytest.mark.parametrize("seed", [0, 7, 123_456])
def test_data_are_valid(name, seed):
    population = generate_population(name, seed)
    scenario, ratings = population.scenario, population.ratings
    assert scenario.name == ratings.name == name
    assert scenario.type_shares.sum() == pytest.approx(1)
    assert scenario.type_shares.min() > 0.005
    assert len(ratings.raters) == scenario.raters == len(population.weight)
    assert population.weight.min() > 0
    assert population.weight.mean() == pytest.approx(1)
    np.testing.assert_allclose(ratings.ballot_weight, population.weight[ratings.ballot_rater])
    assert (ratings.sizes >= 2).sum() > scenario.raters / 2


@pytest.mark.parametrize("name", sorted(POPULATIONS))
def test_shares_hold_exactly_among_raters_once_they_are_weighted(name, populations):
    population = populations[name]
    types = population.ratings.rater_type
    found = np.bincount(types, weights=population.weight) / population.weight.sum()
    np.testing.assert_allclose(found, population.scenario.type_shares, atol=1e-9)


def test_a_seed_is_the_same_again_and_another_is_not():
    first, again, other = (generate_population("half-missing", s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.ratings.rank, again.ratings.rank)
    np.testing.assert_array_equal(first.scenario.type_utilities, again.scenario.type_utilities)
    assert (first.scenario.type_utilities != other.scenario.type_utilities).any()


def test_sizes_span_what_is_stated(populations):
    raters = [p.scenario.raters for p in populations.values()]
    prompts = [len(p.scenario.prompts) for p in populations.values()]
    completions = [len(p.scenario.completions) for p in populations.values()]
    types = [len(p.scenario.types) for p in populations.values()]
    assert (min(raters), max(raters)) == (50, 10_000)
    assert (min(completions), max(completions)) == (4, 12)
    assert sorted(set(prompts)) == [1, 2, 3, 4, 6, 300]
    assert {1, 2, 10, 150} <= set(types)
    assert {0, 1, 2} <= {p.scenario.noise for p in populations.values()}
    assert min(p.scenario.type_shares.min() for p in populations.values()) <= 0.02


def test_ties_are_where_they_are_stated(populations):
    """A ballot of strict utilities has as many ranks as completions."""
    for name, population in populations.items():
        ratings = population.ratings
        top = np.maximum.reduceat(ratings.rank, ratings.offsets[:-1])
        tied = (top + 1 < ratings.sizes).any()
        assert tied == (name in {"tied-pairs", "approvals"}), name
    pairs = populations["tied-pairs"].scenario.type_utilities.reshape(-1, 6)
    np.testing.assert_array_equal(np.sort(pairs), np.tile([0, 0, 1, 1, 2, 2], (len(pairs), 1)))
    approved = populations["approvals"].scenario.type_utilities.reshape(-1, 6)
    np.testing.assert_array_equal(approved.sum(1), 2)


def test_weights_make_up_for_the_shares_of_the_sample(populations):
    for name, population in populations.items():
        varies = len(np.unique(population.weight)) > 1
        assert varies == name.startswith("weights"), name
    sampled = populations["weights"].ratings.type_shares
    np.testing.assert_allclose(sampled, [0.7, 0.2, 0.1])
    np.testing.assert_allclose(populations["weights"].scenario.type_shares, [0.2, 0.35, 0.45])


def test_noise_turns_as_many_pairs_as_it_should(populations):
    """P(a ≻ b) is logistic in the difference of utilities over the noise."""
    for name in ("noise-1", "noise-2", "one-type"):
        population = populations[name]
        ratings, scenario = population.ratings, population.scenario
        first = np.flatnonzero(np.diff(ratings.entry_ballot) == 0)
        items, ballots = ratings.item, ratings.entry_ballot[first]
        utility = scenario.type_utilities[ratings.rater_type[ratings.ballot_rater[ballots]]]
        rows = np.arange(len(first))
        gap = utility[rows, items[first]] - utility[rows, items[first + 1]]
        chance = 1 / (1 + np.exp(-gap / scenario.noise))
        won = ratings.rank[first] < ratings.rank[first + 1]
        error = (won - chance).sum() / np.sqrt((chance * (1 - chance)).sum())
        assert abs(error) < 4, name


def test_missing_at_random_is_the_same_for_every_type_and_silence_is_not(populations):
    for name, population in populations.items():
        scenario = population.scenario
        heard = scenario.answer_chances[:, scenario.catalogue.item_prompt]
        heard = heard * scenario.inclusion_chances
        by_type = np.ptp(heard, axis=0).max() > 0
        assert by_type == ("silen" in name), name
    silent = populations["silent-prompt"].scenario.answer_chances
    assert (silent[:, 1] == 0).sum() == 1
    half = populations["half-missing"].ratings
    assert half.sizes.sum() / (500 * 18) == pytest.approx(0.5, abs=0.03)


def test_paired_types_differ_by_one_swap_a_prompt(populations):
    utility = populations["pairs-alike"].scenario.type_utilities.reshape(2, 2, 2, 6)
    for pair in utility:
        for first, second in zip(*pair, strict=True):
            assert (first != second).sum() == 2
    assert (utility[0, 0] != utility[1, 0]).any()


def test_no_part_of_the_types_weighs_nearly_half_where_shares_are_stated(populations):
    """Majorities would else be decided by a few raters."""
    for name in ("minority", "pairs-alike", "thousand-silence", "tied-pairs", "weights-noise"):
        share = populations[name].scenario.type_shares
        parts = np.array([[t >> i & 1 for i in range(len(share))] for t in range(1 << len(share))])
        assert np.abs(parts @ share - 0.5).min() > 0.015, name
