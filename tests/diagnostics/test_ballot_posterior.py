"""The posterior of a rater given a ballot."""

from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest

from scrl.diagnostics import (
    RARE_P_VALUE,
    Atoms,
    effective_atoms,
    inferred_preferences,
    mutual_information,
    orders_to_ratings,
    predictive_p_value,
    prompt_posterior,
)
from scrl.diagnostics.ballot_posterior import PREDICTIVE_DRAWS
from scrl.types import Catalogue
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population


def test_the_posterior_is_that_of_exact_enumeration():
    """Two atoms, three items: Plackett–Luce as a product of choices."""
    rewards = np.array([[1.0, 0.0, -1.0], [-0.5, 0.3, 0.9]])
    share = np.array([0.6, 0.4])
    atoms = Atoms(np.zeros((2, 2)), share, rewards)
    e = np.exp(rewards)
    likely = e[:, 2] / e.sum(1) * e[:, 0] / (e[:, 0] + e[:, 1])
    wanted = share * likely / (share * likely).sum()
    np.testing.assert_allclose(atoms.posterior([(0, [2, 0, 1])]), wanted)
    np.testing.assert_allclose(atoms.posterior([(0, [1])]), share)


def test_the_likelihood_is_the_models_own(experiment):
    learnt = experiment.fitted_run
    atoms, ballot = Atoms.of(learnt), [4, 0, 3]
    ratings = orders_to_ratings(learnt.catalogue, [[(0, ballot)]])
    _, nats = learnt.individual.log_likelihood(ratings, atoms.latent)
    np.testing.assert_allclose(atoms.log_likelihood(ballot), nats[0], rtol=1e-6, atol=1e-6)


def test_the_value_of_a_question_is_the_mutual_information():
    rng = np.random.default_rng(5)
    weight = rng.dirichlet(np.ones(6))
    chance = rng.random((6, 3))
    for q in range(3):
        joint = np.stack([weight * chance[:, q], weight * (1 - chance[:, q])])
        alone = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        wanted = (joint * np.log2(joint / alone)).sum()
        assert mutual_information(weight, chance)[q] == pytest.approx(wanted)
    sure = np.array([1.0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(mutual_information(sure, chance), 0, atol=1e-9)
    assert mutual_information(np.full(2, 0.5), np.array([1.0, 0.0])) == pytest.approx(1, abs=1e-6)


def test_the_remaining_fraction_is_of_effective_atoms():
    share = np.full(4, 0.25)
    atoms = Atoms(np.zeros((4, 2)), share, np.zeros((4, 3)))
    assert atoms.remaining_fraction(share) == pytest.approx(1)
    assert atoms.remaining_fraction(np.array([0.5, 0.5, 0, 0])) == pytest.approx(0.5)
    assert atoms.remaining_fraction(np.array([0, 1.0, 0, 0])) == pytest.approx(0.25)


def test_the_most_informative_pair_is_the_one_the_atoms_dispute():
    rewards = np.array([[3.0, 0.0, -9.0], [0.0, 3.0, -9.0]])
    atoms = Atoms(np.zeros((2, 2)), np.full(2, 0.5), rewards)
    posterior = prompt_posterior(atoms, atoms.share, np.arange(3), ())
    assert posterior.most_informative_pair == (0, 1)


def test_one_answer_places_the_visitor_and_settles_the_rest(experiment):
    """Only raters of Memphis rank Memphis ≻ Knoxville, which determines their other preferences."""
    learnt = experiment.fitted_run
    atoms, items = Atoms.of(learnt), np.arange(5)
    before = prompt_posterior(atoms, atoms.share, items, ())
    weight = atoms.posterior([(0, [0, 3])])
    after = prompt_posterior(atoms, weight, items, (0, 3))
    assert after.expected_place == pytest.approx([1, 2, 3, 4, 5], abs=0.3)
    assert after.information.max() < before.information.max()
    assert after.above[0, 3] == 1
    assert before.expected_place.sum() == pytest.approx(15)
    assert effective_atoms(weight) < effective_atoms(atoms.share)


def test_how_rare_a_ballot_is_is_that_of_all_orders():
    """Two atoms, three items: P(an order at most as likely), by enumeration."""
    rewards = np.array([[2.0, 0.0, -2.5], [-1.0, 0.5, 1.0]])
    atoms = Atoms(np.zeros((2, 2)), np.array([0.9, 0.1]), rewards)
    chance = {}
    for order in permutations(range(3)):
        e = np.exp(rewards[:, order])
        each = e[:, 0] / e.sum(1) * e[:, 1] / (e[:, 1] + e[:, 2])
        chance[order] = float(atoms.share @ each)
    assert sum(chance.values()) == pytest.approx(1)
    for order, p in chance.items():
        assert atoms.log_marginal([order]) == pytest.approx(np.log(p))
        wanted = min(sum(q for q in chance.values() if q <= p + 1e-9), 1.0)
        error = 4 * np.sqrt(wanted * (1 - wanted) / PREDICTIVE_DRAWS)
        assert predictive_p_value(atoms, [(0, order)]) == pytest.approx(wanted, abs=error + 1e-9)
    assert predictive_p_value(atoms, [(0, [2])]) == predictive_p_value(atoms, []) == 1


def test_two_answers_that_nobody_gives_together_are_rare_though_each_is_common():
    rewards = np.array([[9.0, 0, 9, 0], [0, 9, 0, 9]])
    atoms = Atoms(np.zeros((2, 2)), np.array([0.5, 0.5]), rewards)
    assert predictive_p_value(atoms, [(0, [0, 1])]) > 0.4
    assert predictive_p_value(atoms, [(0, [0, 1]), (1, [2, 3])]) > 0.4
    assert predictive_p_value(atoms, [(0, [0, 1]), (1, [3, 2])]) < RARE_P_VALUE


def test_raters_own_ballots_are_hardly_ever_called_rare_and_others_are(experiment):
    learnt = experiment.fitted_run
    atoms, ratings = Atoms.of(learnt), learnt.ratings
    orders = {}
    for b in range(0, ratings.ballots, 25):  # raters stand type by type
        entries = slice(*ratings.offsets[b : b + 2])
        order = tuple(ratings.item[entries][np.argsort(ratings.rank[entries])].tolist())
        orders[order] = orders.get(order, 0) + 1
    own = {order: predictive_p_value(atoms, [(0, order)]) for order in orders}
    assert (
        sum(n for order, n in orders.items() if own[order] < RARE_P_VALUE)
        <= 0.02 * ratings.ballots / 25
    )
    assert len(orders) >= 6
    # All have Knoxville over Morristown; only Memphis' raters do not have Memphis last.
    for order in ([4, 3], [1, 0, 2], [0, 4, 3, 2, 1]):
        assert predictive_p_value(atoms, [(0, order)]) < RARE_P_VALUE, order


@pytest.mark.parametrize("ballot", [[], [0, 1], [2, 1, 0]])
def test_inferred_preferences_are_those_of_voters_who_cast_the_ballot(ballot):
    """Utilities of two types with variation, weighed by the likelihood of the ballot."""
    catalogue = Catalogue(("p", "q"), tuple("abc"), np.array([0, 1, 2] * 2), np.array([0, 3, 6]))
    reward = np.array([[1.5, 0, -1.5, 1.0, 0.0, 0.0], [-1.0, 0, 1.0, 0.0, 1.5, 0.0]])
    share, covariance = np.array([0.4, 0.6]), initial_covariance(catalogue)
    population = Population(reward, np.zeros(reward.shape), share, covariance)
    run = SimpleNamespace(catalogue=catalogue, individual=SimpleNamespace(population=population))
    rng = np.random.default_rng(0)
    utility = reward[rng.choice(2, 200_000, p=share)] + covariance.draw(200_000, rng)
    weight = np.ones(len(utility))
    for i in range(len(ballot) - 1):
        rest = np.exp(utility[:, ballot[i:]])
        weight *= rest[:, 0] / rest.sum(1)
    for items in (np.arange(3), np.arange(3, 6)):
        gap = utility[:, items, None] - utility[:, None, items]
        wanted = np.average(1 / (1 + np.exp(-gap)), axis=0, weights=weight)
        found = inferred_preferences(run, [(0, ballot)], items)
        np.testing.assert_allclose(found, wanted, atol=0.02)
    assert inferred_preferences(run, [], np.arange(100)) is None
