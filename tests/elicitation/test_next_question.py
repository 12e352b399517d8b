"""What a question tells: against counts over the draws, and all sets of completions."""

from itertools import combinations, permutations

import numpy as np
import pytest

from scrl.elicitation import (
    BY_NAME,
    PAIR,
    Draws,
    Effort,
    Evidence,
    QuestionFinder,
    channel,
    draw_people,
    untrained_belief,
)
from scrl.studies.interviews import interview
from tests.elicitation.test_answer_likelihoods import random_belief


def finder(seed: int, size: int = 6, draws: int = 1024) -> QuestionFinder:
    return QuestionFinder.of(Draws.of(Evidence.none(random_belief(seed, size=size)), draws))


@pytest.mark.parametrize("name", ["best2", "best4", "ends4", "rank3"])
def test_bits_are_the_entropy_of_the_answer_less_that_of_slips(name):
    form, found = BY_NAME[name], finder(0)
    shown = np.arange(form.size) + 1
    orders: dict[tuple, float] = {}
    for utility, weight in zip(found.draws.utility, found.draws.weight, strict=True):
        key = tuple(np.argsort(-utility[shown]))
        orders[key] = orders.get(key, 0.0) + weight
    keys = sorted(orders)
    place = {order: i for i, order in enumerate(permutations(range(form.size)))}
    answer = sum(orders[key] * channel(form)[place[key]] for key in keys)
    row = channel(form)[0]
    entropy = -(answer * np.log2(answer)).sum() + (row * np.log2(row)).sum()
    assert float(found.bits(form, shown)) == pytest.approx(entropy, abs=1e-6)


@pytest.mark.parametrize("name", ["best2", "best3"])
def test_gain_is_the_fall_of_the_chance_of_a_wrong_guess(name):
    """Against the wrong guesses after each answer, on many draws."""
    form, found = BY_NAME[name], finder(1, draws=8192)
    shown = np.array([0, 2, 5])[: form.size]
    choice = shown[found.draws.utility[:, shown].argmax(axis=1)]
    weight, above = found.draws.weight, found.draws.above

    def wrong(rows: np.ndarray) -> float:
        p = weight[rows] @ above[rows] / weight[rows].sum()
        return float((2 * p * (1 - p)).mean())

    after = sum(weight[choice == i].sum() * wrong(choice == i) for i in shown)
    gain = wrong(np.ones(len(weight), bool)) - after
    assert float(found.gain(form, shown)) == pytest.approx(gain, abs=0.002)


def test_gain_of_few_draws_is_not_inflated():
    """Each of 120 answers has few draws; what is told must not grow with fewer draws."""
    form = BY_NAME["rank5"]
    shown = np.arange(5)
    few = float(finder(2, draws=256).gain(form, shown))
    many = float(finder(2, draws=16384).gain(form, shown))
    assert few == pytest.approx(many, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_sets_found_step_by_step_are_nearly_the_best(seed):
    found = finder(seed)
    for name in ("best2", "best3", "rank3", "rank4"):
        form = BY_NAME[name]
        every = [float(found.gain(form, np.array(s))) for s in combinations(range(6), form.size)]
        own = float(found.questions([form])[form].gain)
        assert own >= 0.8 * max(every), name
    pair = found.best_pair()
    others = [float(found.gain(PAIR, np.array(s))) for s in combinations(range(6), 2)]
    assert float(found.gain(PAIR, pair)) == pytest.approx(max(others), rel=0.03)


def test_declined_sets_are_not_asked_again():
    open_finder = finder(3)
    best = [frozenset(s.tolist()) for s in open_finder.best_sets()]
    closed = QuestionFinder.of(open_finder.draws, best)
    assert all(frozenset(s.tolist()) not in best for s in closed.best_sets())


def test_people_questioned_at_once_are_questioned_as_each_alone():
    belief = random_belief(4, size=5)
    utility = np.random.default_rng(0).normal(size=(4, 5)) * 2
    for name in ("best2", "rank3"):
        together = interview(belief, utility, [BY_NAME[name]], 3, Effort())
        alone = [interview(belief, u[None], [BY_NAME[name]], 3, Effort()) for u in utility]
        right = np.concatenate([one.right for one in alone])
        np.testing.assert_allclose(together.right, right, atol=1e-6)


def test_well_chosen_beats_random_and_knowledge_beats_none():
    belief = random_belief(6, types=4, size=7)
    utility = draw_people(belief, 40, np.random.default_rng(1))
    well = interview(belief, utility, [PAIR], 5, Effort())
    random = interview(belief, utility, [PAIR], 5, Effort(), rng=np.random.default_rng(2))
    nothing = interview(untrained_belief(7), utility, [PAIR], 5, Effort())
    assert well.right[:, 5].mean() > random.right[:, 5].mean() + 0.01
    assert well.right[:, 5].mean() > nothing.right[:, 5].mean() + 0.02
    assert well.right[:, 5].mean() == pytest.approx(well.expected[:, 5].mean(), abs=0.03)
