"""The posterior of a rater given a ballot."""

from dataclasses import replace
from itertools import pairwise, permutations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from scrl.diagnostics import (
    RARE_P_VALUE,
    Atoms,
    effective_atoms,
    inferred_preferences,
    maps,
    mutual_information,
    orders_to_ratings,
    predictive_p_value,
    prompt_posterior,
)
from scrl.diagnostics.ballot_posterior import PREDICTIVE_DRAWS
from scrl.diagnostics.queries import complete_ballots
from scrl.raters import Density, FittedRun, RaterModel
from scrl.raters.density import FLOOR
from scrl.raters.latent_space import centred
from scrl.types import Catalogue
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from tests import lanes


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
    posterior = prompt_posterior(atoms, np.arange(3), ())
    assert posterior.most_informative_pair == (0, 1)


def test_one_answer_places_the_visitor_and_settles_the_rest(experiment):
    """Only raters of Memphis rank Memphis ≻ Knoxville, which determines their other preferences."""
    learnt = experiment.fitted_run
    atoms, items = Atoms.of(learnt), np.arange(5)
    before = prompt_posterior(atoms, items, ())
    placed = atoms.given([(0, [0, 3])])
    after = prompt_posterior(placed.points, items, (0, 3))
    assert after.expected_place == pytest.approx([1, 2, 3, 4, 5], abs=0.3)
    assert after.information.max() < before.information.max()
    assert after.above[0, 3] == 1
    assert before.expected_place.sum() == pytest.approx(15)
    assert placed.remaining < 0.5
    assert not placed.drawn
    assert effective_atoms(placed.points.share) < effective_atoms(atoms.share)


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


# -- raters of a type vary ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def varied():
    """Two types with variation within, on two prompts of five completions: eight dimensions."""
    rng = np.random.default_rng(4)
    names = np.tile(np.arange(5), 2)
    catalogue = Catalogue(("p", "q"), tuple("abcde"), names, np.array([0, 5, 10]))
    root = rng.normal(size=(5, 5))
    covariance = replace(initial_covariance(catalogue), between_completions=root @ root.T / 2)
    reward = rng.normal(scale=1.2, size=(2, 10))
    share = np.array([0.3, 0.7])
    model = RaterModel.of(Population(reward, 0 * reward, share, covariance), catalogue)
    assert model.varies
    density = Density.of(model, rng)
    return SimpleNamespace(catalogue=catalogue, individual=model, density=density)


def people(run, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Latents of people of the population, and their orders as scores ``[people, items]``."""
    rng, population = np.random.default_rng(seed), run.individual.population
    type = rng.choice(2, count, p=population.share)
    utility = population.reward[type] + population.covariance.draw(count, rng)
    latent = run.individual.space.latents(centred(utility, run.catalogue))
    return latent, utility + rng.gumbel(size=utility.shape)


def ballot_of(score: np.ndarray, items: list[int]) -> list[int]:
    return sorted(items, key=lambda item: -score[item])


def test_where_raters_vary_points_are_draws_from_the_posterior(varied):
    """Against the people who cast the same ballots."""
    latent, score = people(varied, 300_000, 0)
    ballots = [(0, [3, 0, 2]), (1, [9, 5])]
    same = np.ones(len(latent), bool)
    for _, items in ballots:
        for above, below in pairwise(items):
            same &= score[:, above] > score[:, below]
    wanted = latent[same]
    assert len(wanted) > 3000
    placed = Atoms.of(varied).given(ballots)
    assert placed.drawn
    sd = latent.std(axis=0)
    share, points = placed.points.share, placed.points.latent
    mean = share @ points
    np.testing.assert_allclose(mean / sd, wanted.mean(axis=0) / sd, atol=0.1)
    spread = np.sqrt(share @ (points - mean) ** 2)
    np.testing.assert_allclose(spread / sd, wanted.std(axis=0) / sd, atol=0.08)


def test_less_is_left_the_more_a_visitor_says(varied):
    atoms = Atoms.of(varied)
    said: list[tuple[int, list[int]]] = [(0, [0, 1]), (0, [2, 3]), (1, [5, 6, 7, 8, 9])]
    left = [atoms.given(said[:n]).remaining for n in range(len(said) + 1)]
    assert left[0] == pytest.approx(1)
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.4
    assert not atoms.given([(0, [3])]).drawn, "one completion compares nothing"


@pytest.mark.parametrize(
    "items", [*lanes.deep((), ([[0, 1]],)), [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]]
)
def test_the_region_holds_as_many_people_as_it_says(varied, items):
    count = 200
    latent, score = people(varied, count, 1)
    atoms, inside = Atoms.of(varied), {0.5: 0, 0.8: 0, 0.95: 0}
    model, population = varied.individual, varied.individual.population
    least = model.latent_covariance + FLOOR * np.eye(model.latent)
    prior = [multivariate_normal(mean, least) for mean in model.type_latents]
    known = Atoms(latent, np.ones(count), model.rewards(latent).astype(float))
    for person, own in enumerate(score):
        ballots = [(p, ballot_of(own, part)) for p, part in enumerate(items)]
        placed = atoms.given(ballots)
        said = sum(known.log_likelihood(order)[person] for _, order in ballots)
        chance = population.share @ [of_type.pdf(latent[person]) for of_type in prior]
        nats = np.log(chance) + said + 0.5 * model.latent * np.log(2 * np.pi)
        for mass in inside:
            inside[mass] += nats >= placed.log_density[placed.densest(mass)[-1]]
    for mass, number in inside.items():
        assert number / count == pytest.approx(mass, abs=3 * np.sqrt(mass * (1 - mass) / count))


def test_few_people_of_the_population_are_called_rare(varied):
    """Who is judged by atoms is none of them, however few the atoms are."""
    _, score = people(varied, 150, 2)
    atoms = Atoms.of(varied)
    rare = [
        predictive_p_value(atoms, [(0, ballot_of(own, list(range(5))))]) < 0.05 for own in score
    ]
    assert np.mean(rare) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
    worst = np.argsort(score.mean(axis=0)[:5]).tolist()
    assert predictive_p_value(atoms, [(0, worst), (1, [5 + i for i in worst])]) < 0.2


def test_the_map_shows_the_draws_where_raters_vary(varied):
    latent, score = people(varied, 60, 3)
    ballots = [complete_ballots(varied.catalogue, own) for own in score]
    ratings = replace(
        orders_to_ratings(varied.catalogue, ballots),
        types=("one", "other"), rater_type=np.arange(60) % 2,
    )  # fmt: skip
    run = FittedRun(ratings, ratings, 0, varied.individual, varied.density, None, latent)
    atoms = Atoms.of(run)
    drawing, placed = maps.atoms_map(run, atoms), atoms.given(ballots[0])
    outside, inside = maps.credible_region(drawing, placed)
    assert 100 < len(outside["points"]) < len(atoms.share), "not all of so many are marked"
    plane = drawing["plane"]
    of_people = plane.project(latent)
    narrow = inside["points"].std(axis=0) / of_people.std(axis=0)
    assert (narrow < 0.8).all(), "what a rater says narrows where the rater may be"
    centre = plane.project((placed.points.share @ placed.points.latent)[None])[0]
    sd = of_people.std(axis=0)
    np.testing.assert_allclose(inside["points"].mean(axis=0) / sd, centre / sd, atol=0.1)
    near = maps.type_probabilities(drawing, placed)
    assert list(near) == ["one", "other"]
    assert sum(near.values()) == pytest.approx(1)
