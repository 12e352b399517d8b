"""Policies that move the tastes by which they are judged."""

import numpy as np
import pytest

from scrl.drift import POLICIES, InfluenceWorlds, disagreement, draw_influence_worlds
from scrl.drift import simulate_influence as simulate

SHARES = np.array([0.6, 0.3, 0.1])


def worlds(count=30):
    return draw_influence_worlds(np.random.default_rng(3), count, 5, SHARES)


def run(policy, rate, count=30, rounds=12):
    return simulate(np.random.default_rng(4), worlds(count), policy, rate, rounds)


@pytest.mark.parametrize("policy", POLICIES)
def test_without_influence_both_tastes_say_the_same(policy):
    found = run(policy, 0.0)
    np.testing.assert_array_equal(found.first, found.present)
    assert (found.disagreement == found.disagreement[0]).all()


def test_tastes_go_where_what_is_shown_goes():
    world = InfluenceWorlds(
        np.array([1.0]), np.array([[[2.0, -9.0, -9.0]]]), np.array([[[5.0, 0.0, 0.0]]])
    )
    found = simulate(np.random.default_rng(0), world, "oracle of the first", 0.1, 6)
    shown = np.array([0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3])
    for t in range(6):
        tastes = world.used[0, 0] + (world.tastes[0, 0] - world.used[0, 0]) * (1 - 0.1 * shown) ** t
        assert found.present[t, 0] == pytest.approx(shown @ tastes)
        assert found.first[t, 0] == pytest.approx(shown @ world.tastes[0, 0])


def test_planning_gains_most_by_the_tastes_of_the_time_and_least_by_the_first():
    runs = {policy: run(policy, 0.1, 60, 30) for policy in POLICIES}
    present = {p: r.present.mean() for p, r in runs.items()}
    first = {p: r.first[-1].mean() for p, r in runs.items()}
    assert max(present, key=present.get) == min(first, key=first.get) == "planned"
    assert max(first, key=first.get) == "oracle of the first"
    assert present["retrained"] > present["both judge"] > present["trained once"]
    assert (runs["trained once"].first == runs["trained once"].first[0]).all()
    assert not runs["trained once"].switched.any()
    assert runs["retrained"].switched[-1].mean() > 0.1


def test_disagreement_is_that_of_two_random_people_of_different_types():
    tastes = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    a, b, c = SHARES
    assert disagreement(SHARES, tastes) == pytest.approx((a * b + b * c) / (a * b + b * c + a * c))
    assert disagreement(SHARES, tastes[[0, 0, 0]]) == 0
