"""Credit, calibration and selective accuracy of predicted pairs, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.evaluation import calibration_curve, pair_accuracy, selective_accuracy
from scrl.evaluation.pair_metrics import pair_credit


def test_a_tie_within_the_tolerance_counts_half():
    margin = np.array([0.2, -0.2, 0.0, 1e-4, -1e-4])
    assert pair_credit(margin).tolist() == [1, 0, 0.5, 1, 0]
    assert pair_credit(margin, 1e-3).tolist() == [1, 0, 0.5, 0.5, 0.5]
    assert pair_accuracy(margin) == pytest.approx(0.5)
    assert np.isnan(pair_accuracy(np.zeros(0)))


def test_the_calibration_error_is_that_of_its_definition():
    probability = np.array([0.9, 0.9, 0.9, 0.1, 0.62, 0.38])
    found = calibration_curve(probability)
    bins, error = found.bins, found.error
    assert bins == [
        {"predicted": pytest.approx(0.62), "observed": 0.5, "pairs": 2},
        {"predicted": pytest.approx(0.9), "observed": 0.75, "pairs": 4},
    ]
    assert error == pytest.approx((2 * 0.12 + 4 * 0.15) / 6)
    rng = np.random.default_rng(0)
    drawn = rng.random(40_000)
    truth = np.where(rng.random(40_000) < drawn, drawn, 1 - drawn)
    assert calibration_curve(truth).error < 0.01


def test_the_most_confident_pairs_come_first():
    probability, truth = np.array([0.99, 0.02, 0.6, 0.45]), np.array([True, False, True, True])
    found = selective_accuracy(probability, truth, np.array([0.5, 0.75, 1.0]))
    np.testing.assert_allclose(found, [1, 1, 0.75])


def test_equally_confident_pairs_count_alike_in_any_order():
    probability, truth = np.array([0.9, 0.7, 0.3, 0.7, 0.3]), np.array([1, 1, 1, 1, 1], bool)
    found = selective_accuracy(probability, truth, np.array([0.2, 0.6, 1.0]))
    np.testing.assert_allclose(found, [1, 2 / 3, 3 / 5])
    turned = selective_accuracy(probability[::-1], truth, np.array([0.2, 0.6, 1.0]))
    np.testing.assert_allclose(turned, found)
