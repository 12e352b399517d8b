"""Utilities that prompts share: the objective, what is hidden, and the scale of what is placed."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.types import Catalogue
from scrl.utility_models import tabulate
from scrl.utility_models.likelihood import choices
from scrl.utility_models.shared_utilities import (
    SharedUtilities,
    aligned,
    ballot_weights,
    fit_rewards,
    max_shared_utilities,
    thinned,
    type_ballots,
)
from tests.rivals.test_rivals import ratings_of


def tied_ballots(seed: int = 0, raters: int = 12, size: int = 5):
    """Ballots of two prompts, of some of the completions, some tied, of unequal weights."""
    rng = np.random.default_rng(seed)
    ballots = []
    for rater in range(raters):
        for prompt in range(2):
            shown = rng.permutation(size)[: rng.integers(2, size + 1)]
            ranks = np.arange(len(shown)) // rng.integers(1, 3)
            places = dict(zip(shown.tolist(), ranks.tolist(), strict=True))
            ballots.append((rater, prompt, places, float(rng.uniform(1, 3))))
    return tabulate(ratings_of(ballots, prompts=2, size=size))


@pytest.fixture(scope="module")
def table():
    return tied_ballots()


def some_weights(table, types: int = 3) -> np.ndarray:
    rng = np.random.default_rng(1)
    return ballot_weights(table.cast, table.mass, rng.dirichlet(np.ones(types), table.rows))


@pytest.mark.parametrize("shared", [0, 1, 2])
def test_the_gradient_agrees_with_differences(table, shared):
    hidden = np.zeros((3, 10), bool)
    hidden[0, 6:8] = True
    ballots = type_ballots(table.slots, some_weights(table), hidden)
    model = SharedUtilities(table.catalogue, ballots, shared, 0.7)
    theta = 0.5 * np.random.default_rng(2).normal(size=len(model.zero()))
    _, slope = model.objective(theta)
    step = 1e-5 * np.eye(len(theta))
    wanted = [(model.objective(theta + e)[0] - model.objective(theta - e)[0]) / 2e-5 for e in step]
    assert slope == pytest.approx(wanted, abs=1e-5)


def test_packing_is_undone(table):
    ballots = type_ballots(table.slots, some_weights(table), np.zeros((3, 10), bool))
    model = SharedUtilities(table.catalogue, ballots, 2, 0.7)
    theta = np.random.default_rng(3).normal(size=len(model.zero()))
    assert model.pack(*model.unpack(theta)) == pytest.approx(theta)


def test_hidden_items_leave_the_ballots_of_the_others():
    """The likelihood is that of ballots written without the hidden completion."""
    rng = np.random.default_rng(4)
    whole, part = [], []
    for rater in range(30):
        shown = rng.permutation(5)[: rng.integers(2, 6)].tolist()
        ranks = (np.arange(len(shown)) // 2).tolist() if rater % 2 else list(range(len(shown)))
        places = dict(zip(shown, ranks, strict=True))
        whole.append((rater, 0, places, 1.0))
        part.append((rater, 0, {c: r for c, r in places.items() if c != 3}, 1.0))
    reward = rng.normal(size=5)
    hidden = np.arange(5)[None] == 3
    given = tabulate(ratings_of(whole, prompts=1))
    weight = ballot_weights(given.cast, given.mass, np.ones((given.rows, 1)))
    ballots = type_ballots(given.slots, weight, hidden)
    assert not ballots.heard[0, 3]
    assert ballots.heard[0, [0, 1, 2, 4]].all()
    found = choices(ballots.slots, reward[ballots.slots.item]).log_likelihood @ ballots.weight
    wanted = tabulate(ratings_of(part, prompts=1))
    by_ballot = choices(wanted.slots, reward[wanted.slots.item]).log_likelihood
    assert found == pytest.approx(wanted.mass @ (wanted.cast @ by_ballot))


def test_a_reversed_prompt_is_inferred_reversed():
    """Three types; the silent one's order is the reverse of its own, as the others' are."""
    rng = np.random.default_rng(5)
    orders = [rng.permutation(5) for _ in range(3)]
    ballots = []
    for rater in range(90):
        order = orders[rater % 3].tolist()
        ballots.append((rater, 0, {c: i for i, c in enumerate(order)}, 1.0))
        if rater % 3:
            ballots.append((rater, 1, {c: 4 - i for i, c in enumerate(order)}, 1.0))
    table = tabulate(ratings_of(ballots, prompts=2))
    kind = np.zeros((table.rows, 3))
    kind[table.row, np.arange(90) % 3] = 1
    weight = ballot_weights(table.cast, table.mass, kind)
    given = type_ballots(table.slots, weight, np.zeros((3, 10), bool))
    settings = [(0, 0.0), (1, 0.3), (1, 3.0)]
    apart, *shared = fit_rewards(table.catalogue, given, settings, 5.0)
    assert np.argsort(-apart[1, :5]).tolist() == orders[1].tolist()
    for reward in shared:
        assert np.argsort(-reward[0, 5:]).tolist() == orders[0][::-1].tolist()


def test_prompts_share_what_has_one_name():
    def of(names: tuple[str, ...], prompts: int) -> Catalogue:
        count = len(names)
        offsets = np.linspace(0, count, prompts + 1).astype(int)
        return Catalogue(tuple(f"p{i}" for i in range(prompts)), names, np.arange(count), offsets)

    assert max_shared_utilities(of(("a", "b", "c", "d"), 2), 2) == 0
    assert max_shared_utilities(of(("a", "b", "a", "d"), 2), 2) == 1
    assert max_shared_utilities(of(("a", "b", "a", "d", "a", "f"), 3), 2) == 2
    assert max_shared_utilities(of(("a", "b"), 1), 2) == 0


def test_large_data_are_thinned_evenly(table):
    weight = some_weights(table)
    assert thinned(weight, table.slots, 10_000) is weight
    found = thinned(weight, table.slots, 60)
    assert ((found == weight) | (found == 0)).all()
    assert ((found > 0).sum(1) == 60 // (3 * table.slots.mask.shape[1])).all()


def test_a_placed_item_keeps_its_rank_among_heard_ones():
    rng = np.random.default_rng(6)
    for _ in range(50):
        predicted = rng.normal(size=6)
        heard = np.arange(6) > 0
        fitted = np.where(heard, 5 * predicted + 3, np.nan)  # another scale, the same order
        placed = aligned(predicted, fitted, heard)
        order = np.argsort(np.where(heard, fitted, placed))
        assert order.tolist() == np.argsort(predicted).tolist()
    assert aligned(predicted, fitted, np.zeros(6, bool)) is predicted
