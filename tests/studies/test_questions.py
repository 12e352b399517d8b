"""Which pair to ask next: against brute force, and on a population that is known."""

from dataclasses import replace

import numpy as np
import pytest

from scrl.diagnostics import Atoms
from scrl.scenarios import gallery, load_scenario, sample
from scrl.studies import (
    ERROR_RATE,
    Quiz,
    equivalent_questions,
    simulate_quiz,
)
from scrl.types import Catalogue
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from tests import lanes


@pytest.fixture(scope="module")
def quiz():
    rng = np.random.default_rng(0)
    atoms = Atoms(np.zeros((9, 1)), rng.dirichlet(np.ones(9)), rng.normal(size=(9, 4)))
    return Quiz.from_atoms(atoms, range(4))


def bits(p):
    p = np.asarray(p, float)
    return -(p * np.log2(p)).sum()


def chances(quiz) -> np.ndarray:
    """The probability of each pair's first under each atom ``[atoms, pairs]``, with errors."""
    first, second = quiz.pairs.T
    gap = quiz.prior.mean[:, first] - quiz.prior.mean[:, second]
    return ERROR_RATE + (1 - 2 * ERROR_RATE) / (1 + np.exp(-gap))


def test_beliefs_are_bayes_rule(quiz):
    found = quiz.posterior([(2, True), (4, False)])
    chance = chances(quiz)
    expected = quiz.prior.weight * chance[:, 2] * (1 - chance[:, 4])
    expected /= expected.sum()
    np.testing.assert_allclose(found.weight, expected)
    np.testing.assert_allclose(quiz.pair_probabilities(found), expected @ chance)


def test_the_most_telling_pair_leaves_least_uncertainty_on_average(quiz):
    """Mutual information, from the entropy of who the visitor is before and after each answer."""
    belief, left = quiz.posterior([(1, True)]), []
    for pair in range(len(quiz.pairs)):
        yes = belief.weight @ chances(quiz)[:, pair]
        after = [bits(quiz.update(belief, pair, first).weight) for first in (True, False)]
        left.append(bits(belief.weight) - yes * after[0] - (1 - yes) * after[1])
    np.testing.assert_allclose(quiz.information(belief), left, atol=1e-9)
    best = int(np.argmax(np.where(np.arange(len(left)) == 1, -1, left)))
    assert quiz.most_informative(belief, [1]) == best
    assert quiz.most_informative(belief, range(len(left))) == -1


def varied(seed: int, prompts: int = 2, size: int = 5) -> Population:
    """Two types with variation within, on prompts with the same completions."""
    rng = np.random.default_rng(seed)
    catalogue = Catalogue(
        tuple(map(str, range(prompts))), tuple("abcdefgh"[:size]),
        np.tile(np.arange(size), prompts), np.arange(prompts + 1) * size,
    )  # fmt: skip
    root = rng.normal(size=(size, size))
    covariance = replace(initial_covariance(catalogue), between_completions=root @ root.T / 2)
    reward = rng.normal(scale=1.5, size=(2, prompts * size))
    return Population(reward, np.zeros(reward.shape), np.array([0.4, 0.6]), covariance)


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_of_raters_who_vary_the_belief_is_that_of_visitors_who_answer_so(seed):
    """Against orders drawn from the population, those with other answers left out."""
    population, rng = varied(seed), np.random.default_rng(seed)
    quiz = Quiz.of(population, range(5, 10))
    type = rng.choice(2, 400_000, p=population.share)
    utility = population.reward[type] + population.covariance.draw(len(type), rng)
    utility = (utility + rng.gumbel(size=utility.shape))[:, 5:]
    answers = [(0, True), (5, False), (8, True)]
    for pair, first in answers:
        a, b = quiz.pairs[pair]
        fits = (utility[:, a] > utility[:, b]) == first
        utility, type = utility[fits], type[fits]
    belief = quiz.posterior(answers)
    first, second = quiz.pairs.T
    wanted = (utility[:, first] > utility[:, second]).mean(axis=0)
    left = np.setdiff1d(np.arange(len(wanted)), [pair for pair, _ in answers])
    np.testing.assert_allclose(quiz.pair_probabilities(belief)[left], wanted[left], atol=0.04)
    np.testing.assert_allclose(belief.weight, np.bincount(type) / len(type), atol=0.03)
    gap = wanted * (1 - wanted)
    assert quiz.most_informative(belief, [p for p, _ in answers]) in np.argsort(-gap)[:2]


def test_of_raters_who_vary_what_is_said_is_so():
    """Calibration of what is stated after six answers, and visitors of the quiz itself."""
    quiz = Quiz.of(varied(3, size=8), range(8))
    utility = quiz.draw_orders(4000, np.random.default_rng(0))
    found = simulate_quiz(quiz, utility, 6, informative=True)
    first, second = quiz.pairs.T
    truth = utility[:, first] > utility[:, second]
    left = np.ones(truth.shape, bool)
    np.put_along_axis(left, found.pairs, False, axis=1)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        near = left & (found.probability >= low) & (found.probability < low + 0.2)
        assert truth[near].mean() == pytest.approx(found.probability[near].mean(), abs=0.04)
    random = simulate_quiz(quiz, utility, 6, informative=False)
    assert found.accuracy[:, -1].mean() > random.accuracy[:, -1].mean() + 0.01


def test_many_visitors_are_asked_what_each_would_be_alone(quiz):
    utility = np.random.default_rng(1).normal(size=(20, 4))
    found = simulate_quiz(quiz, utility, 4, informative=True)
    for who in range(20):
        answers = []
        for i in range(4):
            pair = quiz.most_informative(quiz.posterior(answers), [p for p, _ in answers])
            assert found.pairs[who, i] == pair
            a, b = quiz.pairs[pair]
            answers.append((pair, bool(utility[who, a] > utility[who, b])))
        chance = quiz.pair_probabilities(quiz.posterior(answers))
        first, second = quiz.pairs.T
        right = (chance > 0.5) == (utility[who, first] > utility[who, second])
        right[[pair for pair, _ in answers]] = True
        assert found.accuracy[who, -1] == pytest.approx(right.mean())


def test_who_is_asked_everything_is_known(quiz):
    utility = np.random.default_rng(2).normal(size=(50, 4))
    for telling in (True, False):
        found = simulate_quiz(quiz, utility, 99, telling)
        assert found.pairs.shape == (50, 6)
        assert (np.sort(found.pairs, axis=1) == np.arange(6)).all()
        assert (found.accuracy[:, -1] == 1).all()


def test_worth_is_read_off_between_two_questions():
    telling, random = np.array([0.5, 0.7, 0.9, 1.0]), np.array([0.5, 0.6, 0.7, 0.8])
    assert equivalent_questions(telling, random, 2) == pytest.approx(1.0)
    assert equivalent_questions(telling, random, 3) == pytest.approx(1.5)
    assert np.isnan(equivalent_questions(random, telling, 3))


def test_of_six_kinds_about_ten_telling_questions_are_worth_sixteen():
    """The claim of the scenario, with the true population in the model's place."""
    scenario = load_scenario(gallery()["six-kinds"])
    known, visitors = (sample(scenario, seed).complete_utilities([0]) for seed in (1, 2))
    atoms = Atoms(known, np.full(len(known), 1 / len(known)), 6.0 * known)
    quiz, visitors = Quiz.from_atoms(atoms, range(12)), visitors[:300]
    telling, random = (
        simulate_quiz(quiz, visitors, 20, how).accuracy.mean(axis=0) for how in (1, 0)
    )
    assert 8 < equivalent_questions(telling, random, 16) < 11


def test_voters_of_the_population_rehearse(experiment):
    quiz = Quiz.of(experiment.individual.population, range(5))
    visitors = quiz.draw_orders(400, np.random.default_rng(0))
    telling, random = (
        simulate_quiz(quiz, visitors, 10, how).accuracy.mean(axis=0) for how in (True, False)
    )
    assert telling[-1] == random[-1] == 1
    assert telling[2] > random[2] + 0.05, "four kinds: two telling questions say which"
