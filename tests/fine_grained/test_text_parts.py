"""Rewards of segments, credit, feedback by bits, and votes over weights."""

import numpy as np
import pytest

from scrl.fine_grained import (
    ATMOSPHERE,
    BOILING,
    CATEGORIES,
    PROCEDURES,
    PUBLISHED_WEIGHTS,
    choose_answers,
    draw_world,
    learn_rewards,
    updates_to_target,
    vote_on_weights,
)
from scrl.fine_grained.policy_gradient import _Critic, _gradient
from scrl.fine_grained.weight_votes import answer_utilities
from scrl.types import Ballots
from scrl.voting import aggregate

RNG = np.random.default_rng(5)


def test_the_rewards_of_the_slides():
    """Relevant +0.3, factual −0.5, then +0.3, +0.5 and information complete +0.3."""
    rewards = BOILING.segment_rewards(PUBLISHED_WEIGHTS)
    assert rewards.tolist() == [[0.3, -0.5, 0.0], [0.3, 0.5, 0.3]]


def test_the_marks_of_the_slides():
    text = ATMOSPHERE[0]
    assert text.text.startswith("The atmosphere of Earth is a layer of gases")
    assert text.marks[0] == ("irrelevant",)
    assert set(text.marks[3]) == {"unverifiable", "incomplete"}
    assert text.error_counts.tolist() == [1, 1, 1]
    assert text.missing[3] == "The third most is Argon."


@pytest.mark.parametrize("credit", ["end", "to-go", "own"])
def test_a_sampled_gradient_is_right_on_average(credit):
    policy = RNG.dirichlet(np.ones(3), (1, 4))
    rewards = RNG.normal(size=(1, 4, 3))
    none = _Critic(np.zeros((1, 0, 0)), np.zeros((1, 0)))
    exact = _gradient(policy, rewards, "exact", 1, RNG, none)
    many = _gradient(policy, rewards, credit, 200_000, RNG, none)
    np.testing.assert_allclose(many, exact, atol=0.02)
    by_hand = policy * (rewards - (policy * rewards).sum(2, keepdims=True))
    np.testing.assert_allclose(exact, by_hand)


def test_a_critic_that_has_seen_enough_texts_gives_the_exact_gradient():
    policy, rewards = np.full((1, 3, 4), 0.25), RNG.normal(size=(1, 3, 4))
    none = _Critic(np.zeros((1, 0, 0)), np.zeros((1, 0)))
    critic = _Critic(np.zeros((1, 12, 12)), np.zeros((1, 12)))
    exact = _gradient(policy, rewards, "exact", 1, RNG, none)
    fitted = _gradient(policy, rewards, "critic", 5000, RNG, critic)
    np.testing.assert_allclose(fitted, exact, atol=1e-3)


def test_credit_for_own_segments_needs_fewer_updates():
    rewards = RNG.normal(size=(20, 16, 4))
    own, end = (updates_to_target(rewards, c, 2.0, RNG, most=500) for c in ("own", "end"))
    assert np.median(own) * 3 < np.median(end)
    wrong = updates_to_target(-rewards, "own", 2.0, RNG, truth=rewards, most=50)
    assert (wrong == 50).all(), "the target is of the truth, not of what is paid"


@pytest.mark.parametrize("feedback", ["marks", "comparisons", "scores", "marks and comparisons"])
def test_enough_bits_find_the_best_text(feedback):
    world = draw_world(np.random.default_rng(1), 6)
    learnt = learn_rewards(np.random.default_rng(2), world, feedback, 30_000)
    assert world.gain(world.best_text(learnt)) > 0.97
    assert world.gain(world.best_text(-learnt)) < 0.2
    assert world.gain(world.best_text(world.values)) == pytest.approx(1)


def test_a_false_claim_ruins_a_fragile_text():
    world = draw_world(np.random.default_rng(3), 5)
    grid = np.stack(np.meshgrid(*world.offered, indexing="ij"), -1).reshape(-1, 5)
    quality = world.fragile_quality(grid)
    false = world.errors[grid, CATEGORIES.index("unverifiable")].any(1)
    assert (quality[false] == 0).all()
    assert quality.max() == pytest.approx(world.best_fragile_quality())


def population(n=60, types=4, answers=6):
    weights = RNG.dirichlet(np.ones(3), (n, types))
    return (
        weights,
        RNG.dirichlet(np.ones(types), n),
        RNG.poisson(1.5, (n, answers, 3)).astype(float),
    )


def test_borda_over_answers_is_the_rule_of_the_library():
    weights, shares, errors = population()
    utility = np.round(answer_utilities(weights, errors), 9)
    place = aggregate(Ballots(utility, weight=shares), "borda").place
    chosen = choose_answers("Borda over answers", weights, shares, errors)
    assert (place[np.arange(len(chosen)), chosen] == 0).all()


def test_honest_mean_weights_are_best_for_the_mean_rater():
    """Utility is linear in the weights."""
    weights, shares, errors = population()
    mean = (answer_utilities(weights, errors) * shares[..., None]).sum(1)
    chosen = choose_answers("mean", weights, shares, errors)
    np.testing.assert_allclose(mean[np.arange(len(chosen)), chosen], mean.max(1))


@pytest.mark.parametrize("name", PROCEDURES)
def test_one_population_is_decided_as_many_are(name):
    weights, shares, errors = population(30)
    together = choose_answers(name, weights, shares, errors)
    for i in range(30):
        vote = vote_on_weights(name, weights[i], shares[i], errors[i])
        assert together[i] in vote.tied
        assert vote.weights is None or vote.weights.sum() == pytest.approx(1)
    order = RNG.permutation(weights.shape[1])
    moved = choose_answers(name, weights[:, order], shares[:, order], errors)
    assert (moved == together).mean() > 0.96, "the order of types matters at most in ties"


def test_a_median_of_three_equal_types_is_the_middle_weight():
    weights = np.array([[[0.1, 0.8, 0.1], [0.6, 0.1, 0.3], [0.2, 0.2, 0.6]]])
    vote = vote_on_weights("median", weights[0], np.full(3, 1 / 3), np.eye(3))
    np.testing.assert_allclose(vote.weights, np.array([0.2, 0.2, 0.3]) / 0.7)
