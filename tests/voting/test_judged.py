"""Outcomes side by side, and utilities drawn to agree with ballots."""

import numpy as np
import pytest

from scrl.voting import Profile
from scrl.voting.distortion import compare_outcomes, sample_consistent_utilities

PROFILE = Profile.from_text("3: A > B > C > D\n2: D = C > B > A\n1: B > D")


def test_drawn_utilities_agree_with_the_ballots():
    drawn = sample_consistent_utilities(PROFILE, 200, seed=0)
    assert drawn.shape == (200, 3, 4)
    assert drawn.sum(-1) == pytest.approx(np.ones((200, 3)))
    assert (drawn > 0).all()
    assert (np.diff(drawn[:, 0]) < 0).all()
    assert drawn[:, 1, 2] == pytest.approx(drawn[:, 1, 3])
    assert (drawn[:, 1, 3] > drawn[:, 1, 1]).all()
    assert (drawn[:, 2, 1] > drawn[:, 2, 3]).all()


def test_a_ranked_ballots_utilities_are_ordered_parts_of_a_broken_stick():
    """The expected k-th largest of m parts is Σ_{j ≥ k} 1/j / m."""
    whole = Profile.from_text("1: A > B > C > D")
    mean = sample_consistent_utilities(whole, 40_000, seed=1).mean((0, 1))
    expected = [sum(1 / j for j in range(k, 5)) / 4 for k in range(1, 5)]
    assert mean == pytest.approx(expected, abs=0.003)


def test_the_usual_lies_between_perfect_and_worst():
    found = compare_outcomes(PROFILE, draws=300)
    assert (found.sampled_distortion >= 1 - 1e-9).all()
    assert (found.sampled_distortion.max(1) <= found.utilitarian.value + 1e-9).all()
    assert (np.diff(found.utilitarian.value) >= 0).all()
    assert len({rule for rules in found.rules for rule in rules}) == sum(map(len, found.rules))
    assert found.lotteries.sum(1) == pytest.approx(np.ones(len(found.rules)))
    assert found.metric is not None
    assert (found.metric.value >= 1 - 1e-9).all()


def test_the_optimal_lottery_is_the_least_bad():
    assert "optimal-lottery" in compare_outcomes(PROFILE, draws=2).rules[0]
