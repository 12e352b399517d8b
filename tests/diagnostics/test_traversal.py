"""Rewards along a line between two latents."""

import numpy as np
import pytest

from scrl.diagnostics import (
    rank_changes,
    traverse,
    type_profiles,
)
from scrl.diagnostics.traversal import middle_density
from scrl.raters import Density


def test_a_walk_counts_each_change_and_what_is_needed():
    at = np.linspace(0, 1, 5)
    # The first falls past the second at .5; the third touches nobody.
    straight = np.stack([1 - 2 * at, -1 + 2 * at, 0 * at - 5], axis=1)
    changes, needed = rank_changes(straight, at)
    assert changes == ((0.5, 1, 0),)
    assert needed == 1
    back = np.stack([np.array([1, -1, -1, 1, 1.0]), np.zeros(5)], axis=1)
    changes, needed = rank_changes(back, at)
    assert [(up, down) for _, up, down in changes] == [(1, 0), (0, 1)]
    assert needed == 0


def test_a_walk_begins_and_ends_where_it_says(experiment):
    learnt = experiment.fitted_run
    start, end = type_profiles(learnt)[[0, 1]]
    found = traverse(learnt, start, end, 0)
    rewards = learnt.individual.rewards(np.stack([start, end]))
    wanted = rewards - rewards.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.rewards[[0, -1]], wanted, atol=1e-4)
    order = [np.argsort(-row).tolist() for row in learnt.source.type_utilities[:2]]
    assert [np.argsort(-row).tolist() for row in found.rewards[[0, -1]]] == order
    tau = sum(
        (order[0].index(a) - order[0].index(b)) * (order[1].index(a) - order[1].index(b)) < 0
        for a in range(5)
        for b in range(a)
    )
    assert found.min_changes == tau
    assert len(found.changes) >= tau


def test_the_middle_is_empty_between_two_types_and_full_within_one():
    narrow, wide = 0.01 * np.eye(2), np.eye(2)
    start, end = np.array([-2.0, 0.0]), np.array([2.0, 0.0])

    def density(mean, covariance):
        k = len(mean)
        covariance = np.repeat(covariance[None], k, axis=0)
        return Density(np.full(k, 1 / k), mean, covariance, np.zeros((k, 1, 2)), np.ones((k, 1)))

    two = density(np.stack([start, end]), narrow)
    assert middle_density(two, start, end) < 1e-6
    # In one Gaussian the middle is exp(distance² / 2) times as dense.
    one = density(np.zeros((1, 2)), wide)
    assert middle_density(one, start, end) == pytest.approx(np.exp(2.0))
