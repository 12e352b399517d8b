"""Which pair to ask next: against brute force, and on a population that is known."""

import numpy as np
import pytest

from scrl.diagnostics import Atoms
from scrl.scenarios import gallery, load_scenario, sample
from scrl.studies import Quiz, equivalent_questions, expected_accuracy_curves, simulate_quiz
from scrl.studies.questions import ERROR_RATE


@pytest.fixture(scope="module")
def quiz():
    rng = np.random.default_rng(0)
    atoms = Atoms(np.zeros((9, 1)), rng.dirichlet(np.ones(9)), rng.normal(size=(9, 4)))
    return Quiz.from_atoms(atoms, range(4))


def bits(p):
    p = np.asarray(p, float)
    return -(p * np.log2(p)).sum()


def test_beliefs_are_bayes_rule(quiz):
    found = quiz.posterior([(2, True), (4, False)])
    expected = quiz.share * quiz.probability[:, 2] * (1 - quiz.probability[:, 4])
    np.testing.assert_allclose(found, expected / expected.sum())
    assert quiz.probability.min() >= ERROR_RATE
    assert quiz.probability.max() <= 1 - ERROR_RATE


def test_the_most_telling_pair_leaves_least_uncertainty_on_average(quiz):
    """Mutual information, from the entropy of who the visitor is before and after each answer."""
    weight, left = quiz.posterior([(1, True)]), []
    for pair in range(len(quiz.pairs)):
        yes = weight @ quiz.probability[:, pair]
        after = [quiz.update(weight, pair, first) for first in (True, False)]
        left.append(bits(weight) - yes * bits(after[0]) - (1 - yes) * bits(after[1]))
    np.testing.assert_allclose(quiz.information(weight), left, atol=1e-9)
    best = int(np.argmax(np.where(np.arange(len(left)) == 1, -1, left)))
    assert quiz.most_informative(weight, [1]) == best
    assert quiz.most_informative(weight, range(len(left))) == -1
    assert quiz.random_pair(range(5), 0) == 5


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
        table = quiz.preference_matrix(quiz.posterior(answers), answers)
        truth = utility[who][:, None] > utility[who][None, :]
        right = (table > 0.5) == truth
        upper = np.triu_indices(4, 1)
        assert found.accuracy[who, -1] == pytest.approx(right[upper].mean())


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


def test_voters_of_the_density_rehearse(experiment):
    atoms = Atoms.of(experiment.fitted_run)
    telling, random = expected_accuracy_curves(
        atoms, Quiz.from_atoms(atoms, range(5)), range(5), 10
    )
    assert telling[-1] == random[-1] == 1
    assert telling[2] > random[2] + 0.05, "four kinds: two telling questions say which"
