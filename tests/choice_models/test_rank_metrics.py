"""Rank metrics against SciPy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from scrl.choice_models import kendall_tau, matching_places, reversed_pairs, welfare

ORDERS = st.lists(st.integers(0, 4), min_size=2, max_size=7)


@settings(deadline=None, max_examples=200)
@given(
    st.integers(2, 8).flatmap(
        lambda m: st.tuples(*[st.lists(st.integers(0, 4), min_size=m, max_size=m)] * 2)
    )
)
def test_kendall_tau_is_scipys(orders):
    one, other = map(np.array, orders)
    wanted = kendalltau(one, other, variant="b").statistic
    if np.isnan(wanted):  # an order that ties everything says nothing of another
        wanted = float(np.ptp(one) == np.ptp(other) == 0)
    assert kendall_tau(one, other) == pytest.approx(wanted, abs=1e-12)
    assert kendall_tau(one, one) == pytest.approx(1)


def test_kendall_tau_of_an_order_and_its_reverse():
    place = np.array([0, 1, 1, 3, 4])
    assert kendall_tau(place, -place) == pytest.approx(-1)


@settings(deadline=None)
@given(ORDERS, st.integers(0, 2**31))
def test_reversed_pairs_by_brute_force(place, seed):
    values = np.random.default_rng(seed).integers(0, 4, len(place))
    wrong = sum(
        1
        for a in range(len(place))
        for b in range(len(place))
        if place[a] < place[b] and not values[a] > values[b]
    )
    assert reversed_pairs(np.array(place), values) == wrong


def test_places_right():
    truth = [["a"], ["b", "c"], ["d"]]
    assert matching_places(truth, truth) == 4
    assert matching_places([["a"], ["b"], ["c"], ["d"]], truth) == 3
    assert matching_places([["d"], ["b", "c"], ["a"]], truth) == 2
    assert matching_places([["b"], ["a"], ["c"], ["d"]], truth) == 1


def test_welfare_of_what_borda_elects():
    """The blog post's example: Borda's winner is worth -.5996, the other .9999."""
    utility = np.array([[1, 0.9999, 0.9998, 0.9997, 0.9996], [-0.9997, -0.9998, -0.9999, -1, 1]])
    found = welfare(utility, np.array([0.2001, 0.7999]), np.eye(5)[0])
    assert found["mean"] == pytest.approx(-0.5996, abs=6e-5)
    assert found["best"] == pytest.approx(0.9999, abs=6e-5)
    np.testing.assert_allclose(found["by_type"], [1, -0.9997])
    split = welfare(utility, np.array([2.0, 2.0]), np.full(5, 0.2))
    assert split["mean"] == pytest.approx(utility.mean())
