"""Likelihoods of answers and updates by them: against brute force over drawn people."""

from itertools import combinations, permutations

import numpy as np
import pytest

from scrl.elicitation import (
    BY_NAME,
    FORMATS,
    SLIP_RATE,
    TIE_VARIANCE,
    Answer,
    Belief,
    Draws,
    Evidence,
    channel,
    draw_people,
    pair_indices,
    with_answer,
)

PEOPLE = 100_000


def random_belief(seed: int, types: int = 3, size: int = 6) -> Belief:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(types, size, size))
    covariance = root @ root.mT / 3 + 1.6 * np.eye(size)
    mean = 1.5 * rng.normal(size=(types, size))
    return Belief(rng.dirichlet(np.full(types, 3.0)), mean, covariance)


def drawn(belief: Belief, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Types and utilities of people of a belief, type by type."""
    rng = np.random.default_rng(seed)
    count = np.round(belief.weight * PEOPLE).astype(int)
    parts = [
        draw_people(Belief(np.ones(1), belief.mean[[k]], belief.spread[[k]]), n, rng)
        for k, n in enumerate(count)
    ]
    return np.repeat(np.arange(len(count)), count), np.concatenate(parts)


ANSWERS = [
    Answer("best", ((2,), (0,))),
    Answer("best", ((1,), (0,), (3,), (5,))),
    Answer("ends", ((4,), (0,), (1,), (2,))),
    Answer("rank", ((3,), (1,), (0,), (4,))),
    Answer("rank", ((3,), (1, 5), (0,))),
    Answer("tie", ((1,), (2,), (5,))),
]


def brute_likelihood(answer: Answer, utility: np.ndarray) -> np.ndarray:
    """Each person's chance to answer so, written out format by format."""
    found = np.ones(len(utility))

    def holds(a: int, b: int) -> np.ndarray:
        return np.where(utility[:, a] > utility[:, b], 1 - SLIP_RATE, SLIP_RATE)

    def tied(group: tuple[int, ...]) -> np.ndarray:
        own, t = utility[:, list(group)], len(group)
        squares = sum((own[:, i] - own[:, j]) ** 2 for i in range(t) for j in range(i))
        return np.exp(-squares / (2 * TIE_VARIANCE * t**2 / 4))

    flat = [i for group in answer.order for i in group]
    if answer.kind == "tie":
        return tied(tuple(flat))
    if answer.kind == "best":
        for other in flat[1:]:
            found = found * holds(flat[0], other)
    elif answer.kind == "ends":
        for middle in flat[1:-1]:
            found = found * holds(flat[0], middle) * holds(middle, flat[-1])
    else:
        for high, low in combinations(answer.order, 2):
            for a in high:
                for b in low:
                    found = found * holds(a, b)
        for group in answer.order:
            if len(group) > 1:
                found = found * tied(group)
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_answers_leave_the_people_who_answer_so(seed):
    belief = random_belief(seed)
    type, utility = drawn(belief, seed)
    first, second = pair_indices(6).T
    above = utility[:, first] > utility[:, second]
    for answer in ANSWERS:
        weight = brute_likelihood(answer, utility)
        total = weight.mean()
        weight /= weight.sum()
        error = 1.5 * np.sqrt((weight**2).sum())  # three standard errors of a share near ½
        found = with_answer(Evidence.none(belief), answer)
        assert np.exp(found.nats) == pytest.approx(total, rel=0.05 + 2 * error), answer
        types = np.bincount(type, weight)
        np.testing.assert_allclose(
            found.belief.weight, types, atol=0.02 + error, err_msg=str(answer)
        )
        draws = Draws.of(found)
        mean = draws.weight @ draws.utility
        np.testing.assert_allclose(mean, weight @ utility, atol=0.05 + 4 * error)
        np.testing.assert_allclose(
            draws.chance, weight @ above, atol=0.02 + error, err_msg=str(answer)
        )
        np.testing.assert_allclose(draws.type_probabilities(3), types, atol=0.01 + error)


def test_many_answers_are_consistent_and_what_follows_from_them_is_known():
    """Three rankings that chain: draws know the pairs that follow by transitivity."""
    belief = random_belief(5)
    evidence = Evidence.none(belief)
    for order in ((3, 1, 0), (0, 4, 2), (2, 5)):
        answer = Answer("rank", tuple((i,) for i in order))
        evidence = with_answer(evidence, answer)
    table = Draws.of(evidence).preference_matrix()
    for a, b in [(3, 0), (3, 2), (1, 4), (0, 5), (3, 5)]:
        assert table[a, b] > 0.97, (a, b)


def test_the_order_of_answers_does_not_matter():
    belief = random_belief(2)
    forwards, backwards = Evidence.none(belief), Evidence.none(belief)
    told = [ANSWERS[1], Answer("best", ((5,), (4,))), Answer("tie", ((2,), (4,)))]
    for answer, reverse in zip(told, told[::-1], strict=True):
        forwards, backwards = with_answer(forwards, answer), with_answer(backwards, reverse)
    one, other = Draws.of(forwards), Draws.of(backwards)
    np.testing.assert_allclose(one.chance, other.chance, atol=0.04)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_answers_have_probabilities_whatever_the_order(form):
    table = channel(form)
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    count = {"best": form.size, "ends": form.size * (form.size - 1)}.get(form.kind, len(table))
    assert table.shape[1] == count == form.answers
    # Without slips each order has one answer, and all answers are equally frequent over orders.
    np.testing.assert_allclose(table.sum(axis=0), len(table) / count)
    assert (table.max(axis=1) > 1 - 2 * SLIP_RATE * form.size).all()


def test_a_choice_among_three_by_hand():
    """Orders best first; the chance of each choice in proportion to slips."""
    e, table = SLIP_RATE, channel(BY_NAME["best3"])
    for order, row in zip(permutations(range(3)), table, strict=True):
        wanted = np.zeros(3)
        wanted[list(order)] = (1 - e) ** 2, e * (1 - e), e**2
        np.testing.assert_allclose(row, wanted / wanted.sum())


def test_silence_weighs_types_by_what_they_leave_out():
    belief = random_belief(3)
    included = np.array([[0.1] + [1.0] * 5, [0.9] + [1.0] * 5, [0.5] + [1.0] * 5])
    answer = Answer("none", ((0,), (2,)))
    np.testing.assert_array_equal(
        with_answer(Evidence.none(belief), answer).belief.weight, belief.weight
    )
    found = with_answer(Evidence.none(belief), answer, included=included)
    wanted = belief.weight * np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(found.belief.weight, wanted / wanted.sum())
    np.testing.assert_allclose(
        Draws.of(found).type_probabilities(3), wanted / wanted.sum(), atol=0.02
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_contradictory_answers_leave_what_slips_explain(seed):
    """Somebody ranks four completions, and then chooses otherwise, twice."""
    belief = random_belief(seed, types=1, size=4)
    belief = Belief(belief.weight, 0 * belief.mean, belief.spread)
    _, utility = drawn(belief, seed)
    answers = [
        Answer("rank", ((0,), (3,), (1,), (2,))),
        Answer("best", ((1,), (3,), (0,))),
        Answer("best", ((2,), (3,), (1,), (0,))),
    ]
    evidence, chance = Evidence.none(belief), np.ones(len(utility))
    for answer in answers:
        evidence = with_answer(evidence, answer)
        chance = chance * brute_likelihood(answer, utility)
    first, second_item = pair_indices(4).T
    above = utility[:, first] > utility[:, second_item]
    wanted = chance @ above / chance.sum()
    assert Draws.of(evidence).chance == pytest.approx(wanted, abs=0.02)
