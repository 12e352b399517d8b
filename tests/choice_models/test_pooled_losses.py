"""Losses on pooled pairs against the voting rules that are their optima."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.choice_models import (
    bounded_loss_rewards,
    disagreement_loss,
    enough_steepness,
    fit_bradley_terry,
    least_order_cost,
    order_cost,
    squared_loss_rewards,
    win_shares,
)
from scrl.types import Ballots
from scrl.voting import aggregate, weak_order


def profiles(candidates: int, voters: int = 12, count: int = 12):
    """Random ballots as utilities, and the pooled shares of pairs."""
    rng = np.random.default_rng(candidates)
    for _ in range(count):
        utility = rng.random((voters, candidates))
        wins = (utility[:, :, None] > utility[:, None]).sum(0).astype(float)
        yield Ballots(utility[None]), win_shares(wins)


def places(rewards: np.ndarray) -> list[int]:
    return weak_order(np.round(rewards, 6)).tolist()


@pytest.mark.parametrize("m", [2, 5])
def test_the_optimum_of_the_squared_loss_is_borda_and_of_its_step_copeland(m):
    for ballots, above in profiles(m):
        borda, copeland = (aggregate(ballots, rule) for rule in ("borda", "copeland"))
        assert places(squared_loss_rewards(above)) == borda.place[0].tolist()
        assert places(squared_loss_rewards(above, np.inf)) == copeland.place[0].tolist()
        logistic = fit_bradley_terry(above * (1 - np.eye(m)), 100.0)
        assert places(logistic) == borda.place[0].tolist()
        # A finite step suffices wherever Copeland's scores differ.
        soft = squared_loss_rewards(above, 1.01 * enough_steepness(above))
        score = copeland.scores[0]
        strict = score[:, None] > score + 1e-9
        assert (soft[:, None] > soft)[strict].all()


def test_pairs_that_count_by_comparisons_have_another_order():
    """The same shares, where one pair is hardly ever compared."""
    above = np.array([[0.5, 0.9, 0.4], [0.1, 0.5, 0.6], [0.6, 0.4, 0.5]])
    often = np.ones((3, 3))
    often[0, 2] = often[2, 0] = 0.01
    assert places(squared_loss_rewards(above)) == [0, 2, 1]
    assert places(squared_loss_rewards(above, 0.0, often)) == [0, 1, 2]


def test_copeland_jumps_so_that_no_continuous_optimum_has_its_order():
    def shares(first_over_third: float) -> np.ndarray:
        x = first_over_third
        return np.array([[0.5, 0.7, x], [0.3, 0.5, 0.7], [1 - x, 0.3, 0.5]])

    assert places(squared_loss_rewards(shares(0.5), np.inf)) == [0, 1, 2]
    assert places(squared_loss_rewards(shares(0.5 - 1e-6), np.inf)) == [0, 0, 0]


@pytest.mark.parametrize("m", [3, 5])
def test_the_bounded_loss_is_the_expected_cost_of_a_random_order(m):
    rng = np.random.default_rng(0)
    for i, (ballots, above) in enumerate(profiles(m)):
        kemeny = -aggregate(ballots, "kemeny").place[0].astype(float)
        least = least_order_cost(above)
        rewards = 3 * rng.standard_normal((50, m))
        assert (disagreement_loss(rewards, above) >= least - 1e-9).all()
        if len(set(kemeny)) == m:  # else the rule reports several orders as ties
            assert order_cost(kemeny, above) == pytest.approx(least)
            assert disagreement_loss(60 * kemeny, above) == pytest.approx(least)
        assert order_cost(bounded_loss_rewards(above, 16, rng), above) == pytest.approx(least)
        if i == 0:
            drawn = rewards[0] + rng.gumbel(size=(40_000, m))
            expected = order_cost(drawn, above).mean()
            assert disagreement_loss(rewards[0], above) == pytest.approx(expected, abs=0.02)
