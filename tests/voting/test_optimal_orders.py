"""Kemeny's and Slater's orders: against all orders and dynamic programming, and bounds."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from scrl.types import Ballots, InputError
from scrl.voting import Profile, aggregate, kemeny_ranking, slater_ranking
from scrl.voting.explain import explain
from scrl.voting.rules import orders
from scrl.voting.rules.order_search import OrderSearch, common_unit, improved_order


def drawn(i: int, most: int = 6) -> Profile:
    """Strict, tied or truncated ballots of whole or random weights."""
    rng = np.random.default_rng([i, 30])
    m, n = int(rng.integers(1, most + 1)), int(rng.integers(1, 10))
    place = rng.permuted(np.tile(np.arange(m), (n, 1)), axis=1)
    if i % 3:
        place = place // int(rng.integers(1, 3))
    if i % 3 == 2:
        place = np.where((rng.random((n, m)) < 0.3) & (place > 0), -1, place)
    weight = rng.random(n) + 0.1 if i % 4 == 0 else rng.integers(1, 5, n)
    return Profile(tuple("abcdefghij"[:m]), place, weight)


def near_cycle(m: int, voters: int, seed: int) -> np.ndarray:
    """P(a ≻ b) of voters who each rotate one order and swap some neighbours."""
    rng = np.random.default_rng(seed)
    place = np.empty((voters, m), int)
    for row in place:
        order = np.roll(np.arange(m), int(rng.integers(m)))
        for i in rng.integers(m - 1, size=m // 3):
            order[[i, i + 1]] = order[[i + 1, i]]
        row[order] = np.arange(m)
    return 0.5 + 0.5 * np.sign(place[:, None, :] - place[:, :, None]).mean(0)


def least_by_all_orders(profile: Profile) -> tuple[float, float]:
    """The least Kemeny cost with penalty ½ for a tie, and the fewest reversed majorities, ballot by
    ballot, with those left out tied last."""
    place = np.where(profile.place < 0, 99, profile.place)
    m = len(profile.names)
    against = np.einsum("v,vab->ab", profile.weight, place[:, :, None] > place[:, None, :])
    tied = np.einsum("v,vab->ab", profile.weight, place[:, :, None] == place[:, None, :])
    lead = against.T - against
    costs = [
        (
            sum(against[a, b] + tied[a, b] / 2 for i, a in enumerate(o) for b in o[i + 1 :]),
            sum(lead[b, a] > 1e-9 for i, a in enumerate(o) for b in o[i + 1 :]),
        )
        for o in permutations(range(m))
    ]
    return min(c for c, _ in costs), min(c for _, c in costs)


@pytest.mark.parametrize("i", range(30))
def test_no_order_costs_less(i):
    profile = drawn(i)
    kemeny, slater = least_by_all_orders(profile)
    for found, wanted in ((kemeny_ranking(profile), kemeny), (slater_ranking(profile), slater)):
        assert found.proved
        assert found.cost == pytest.approx(wanted, abs=1e-6)
        assert found.lower_bound == pytest.approx(wanted, abs=1e-4)
        assert sorted(found.order) == sorted(profile.names)
        first = profile.names.index(found.order[0])
        rule = "kemeny" if found.cost == pytest.approx(kemeny) and wanted is kemeny else "slater"
        assert aggregate(profile, rule).place[first] == 0


def test_large_cycles_have_the_winners_that_dynamic_programming_finds(monkeypatch):
    """The union of the winners of all optimal orders, and the rule run again without them."""
    ties = 0
    cases = [near_cycle(8, 5, seed) for seed in range(6)]
    for seed in range(30):
        rng = np.random.default_rng(seed)
        place = rng.integers(0, 7, (int(rng.integers(2, 9)), int(rng.integers(4, 9))))
        cases.append(0.5 + 0.5 * np.sign(place[:, None, :] - place[:, :, None]).mean(0))
    for above in cases:
        for shares in (above, 0.5 + 0.5 * np.sign(np.round(above - 0.5, 9))):
            monkeypatch.setattr(orders, "MAX_CYCLE", 16)
            wanted = orders.optimal_places(shares[None], "")
            monkeypatch.setattr(orders, "MAX_CYCLE", 2)
            found = orders.optimal_places(shares[None], "")
            np.testing.assert_array_equal(found, wanted)
            ties += len(set(wanted[0].tolist())) < len(above)
    assert ties > 10


def test_seventeen_candidates_by_dynamic_programming_and_by_integer_programming(monkeypatch):
    above = near_cycle(17, 11, 0)
    found = aggregate_by(above)
    monkeypatch.setattr(orders, "MAX_CYCLE", 17)
    np.testing.assert_array_equal(found, aggregate_by(above))


def aggregate_by(above: np.ndarray) -> np.ndarray:
    return orders.optimal_places(above[None], "Kemeny's order")[0]


@pytest.mark.parametrize("m", [20, 30])
def test_thirty_candidates_are_proved(m):
    """The dual bound alone, recomputed here, leaves no room for another order."""
    rng = np.random.default_rng(m)
    place = rng.permuted(np.tile(np.arange(m), (25, 1)), axis=1)
    profile = Profile(tuple(f"c{i}" for i in range(m)), place, np.ones(25))
    for ranking in (kemeny_ranking, slater_ranking):
        found = ranking(profile)
        assert found.proved
        assert found.cost == found.lower_bound == round(found.cost)
    order = np.array([int(name[1:]) for name in kemeny_ranking(profile).order])
    cost = (place[:, :, None] > place[:, None, :]).sum(0).astype(float)
    total = np.triu(cost[np.ix_(order, order)], 1).sum()
    assert total == kemeny_ranking(profile).cost
    for _ in range(50):  # no order that a local search finds is better
        other = improved_order(cost, None, rng.permutation(m))
        assert np.triu(cost[np.ix_(other, other)], 1).sum() >= total


def test_what_is_not_proved_says_so_with_a_bound(monkeypatch):
    """A random tournament of 40 candidates, in a second, and known orders of it."""
    rng = np.random.default_rng(0)
    beats = np.triu(rng.random((40, 40)) < 0.5, 1)
    beats = beats | (~beats.T & np.tril(np.ones((40, 40), bool), -1))
    above = np.where(beats, 1.0, 0.0) + 0.5 * np.eye(40)
    search = OrderSearch(above.T * (1 - np.eye(40)), orders.time.monotonic() + 0.7)
    found = search.least(range(40))
    assert not found.proved
    assert 0 <= found.bound < found.cost < 320
    assert found.bound == round(found.bound), "wins are whole numbers"
    monkeypatch.setattr(orders, "SEARCH_SECONDS", 0.3)
    with pytest.raises(InputError, match="no order has fewer than") as caught:
        aggregate_by(above)
    assert "\n" not in str(caught.value)


def test_a_bound_holds_for_every_order_and_every_pair():
    """Also the part of the bound that says what putting a before b costs."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        m = int(rng.integers(3, 7))
        cost = rng.integers(0, 4, (m, m)) * (1 - np.eye(m))
        found = OrderSearch(cost, orders.time.monotonic() + 10).least(range(m))
        for order in permutations(range(m)):
            total = np.triu(cost[np.ix_(order, order)], 1).sum()
            assert total >= found.bound - 1e-9
            extra = sum(found.slack[a, b] for i, a in enumerate(order) for b in order[i + 1 :])
            assert total >= found.dual + extra - 1e-9


def test_the_penalty_of_a_tied_pair_does_not_change_the_order():
    """Fagin et al. 2006: K^(p) differs by a constant between strict orders."""
    profile = Profile.from_text("3: a > b = c > d\n2: d > a > b\n2: c > d > a = b")
    place = np.where(profile.place < 0, 99, profile.place)

    def distance(order, p):
        pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
        return sum(
            w * ((row[a] > row[b]) + p * (row[a] == row[b]))
            for w, row in zip(profile.weight, place, strict=True)
            for a, b in pairs
        )

    found = kemeny_ranking(profile)
    order = [profile.names.index(name) for name in found.order]
    assert found.cost == distance(order, 0.5)
    for p in (0.0, 0.5, 1.0):
        assert distance(order, p) == min(distance(o, p) for o in permutations(range(4)))


def test_more_than_sixteen_candidates_are_explained_with_the_proof():
    rng = np.random.default_rng(5)
    place = rng.permuted(np.tile(np.arange(18), (9, 1)), axis=1)
    profile = Profile(tuple(f"c{i}" for i in range(18)), place, np.ones(9))
    for rule in ("kemeny", "slater"):
        explained = explain(rule, profile)
        assert explained.place.tolist() == aggregate(profile, rule).place.tolist()
        assert "as integer programming proves" in explained.notes[0]


def test_units_of_costs():
    assert common_unit(np.array([2, 6, -4]) / 11) == pytest.approx(2 / 11)
    assert common_unit(np.array([0.0, 1.0])) == 1.0
    assert common_unit(np.zeros(3)) == 0.0
    assert common_unit(np.random.default_rng(0).random(9)) == 0.0


def test_bad_limits_get_a_sentence():
    with pytest.raises(InputError, match="time limit"):
        kemeny_ranking(drawn(1), time_limit=0)
    crowd = Profile.from_orders([f"c{i}" for i in range(201)], [list(range(201))])
    with pytest.raises(InputError, match="At most 200 candidates"):
        slater_ranking(crowd)
    rank = np.arange(61)
    cycle = Ballots(-np.stack([np.roll(rank, k) for k in range(61)]))
    with pytest.raises(InputError, match="at most 60 candidates beat each other"):
        aggregate(cycle, "kemeny")
