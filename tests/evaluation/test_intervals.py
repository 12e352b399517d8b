"""Intervals: Student's against SciPy, the bootstrap by its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import sem, t

from scrl.evaluation import RaterBootstrap, student_interval


def test_the_interval_is_students():
    values = np.array([[0.1, 2.0], [0.4, 2.0], [0.3, 2.0], [0.9, 2.0]])
    mean, low, high = student_interval(values)
    expected = t.interval(0.95, 3, loc=values[:, 0].mean(), scale=sem(values[:, 0]))
    assert (low[0], high[0]) == pytest.approx(expected)
    assert mean == pytest.approx([0.425, 2.0])
    assert (low[1], high[1]) == (2.0, 2.0), "where all agree there is no width"
    assert student_interval([0.7]).tolist() == [0.7] * 3


def test_the_interval_covers_as_often_as_it_says():
    """Raters differ, and their pairs go together; resampling pairs instead would cover too
    seldom."""
    rng = np.random.default_rng(0)
    rater = np.repeat(np.arange(60), rng.integers(5, 15, 60))
    covered = []
    for i in range(150):
        skill = rng.choice([0.3, 0.9], 60)
        right = (rng.random(len(rater)) < skill[rater]).astype(float)
        found = RaterBootstrap(rater, np.random.default_rng(i))(right)
        assert found.low <= found.mean <= found.high
        covered.append(found.low <= 0.6 <= found.high)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_the_difference_is_taken_on_the_same_raters():
    rng = np.random.default_rng(1)
    rater = np.repeat(np.arange(50), 4)
    boot = RaterBootstrap(rater, rng)
    right = (rng.random(50) < 0.5)[rater].astype(float)
    assert boot(right).high - boot(right).low > 0.2
    same = boot(right - right)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_weights_count_as_repeated_raters_in_the_mean():
    rater, right = np.arange(40), (np.arange(40) < 10).astype(float)
    weight = np.where(right > 0, 3.0, 1.0)
    found = RaterBootstrap(rater, np.random.default_rng(0), weight)(right)
    assert found.mean == 0.5
    assert found.low < 0.5 < found.high
    plain, ones = (
        RaterBootstrap(rater, np.random.default_rng(0), given)(right)
        for given in (None, np.ones(40))
    )
    assert plain == ones
