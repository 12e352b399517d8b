"""Plackett–Luce from rankings, and Bradley–Terry from raw comparisons, against choix."""

from __future__ import annotations

from itertools import pairwise

import choix
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from scrl.choice_models import bradley_terry as bt
from scrl.choice_models import plackett_luce as pl
from scrl.types import InputError

#: Profiles compared with choix; those of the rules are 2,000.
PROFILES = 500


def centred(reward):
    return reward - reward.mean(-1, keepdims=True)


def bounded(rankings, items: int) -> bool:
    """Whether the likelihood has a maximum: chains of preferences lead from each item to each."""
    above = np.zeros((items, items))
    for ranking in rankings:
        for i, a in enumerate(ranking):
            above[a, ranking[i + 1 :]] = 1
    return connected_components(above, connection="strong")[0] == 1


def drawn(seed: int, fits: int, voters: int, items: int, places: int) -> np.ndarray:
    """Rankings ``[fits, voters, places]`` from the model, of the first few that each voter likes
    among as many drawn at random (all, where ``places`` is ``items``)."""
    rng = np.random.default_rng(seed)
    reward = rng.normal(size=(fits, 1, items))
    shown = np.argsort(rng.random((fits, voters, items)), axis=-1)[..., :places]
    noisy = np.take_along_axis(reward + rng.gumbel(size=(fits, voters, items)), shown, -1)
    return np.take_along_axis(shown, np.argsort(-noisy, axis=-1), -1)


# -- maximum likelihood ---------------------------------------------------------------------------


def test_choix_finds_the_same_rewards_from_rankings_on_500_profiles():
    checked = 0
    cases = [(3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (4, 2), (6, 3), (7, 4)]
    for seed, (items, places) in enumerate(cases):
        profiles = drawn(seed, PROFILES * 4 // 25, 25 if places == items else 60, items, places)
        some = np.array([p for p in profiles if bounded(p, items)])
        found = pl.fit_rankings(some, items, prior_sd=np.inf)
        for rankings, reward in zip(some.tolist(), found, strict=True):
            wanted = choix.ilsr_rankings(items, rankings, max_iter=10_000, tol=1e-9)
            np.testing.assert_allclose(reward, centred(wanted), atol=1e-6)
        checked += len(some)
    assert checked >= PROFILES


def test_choix_finds_the_same_rewards_from_comparisons_on_500_profiles():
    checked = 0
    for items in (2, 3, 4, 5, 6, 7):
        profiles = drawn(items, PROFILES // 5, 60, items, 2)
        some = np.array([p for p in profiles if bounded(p, items)])
        found = bt.fit_comparisons(some, items, prior_sd=np.inf)
        for pairs, reward in zip(some, found, strict=True):
            wins = np.zeros((items, items))
            np.add.at(wins, tuple(pairs.T), 1)
            wanted = choix.ilsr_pairwise_dense(wins, max_iter=100_000, tol=1e-9)
            np.testing.assert_allclose(reward, centred(wanted), atol=1e-6)
        checked += len(some)
    assert checked >= PROFILES


def test_comparisons_of_two_are_rankings_of_two():
    pairs = drawn(0, 1, 300, 6, 2)[0]
    np.testing.assert_allclose(pl.fit_rankings(pairs), bt.fit_comparisons(pairs), atol=1e-9)


# -- the prior ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prior_sd", [1.0, 10.0])
def test_choix_finds_the_same_with_a_prior(seed, prior_sd):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(2, 8))
    rankings = [rng.permutation(m)[: rng.integers(1, m + 1)].tolist() for _ in range(9)]
    # Its penalty is alpha ‖r‖², without the half.
    wanted = choix.opt_rankings(m, rankings, alpha=0.5 / prior_sd**2, method="BFGS", tol=1e-9)
    np.testing.assert_allclose(pl.fit_rankings(rankings, m, prior_sd), wanted, atol=2e-4)


@pytest.mark.parametrize("items", [2, 10, 100, 150])
def test_unanimous_rankings_have_finite_rewards_in_order(items):
    rankings = np.tile(np.arange(items), (1_000, 1))
    reward = pl.fit_rankings(rankings)
    assert np.isfinite(reward).all()
    assert (np.diff(reward) < 0).all()
    assert abs(reward.sum()) < 1e-6


def test_an_item_in_no_choice_is_at_zero():
    reward = pl.fit_rankings([[0, 1], [1, 0], [0, 1], [2]], items=4)
    np.testing.assert_array_equal(reward[2:], 0)
    assert reward[0] == -reward[1] == pytest.approx(np.log(2) / 2, abs=1e-2)


def test_no_rankings_are_no_reward():
    np.testing.assert_array_equal(pl.fit_rankings(np.zeros((0, 3), int), items=3), 0)
    np.testing.assert_array_equal(bt.fit_comparisons(np.zeros((0, 2), int), items=3), 0)


# -- forms of the data ----------------------------------------------------------------------------


def test_a_ranking_may_end_early():
    ragged = [[2, 0, 1], [0], [1, 2], [0, 2, 1, 3], [3, 0]]
    padded = np.array([r + [-1] * (4 - len(r)) for r in ragged], np.int8)
    np.testing.assert_allclose(pl.fit_rankings(ragged), pl.fit_rankings(padded), atol=1e-12)
    wanted = choix.opt_rankings(4, ragged, alpha=0.005, method="BFGS", tol=1e-9)
    np.testing.assert_allclose(pl.fit_rankings(padded), wanted, atol=2e-4)


def test_a_weight_is_as_many_rankings():
    rng = np.random.default_rng(0)
    rankings = np.array([rng.permutation(5) for _ in range(30)])
    weight = rng.integers(0, 4, 30)
    np.testing.assert_allclose(
        pl.fit_rankings(rankings, weight=weight),
        pl.fit_rankings(np.repeat(rankings, weight, axis=0)),
        atol=1e-9,
    )


@pytest.mark.parametrize("table", [0, 10**6])
def test_fits_at_once_are_those_one_by_one(monkeypatch, table):
    """Also where there are too many possible rankings for a table of them."""
    monkeypatch.setattr(pl, "MAX_TABLE_CELLS", table)
    rankings = drawn(3, 12, 40, 5, 4).reshape(3, 4, 40, 4)
    found = pl.fit_rankings(rankings, 5)
    assert found.shape == (3, 4, 5)
    for i in np.ndindex(3, 4):
        np.testing.assert_allclose(found[i], pl.fit_rankings(rankings[i], 5), atol=1e-8)
    pairs = rankings[..., :2]
    found = bt.fit_comparisons(pairs, 5)
    for i in np.ndindex(3, 4):
        np.testing.assert_allclose(found[i], bt.fit_comparisons(pairs[i].tolist(), 5), atol=1e-8)


def test_fits_in_blocks_are_those_at_once(monkeypatch):
    wins = bt.count_wins(drawn(3, 50, 40, 5, 2), 5)
    whole = bt.fit_bradley_terry(wins)
    monkeypatch.setattr(bt, "MAX_BLOCK_CELLS", 100)
    np.testing.assert_allclose(bt.fit_bradley_terry(wins), whole, atol=1e-9)


@pytest.mark.parametrize("items", [3, 256, 257])
@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_a_list_of_comparisons_is_counted_as_their_array(items, kind):
    """Whether its numbers fit a byte or not."""
    rng = np.random.default_rng(0)
    winner = rng.integers(items, size=500)
    pairs = np.stack([winner, (winner + rng.integers(1, items, 500)) % items], axis=1)
    pairs[:2] = [[items - 1, 0], [0, items - 1]]
    found = bt.count_wins([kind(pair) for pair in pairs.tolist()])
    wanted = np.zeros((items, items))
    np.add.at(wanted, tuple(pairs.T), 1)
    np.testing.assert_array_equal(found, wanted)


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rankings", "items", "match"),
    [
        ([[0, 1, 0]], None, "twice"),
        ([[0, 3]], 3, "names item 3, of 3 items"),
        ([[-2, 0]], None, "names item -2"),
        (np.array([[0, -1, 1]]), None, "after it has ended"),
        ([[0.5, 1.0]], None, "whole numbers"),
        ([0, 1], None, "whole numbers"),
        ([["a", "b"]], None, "whole numbers"),
    ],
)
def test_rankings_that_are_none(rankings, items, match):
    with pytest.raises(InputError, match=match):
        pl.fit_rankings(rankings, items)


@pytest.mark.parametrize("weight", [[-1.0], [np.nan]])
def test_weights_that_are_none(weight):
    with pytest.raises(InputError, match="negative or not a number"):
        pl.fit_rankings([[0, 1]], weight=weight)


@pytest.mark.parametrize(
    ("comparisons", "items", "match"),
    [
        ([(0, 0)], None, "with itself"),
        ([(0, 5)], 5, "names item 5, of 5 items"),
        ([(-1, 0)], None, "names item -1"),
        ([(0, 1, 2)], None, "pairs of whole numbers"),
        ([(0, 1), (1,)], None, "pairs of whole numbers"),
        ([(0, 1), (1, 2, 3), (4,)], None, "pairs of whole numbers"),
        ([("a", "b")], None, "pairs of whole numbers"),
        (np.array([[0.0, 1.0]]), None, "pairs of whole numbers"),
        ([(0.5, 1)], None, "pairs of whole numbers"),
    ],
)
def test_comparisons_that_are_none(comparisons, items, match):
    with pytest.raises(InputError, match=match):
        bt.fit_comparisons(comparisons, items)


@pytest.mark.parametrize("rankings", [[[0, 1, 2]], [[0, 1], [1, 0], [0, 2]], [[0, 1], [1, 0]]])
def test_a_likelihood_without_a_maximum_is_refused(rankings):
    with pytest.raises(InputError, match=r"no maximum|never compared"):
        pl.fit_rankings(rankings, 3, prior_sd=np.inf)
    pairs = [pair for ranking in rankings for pair in pairwise(ranking)]
    with pytest.raises(InputError, match=r"no maximum|never compared"):
        bt.fit_comparisons(pairs, 3, prior_sd=np.inf)
