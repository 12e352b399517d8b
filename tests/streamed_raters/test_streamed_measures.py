"""Pairs counted batch by batch, and hidden pairs of held-out raters."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.choice_models import fit_pair_counts, pair_counts
from scrl.scenarios import generate_population
from scrl.streamed_raters import (
    StreamedRaters,
    held_out_pairs,
    streamed_pair_counts,
    streamed_vanilla,
)
from scrl.streamed_raters.items import ItemFunctions
from scrl.streamed_raters.parameters import Parameters
from scrl.types import InputError


@pytest.mark.parametrize("name", ["weights-noise", "tied-pairs", "prompts-300"])
def test_pairs_are_counted_as_in_memory(name):
    ratings = generate_population(name, 0).ratings
    expected, found = pair_counts(ratings), streamed_pair_counts(ratings)
    assert np.array_equal(found.first, expected.first)
    assert np.array_equal(found.second, expected.second)
    unit = expected.wins_first.sum() / found.wins_first.sum()  # rater weights start from 1
    np.testing.assert_allclose(unit * found.wins_first, expected.wins_first, rtol=1e-6)
    np.testing.assert_allclose(unit * found.wins_second, expected.wins_second, rtol=1e-6)
    reward = fit_pair_counts(expected, ratings.catalogue.offsets)
    np.testing.assert_allclose(streamed_vanilla(ratings), reward, atol=0.02)


def test_a_model_of_one_reward_predicts_as_that_reward():
    ratings = generate_population("noise-1", 0).ratings
    everyone = np.ones(len(ratings.raters), bool)
    reward = np.arange(ratings.catalogue.items, dtype=float)
    one = held_out_pairs(reward, ratings, everyone)
    other = held_out_pairs(-reward, ratings, everyone)
    assert one.accuracy + other.accuracy == pytest.approx(1.0)
    assert held_out_pairs(0 * reward, ratings, everyone).accuracy == 0.5
    assert 0 < one.standard_error < 0.05
    items = ratings.catalogue.items
    zero = np.zeros((items, 1), np.float32)
    none = np.zeros((0, 1), np.float32)
    model = StreamedRaters(
        ratings.catalogue,
        Parameters(np.zeros(1), zero[:, 0], reward[:, None].astype(np.float32), zero + 1e-6,
                   none[:, 0], none, none),
        ItemFunctions(None, np.zeros((items, 0))),
    )  # fmt: skip
    assert held_out_pairs(model, ratings, everyone).accuracy == pytest.approx(one.accuracy)


def test_nobody_to_predict_is_said():
    ratings = generate_population("noise-1", 0).ratings
    with pytest.raises(InputError, match="no hidden pair"):
        held_out_pairs(np.zeros(ratings.catalogue.items), ratings, np.zeros(400, bool))
