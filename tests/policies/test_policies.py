"""Policies: closed forms against brute force, and learners against closed forms."""

from itertools import product

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from scrl.choice_models import fit_bradley_terry
from scrl.data import parse_ratings
from scrl.policies import exact, families, prompt_problem, trained
from scrl.types import InputError
from scrl.voting.rules.lotteries import maximal_lotteries
from tests import lanes

REFERENCE = np.array([0.4, 0.3, 0.2, 0.1])
CYCLE = np.array([[0.5, 2 / 3, 1 / 3], [1 / 3, 0.5, 2 / 3], [2 / 3, 1 / 3, 0.5]])


def population(seed: int, m: int, groups: int = 5):
    """Reference, utilities and shares of groups, and who is preferred to whom."""
    rng = np.random.default_rng(seed)
    utility, share = rng.normal(size=(groups, m)), rng.dirichlet(np.ones(groups))
    above = np.einsum("v,vab->ab", share, np.sign(utility[:, :, None] - utility[:, None, :]))
    return rng.dirichlet(np.full(m, 2.0)), utility, share, 0.5 + 0.5 * above


def maximised(value, m: int, seed: int) -> np.ndarray:
    """The policy that maximises a concave function, by a method that knows nothing of it."""

    def policy(x):
        likely = np.exp(x - x.max())
        return likely / likely.sum()

    start = np.random.default_rng(seed).normal(size=m)
    found = minimize(lambda x: -value(policy(x)), start, method="BFGS", options={"gtol": 1e-9})
    return policy(found.x)


@pytest.mark.parametrize("seed", range(lanes.deep(2, 4)))
def test_the_optimum_is_the_one_that_a_search_finds(seed):
    reference, utility, share, _ = population(seed, 5)
    reward, strength = share @ utility, 1.7
    found = exact.exponential_tilt(reference, reward, strength)
    best = maximised(lambda p: p @ reward - exact.kl_divergence(p, reference) / strength, 5, seed)
    np.testing.assert_allclose(found, best, atol=1e-5)
    np.testing.assert_allclose(exact.exponential_tilt(reference, reward, 0.0), reference)
    np.testing.assert_allclose(
        exact.exponential_tilt(reference, reward, 1e4),
        exact.greedy_policy(reference, reward),
        atol=1e-9,
    )


@pytest.mark.parametrize("reward", [[3.0, 1.0, 2.0, 0.0], [1.0, 1.0, 2.0, 0.0], [1.0] * 4])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_best_of_n_is_what_all_draws_together_give(reward, n):
    reward, expected = np.array(reward), np.zeros(4)
    for drawn in product(range(4), repeat=n):
        best = [i for i in drawn if reward[i] == reward[list(drawn)].max()]
        np.add.at(expected, best, REFERENCE[list(drawn)].prod() / len(best))
    np.testing.assert_allclose(exact.best_of_n_policy(REFERENCE, reward, n), expected)


@pytest.mark.parametrize("m", [2, 4, 50, 2000])
def test_the_kl_of_the_best_of_n_is_below_its_bound_and_reaches_it_where_each_is_rare(m):
    reference, n = np.full(m, 1 / m), np.array([1.0, 2, 3, 8, 64])
    found = exact.kl_divergence(exact.best_of_n_policy(reference, np.arange(m), n), reference)
    assert (found <= exact.best_of_n_kl_bound(n) + 1e-12).all()
    assert found[-1] <= np.log(m) + 1e-12
    if m == 2000:
        np.testing.assert_allclose(found, exact.best_of_n_kl_bound(n), atol=2e-3)


def test_drawing_agrees_with_the_exact_best_of_n():
    reward = np.array([1.0, 2.0, 2.0, 0.5])
    exactly = exact.best_of_n_policy(REFERENCE, reward, 3)
    samples = np.random.default_rng(0).choice(4, size=(200_000, 3), p=REFERENCE)
    best = samples[np.arange(200_000), reward[samples].argmax(axis=1)]
    drawn = np.bincount(best, minlength=4) / 200_000
    np.testing.assert_allclose(drawn, exactly, atol=4 * 0.5 / np.sqrt(200_000))
    assert (
        abs(exact.kl_divergence(drawn, REFERENCE) - exact.kl_divergence(exactly, REFERENCE)) < 0.01
    )


def test_the_nash_policy_of_a_cycle_is_uniform_and_near_a_reference_it_is_that():
    skewed = np.array([0.7, 0.2, 0.1])
    np.testing.assert_allclose(np.exp(exact.nash_log_policy(skewed, CYCLE, 1e6)), 1 / 3, atol=1e-5)
    np.testing.assert_allclose(np.exp(exact.nash_log_policy(skewed, CYCLE, 0.0)), skewed)


@pytest.mark.parametrize("seed", range(lanes.deep(2, 6)))
def test_no_policy_beats_the_nash_policy_at_its_price(seed):
    reference, _, _, above = population(seed, 6)
    strength = 3.0
    found = np.exp(exact.nash_log_policy(reference, above, strength))
    # The best answer to it, leaving the reference at the same price, is itself.
    answer = exact.exponential_tilt(reference, above @ found, strength)
    np.testing.assert_allclose(answer, found, atol=1e-9)
    path = families.nash_family("nash", reference, above)
    lottery = np.asarray(maximal_lotteries(above[None]))[0]
    assert (path.policy[-1] @ above).min() > 0.5 - 0.01, "none beats it by much at the end"
    assert np.abs(path.policy[-1] - lottery).max() < 0.02


@pytest.mark.parametrize("seed", range(lanes.deep(2, 4)))
def test_the_fairest_policy_is_the_one_that_a_search_finds(seed):
    reference, utility, _, _ = population(seed, 4, groups=3)
    strength = 2.0
    found = exact.maxmin_policy(reference, utility, strength)

    def least(policy):
        return (utility @ policy).min() - exact.kl_divergence(policy, reference) / strength

    rng = np.random.default_rng(seed)
    near = found * np.exp(0.01 * rng.normal(size=(4000, 4)))
    far = rng.dirichlet(np.ones(4), size=4000)
    for others in (near / near.sum(1, keepdims=True), far):
        assert max(map(least, others)) <= least(found) + 1e-9


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_families_are_compared_at_the_same_kl(seed):
    reference, utility, share, above = population(seed, 6)
    reward = share @ utility
    every = [
        families.optimum_family("optimum", reference, reward),
        families.best_of_n_family("best of n", reference, reward),
        families.nash_family("nash", reference, above),
        families.maxmin_family("fair", reference, utility),
    ]
    for family in every:
        assert (np.diff(family.kl) >= 0).all(), family.name
        budget = 0.4 * family.max_kl
        np.testing.assert_allclose(
            exact.kl_divergence(family.at_kl(budget), reference), budget, atol=1e-6
        )
        np.testing.assert_allclose(family.at_kl(0.0), reference, atol=1e-12)
        strength, policy = family.strength_at_kl(budget)
        np.testing.assert_allclose(family.at_strength(strength), policy, atol=1e-9)
    own = families.personalised_family("own", reference, utility, share)
    assert share @ exact.kl_divergence(own.at_kl(0.3), reference) == pytest.approx(0.3, abs=1e-6)


def test_what_real_raters_give_a_policy_is_counted_from_their_ballots():
    text = b"""rater,prompt,completion,rank
r,p,a,1
r,p,b,2
r,p,c,2
s,p,b,1
s,p,a,2
s,q,x,1
s,q,y,2
t,p,a,1
t,p,b,1
"""
    found = prompt_problem.observe_prompt(parse_ratings(text, "few.csv"), "p")
    assert found.names == ("a", "b", "c")
    np.testing.assert_allclose(found.wins, [[0, 1.5, 1], [1.5, 0, 0.5], [0, 0.5, 0]])
    np.testing.assert_allclose(found.first_choices, [0.5, 0.5, 0])
    np.testing.assert_allclose(found.reference("first choices"), [0.02 / 3 + 0.49] * 2 + [0.02 / 3])
    assert found.vanilla[2] == min(found.vanilla)
    alone = b"rater,prompt,completion,rank\nr,p,a,1\nr,q,x,1\nr,q,y,2\n"
    with pytest.raises(InputError, match="Nobody compares two completions of the prompt 'p'"):
        prompt_problem.observe_prompt(parse_ratings(alone, "alone.csv"), "p")


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_at_equal_kl_the_optimum_has_most_the_fairest_is_fairest_and_personal_beats_all(seed):
    reference, utility, share, above = population(seed, 6)
    budget = 0.3
    one = families.optimum_family("optimum", reference, share @ utility).at_kl(budget)
    fair = families.maxmin_family("fair", reference, utility).at_kl(budget)
    nash = families.nash_family("nash", reference, above).at_kl(budget)
    own = families.personalised_family("own", reference, utility, share).at_kl(budget)
    mean = {p: share @ (utility @ x) for p, x in (("one", one), ("fair", fair), ("nash", nash))}
    assert mean["one"] >= max(mean.values()) - 1e-9
    least = {p: (utility @ x).min() for p, x in (("one", one), ("fair", fair), ("nash", nash))}
    assert least["fair"] >= max(least.values()) - 1e-6
    assert families.evaluate_policy(own, utility, share).mean >= mean["one"] - 1e-9


def test_worth_counts_what_each_group_gets():
    utility, share = np.array([[2.0, 1, 0], [0.0, 1, 2]]), np.array([0.505, 0.495])
    found = families.evaluate_policy(np.array([1.0, 0, 0]), utility, share)
    assert found.mean == pytest.approx(1.01)
    assert found.worst == 0
    np.testing.assert_allclose(found.favourite_chance, [1, 0])
    own = families.evaluate_policy(np.array([[1.0, 0, 0], [0, 0, 1]]), utility, share)
    assert (own.mean, own.worst, own.distortion) == (2.0, 1.0, pytest.approx(1.01 / 2))


# -- learners -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(lanes.deep(1, 2)))
def test_dpo_as_trained_is_the_optimum_of_the_bradley_terry_reward(seed):
    """On pairs that cover everything, with a finite optimum: total variation within .01."""
    rng = np.random.default_rng(seed)
    m, betas = 6, np.array([0.1, 0.5, 2.0])
    truth = rng.normal(size=m)
    wins = 200 / (1 + np.exp(truth[None, :] - truth[:, None]))
    np.fill_diagonal(wins, 0)
    reference = rng.dirichlet(np.full(m, 3.0))
    reward = fit_bradley_terry(wins, 1e3)
    found = trained.dpo(jax.random.key(seed), wins, reference, betas)
    closed = exact.exponential_tilt(reference, reward, 1 / betas)
    assert (0.5 * np.abs(found.policy - closed).sum(axis=1) < 0.01).all()
    np.testing.assert_allclose(found.reward[1:], [reward, reward], atol=0.02)


@pytest.mark.slow
def test_where_nothing_bounds_it_dpo_is_said_to_drift():
    unanimous = np.array([[0.0, 10, 10], [0, 0, 4], [0, 6, 0]])
    reward = fit_bradley_terry(unanimous, 10.0)
    reference = np.full(3, 1 / 3)
    found = trained.train_policies(unanimous, reward, reference, 1.0, seed=0)
    assert not found.bounded
    assert trained.train_policies(unanimous + unanimous.T, reward, reference, 1.0, seed=0).bounded
    assert trained.total_variation(found.offline, [1, 0, 0]) < 0.05


@pytest.mark.slow
def test_a_learner_that_tries_things_ends_at_the_optimum_too():
    reward, betas = np.array([0.0, 1.0, 2.0, 0.5]), np.array([0.5, 1.0, 2.0])
    found = trained.reinforce(jax.random.key(0), reward, REFERENCE, betas)
    closed = exact.exponential_tilt(REFERENCE, reward, 1 / betas)
    assert (0.5 * np.abs(found - closed).sum(axis=1) < 0.03).all()


@pytest.mark.slow
def test_only_who_may_try_it_finds_what_the_data_do_not_cover():
    truth = np.array([0.0, 1.0, 1.5, 4.0])
    above = 1 / (1 + np.exp(truth[None, :] - truth[:, None]))
    known, reference = np.array([True, True, True, False]), np.array([0.3, 0.3, 0.3, 0.1])
    trails = [
        trained.train_on_queries(jax.random.key(1), above, reference, 0.5, known, online)
        for online in (False, True)
    ]
    assert trails[1].policy[-1, 3] > 0.9
    assert trails[0].policy[-1, 3] < 0.3
    np.testing.assert_allclose(trails[0].policy[0], reference, atol=1e-6)
    assert trails[0].labels[-1] == trails[1].labels[-1]
