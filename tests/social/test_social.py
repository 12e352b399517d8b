"""The social reward model of an order or a lottery, against exact minimisers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from scrl.choice_models import PairCounts, fit_pair_counts, reversed_pairs
from scrl.config import RewardConfig
from scrl.social import fit_social
from scrl.social.comparisons import MAX_ALL_PAIRS, ballot_pairs, lottery_pairs, order_pairs
from scrl.types import Catalogue

CONFIG = RewardConfig()


@pytest.fixture(scope="module", autouse=True)
def key():
    import jax

    return jax.random.key(0)


def catalogue(*sizes: int) -> Catalogue:
    """Prompts of these sizes, all on the same completions."""
    return Catalogue(
        tuple(f"p{i}" for i in range(len(sizes))),
        tuple(f"c{i}" for i in range(max(sizes))),
        np.concatenate([np.arange(size) for size in sizes]),
        np.concatenate([[0], np.cumsum(sizes)]),
    )


PLACES = [np.array([1, 0, 2, 4, 3]), np.array([0, 0, 2]), np.array([2, 1, 0, 2])]
CATALOGUE = catalogue(5, 3, 4)


@pytest.fixture(scope="module")
def trained(key):
    """Orders and a lottery, trained at once as a run does."""
    targets = {
        "strict": order_pairs(CATALOGUE, [np.array([4, 3, 2, 1, 0]), *PLACES[1:]]),
        "tied": order_pairs(CATALOGUE, PLACES),
        "lottery": lottery_pairs(
            CATALOGUE, [np.array([0.4, 0.3, 0.2, 0.1, 0]), np.full(3, 1 / 3), np.eye(4)[2]]
        ),
    }
    return targets, fit_social(key, CATALOGUE, targets, CONFIG)


def exact(counts: PairCounts, items: int) -> np.ndarray:
    """The minimiser of what a reward network is trained on, by another method."""

    def objective(r):
        gap = r[counts.first] - r[counts.second]
        nll = counts.wins_first * np.logaddexp(0, -gap) + counts.wins_second * np.logaddexp(0, gap)
        return nll.sum() + 0.5 * (r**2).sum() / CONFIG.prior_sd**2

    return minimize(objective, np.zeros(items), method="BFGS", options={"gtol": 1e-8}).x


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["strict", "tied", "lottery"])
def test_a_network_reaches_the_finite_optimum(trained, rule):
    targets, models = trained
    wanted = exact(targets[rule], CATALOGUE.items)
    np.testing.assert_allclose(fit_pair_counts(targets[rule], CATALOGUE.offsets), wanted, atol=1e-3)
    np.testing.assert_allclose(models[rule].rewards(), wanted, atol=0.05)


@pytest.mark.slow
def test_no_strict_pair_is_reversed_and_ties_are_level(trained):
    rewards = trained[1]["tied"].rewards()
    for place, (first, last) in zip(
        PLACES, zip(CATALOGUE.offsets, CATALOGUE.offsets[1:], strict=False), strict=True
    ):
        own = rewards[first:last]
        assert reversed_pairs(place, own) == 0
        tied = place[:, None] == place[None, :]
        assert np.abs(own[:, None] - own[None, :])[tied].max() < 0.05


@pytest.mark.slow
def test_rewards_have_mean_zero_in_each_prompt(trained):
    rewards = trained[1]["strict"].rewards()
    for first, last in zip(CATALOGUE.offsets, CATALOGUE.offsets[1:], strict=False):
        assert rewards[first:last].mean() == pytest.approx(0, abs=1e-4)


@pytest.mark.slow
def test_a_lotterys_rewards_are_the_logs_of_its_odds(trained):
    """Pairs in proportion p_a / (p_a + p_b) are those of a Bradley–Terry model of strengths p."""
    rewards = trained[1]["lottery"].rewards()
    np.testing.assert_allclose(
        rewards[:4] - rewards[3], np.log([4, 3, 2, 1]), atol=0.1, err_msg="the prior is wide"
    )
    np.testing.assert_allclose(rewards[5:8], 0, atol=0.05)
    assert rewards[8:][2] > rewards[8:][[0, 1, 3]].max() + 2


@pytest.mark.slow
def test_a_rewards_size_does_not_depend_on_how_long_it_was_trained(trained, key):
    targets, models = trained
    longer = replace(CONFIG, schedule=replace(CONFIG.schedule, cool=1800))
    found = fit_social(key, CATALOGUE, targets, longer)
    for rule in targets:
        np.testing.assert_allclose(found[rule].rewards(), models[rule].rewards(), atol=0.1)


@pytest.mark.slow
def test_rules_trained_at_once_are_independent(trained, key):
    targets, models = trained
    beside_others = fit_social(key, CATALOGUE, dict.fromkeys(targets, targets["tied"]), CONFIG)
    for model in beside_others.values():
        np.testing.assert_allclose(model.rewards(), models["tied"].rewards(), atol=0.05)


def test_the_pairs_of_an_order_are_all_of_them_at_weight_one():
    counts = order_pairs(CATALOGUE, PLACES)
    assert len(counts.first) == 10 + 3 + 6
    np.testing.assert_array_equal(counts.wins_first + counts.wins_second, 1)
    for a, b, wins in zip(counts.first, counts.second, counts.wins_first, strict=True):
        place = np.concatenate(PLACES)
        assert CATALOGUE.item_prompt[a] == CATALOGUE.item_prompt[b]
        assert wins == 0.5 + 0.5 * np.sign(place[b] - place[a])


def test_the_pairs_of_whole_ballots_are_the_voters_own():
    above = [np.array([[0.5, 0.8], [0.2, 0.5]]), np.full((3, 3), 0.5)]
    counts = ballot_pairs(catalogue(2, 3), above, 100)
    np.testing.assert_allclose(counts.wins_first, [80, 50, 50, 50])
    np.testing.assert_allclose(counts.wins_second, [20, 50, 50, 50])


def test_many_completions_are_paired_by_m_log_m_and_still_ordered():
    m = 3 * MAX_ALL_PAIRS
    place = np.random.default_rng(0).permutation(m)
    counts = order_pairs(catalogue(m), [place])
    assert len(counts.first) < m * np.log2(m) < m * (m - 1) / 2
    assert len(set(zip(counts.first.tolist(), counts.second.tolist(), strict=True))) == len(
        counts.first
    )
    reward = fit_pair_counts(counts, np.array([0, m]))
    assert reversed_pairs(place, reward) == 0
