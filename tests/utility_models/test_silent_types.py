"""Types that orders alone do not tell apart: those who answer and those who never do."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.config import RatersConfig
from scrl.types import Ratings
from scrl.utility_models import tabulate
from scrl.utility_models.population_fit import fit_population
from scrl.utility_models.silent_types import split_by_responses
from scrl.utility_models.type_mixture import TypeProblem
from tests.rivals.test_rivals import ratings_of

#: Three orders of four completions; the last two differ in one swap.
ORDERS = np.array([[3, 2, 1, 0], [0, 1, 2, 3], [1, 0, 2, 3]])


def problem_of(answers: tuple[float, ...]) -> TypeProblem:
    return TypeProblem(tabulate(silent_ratings(answers)))


def silent_ratings(answers: tuple[float, ...], raters: int = 600, seed: int = 0) -> Ratings:
    """Raters of three equally frequent types order the first prompt; they order the second in
    reverse, with a probability by type."""
    rng = np.random.default_rng(seed)
    ballots = []
    for rater in range(raters):
        order, rate = ORDERS[rater % 3].tolist(), answers[rater % 3]
        ballots.append((rater, 0, {c: place for place, c in enumerate(order)}, 1.0))
        if rng.random() < rate:
            ballots.append((rater, 1, {c: 3 - place for place, c in enumerate(order)}, 1.0))
    return ratings_of(ballots, prompts=2, size=4)


def orders(reward: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(np.argsort(-r[:4]).tolist()) for r in reward}


@pytest.mark.parametrize("answers", [(0.5, 0.0, 0.5), (0.5, 0.5, 0.0)])
def test_a_silent_type_is_told_from_one_that_answers(answers):
    problem = problem_of(answers)
    found = problem.search(0)
    assert len(found.share) == 2, "orders alone do not tell the types apart"
    split = split_by_responses(problem, found, 12)
    assert split.share == pytest.approx([1 / 3] * 3, abs=0.03)
    assert orders(split.reward) == {tuple(order) for order in ORDERS.tolist()}


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_types_are_split_than_are_asked_for(most):
    ratings = silent_ratings((0.5, 0.0, 0.5))
    problem = TypeProblem(tabulate(ratings))
    assert len(split_by_responses(problem, problem.one_type(), most).share) == most
    config = RatersConfig(max_types=most, variation=False, choose_noise=False)
    found = fit_population(ratings, config).population
    assert len(found.share) == most


@pytest.mark.parametrize("answers", [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (0.9, 0.2, 0.2)])
def test_types_are_not_split_where_all_of_them_answer_alike(answers):
    problem = problem_of(answers)
    found = problem.search(0)
    assert split_by_responses(problem, found, 12) is found


def test_a_noisy_type_whose_raters_answer_by_chance_is_one_type():
    rng = np.random.default_rng(1)
    ballots = []
    for rater in range(400):
        for prompt in np.flatnonzero(rng.random(3) < 0.6).tolist():
            noisy = np.argsort(np.arange(4) + rng.gumbel(size=4)).tolist()
            ballots.append((rater, prompt, {c: place for place, c in enumerate(noisy)}, 1.0))
    problem = TypeProblem(tabulate(ratings_of(ballots, raters=400, prompts=3, size=4)))
    found = problem.one_type()
    assert split_by_responses(problem, found, 12) is found
