"""The Plackett–Luce likelihood with ties, and its derivatives by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.utility_models import tabulate
from scrl.utility_models.likelihood import choices
from tests.rivals.test_rivals import ratings_of


@pytest.fixture(scope="module", params=["strict", "ties"])
def table(request):
    rng = np.random.default_rng(0)
    ballots = []
    for rater in range(12):
        shown = rng.permutation(5)[: rng.integers(1, 6)]
        ranks = np.arange(len(shown)) // (2 if request.param == "ties" else 1)
        ballots.append((rater, 0, dict(zip(shown.tolist(), ranks.tolist(), strict=True)), 1.0))
    return tabulate(ratings_of(ballots, prompts=1))


def total(table, reward):
    return choices(table.slots, reward[table.slots.item]).log_likelihood.sum()


def by_hand(table, reward, ballot):
    """Σ over choices of u - log Σ exp(u) of what is left, tied completions counted half."""
    s, value = table.slots, 0.0
    places = int(s.mask[ballot].sum())
    for stage in range(places):
        left = 0.0
        for place in range(places):
            tied = s.tie_start[ballot, place] == s.tie_start[ballot, stage]
            share = 1.0 if place == stage else 0.5 if tied else float(place > stage)
            left += share * np.exp(reward[s.item[ballot, place]])
        value += reward[s.item[ballot, stage]] - np.log(left)
    return value


def test_the_likelihood_is_that_of_its_definition(table):
    reward = np.random.default_rng(1).normal(size=5)
    found = choices(table.slots, reward[table.slots.item]).log_likelihood
    wanted = [by_hand(table, reward, ballot) for ballot in range(len(found))]
    assert found == pytest.approx(wanted, abs=1e-12)


def test_gradient_and_hessian_agree_with_differences(table):
    reward = np.random.default_rng(2).normal(size=5)
    found = choices(table.slots, reward[table.slots.item])
    slope, curve = np.zeros(5), np.zeros((5, 5))
    item = table.slots.item
    np.add.at(slope, item, found.gradient)
    np.add.at(curve, (item[:, :, None], item[:, None, :]), found.neg_hessian())
    step = 1e-4 * np.eye(5)
    wanted = [(total(table, reward + e) - total(table, reward - e)) / 2e-4 for e in step]
    assert slope == pytest.approx(wanted, abs=1e-6)
    for i, e in enumerate(step):
        ends = [choices(table.slots, (reward + f)[item]).gradient for f in (e, -e)]
        change = np.zeros(5)
        np.add.at(change, item, (ends[1] - ends[0]) / 2e-4)
        assert curve[i] == pytest.approx(change, abs=1e-6)


def test_stage_means_and_sums_are_products_with_the_probabilities(table):
    rng = np.random.default_rng(3)
    utility = rng.normal(size=table.slots.mask.shape)
    found = choices(table.slots, utility)
    values = rng.normal(size=(*utility.shape, 2))
    probability = found.probabilities()
    assert found.stage_means(values) == pytest.approx(probability @ values)
    transposed = np.swapaxes(probability, 1, 2) @ values
    assert found.stage_sums(values) == pytest.approx(transposed)
    assert probability.sum(2)[table.slots.mask] == pytest.approx(1)
    assert found.expected == pytest.approx(probability.sum(1))


def test_utilities_far_apart_stay_finite(table):
    utility = np.where(table.slots.item == 0, -1e6, 1e6) * 1.0
    found = choices(table.slots, utility)
    assert np.isfinite(found.log_likelihood).all()
    assert np.isfinite(found.neg_hessian()).all()
