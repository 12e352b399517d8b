"""Davidson's ties: the optimum against a general optimiser, and what it leaves as it was."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from scrl.choice_models import bradley_terry as bt
from scrl.choice_models import davidson
from scrl.types import Catalogue, Ratings

REWARD = np.array([1.0, 0.4, -0.2, -1.2])


def drawn(seed: int, tie: float, reward=REWARD, most: int = 60, even: bool = False):
    """Wins and ties ``[items, items]`` from the model, each pair asked a random number of times."""
    rng = np.random.default_rng(seed)
    m = len(reward)
    wins, tied = np.zeros((2, m, m))
    for i in range(m):
        for j in range(i + 1, m):
            weight = np.exp([reward[i], reward[j], np.log(tie) + (reward[i] + reward[j]) / 2])
            times = most if even else rng.integers(1, most)
            win, loss, tie_count = rng.multinomial(times, weight / weight.sum())
            wins[i, j], wins[j, i] = win, loss
            tied[i, j] = tied[j, i] = tie_count
    return wins, tied


def loss(x, tables, sd):
    """Minus the log posterior, pair by pair: rewards of each prompt in turn, then log ν."""
    prompts, m = len(tables), len(tables[0][0])
    rewards, log_tie = x[:-1].reshape(prompts, m), x[-1]
    total = -(x @ x) / (2 * sd**2)
    for reward, (wins, tied) in zip(rewards, tables, strict=True):
        for i in range(m):
            for j in range(i + 1, m):
                scores = [reward[i], reward[j], log_tie + (reward[i] + reward[j]) / 2]
                n = np.array([wins[i, j], wins[j, i], tied[i, j]])
                total += n @ scores - n.sum() * np.log(np.exp(scores).sum())
    return -total


@pytest.mark.parametrize("sd", [1.0, 10.0])
def test_a_general_optimiser_finds_the_same(sd):
    tables = [drawn(0, 0.5), drawn(1, 1.5, -REWARD)]
    found = davidson.fit_davidson(*np.array(tables).swapaxes(0, 1), sd)
    wanted = minimize(loss, np.zeros(9), (tables, sd), method="BFGS", options={"gtol": 1e-7})
    assert found.reward.ravel() == pytest.approx(wanted.x[:-1], abs=2e-4)
    assert np.log(found.tie) == pytest.approx(wanted.x[-1], abs=2e-4)


def test_many_fits_at_once_are_each_its_own():
    tables = np.array([[drawn(s, 0.5), drawn(s + 1, 1.5)] for s in range(4)])
    wins, tied = tables[:, :, 0], tables[:, :, 1]
    tied[3] = 0.0
    found = davidson.fit_davidson(wins, tied)
    for i in range(4):
        alone = davidson.fit_davidson(wins[i], tied[i])
        assert found.reward[i] == pytest.approx(alone.reward, abs=1e-9)
        assert found.tie[i] == pytest.approx(alone.tie, abs=1e-9)
    assert found.tie[3] == 0.0


def test_without_a_tie_it_is_bradley_terry():
    wins, _ = drawn(3, 0.5)
    found = davidson.fit_davidson(wins[None], np.zeros((1, 4, 4)))
    assert found.reward[0] == pytest.approx(bt.fit_bradley_terry(wins), abs=1e-9)
    assert found.tie == 0.0


def test_wins_and_half_of_the_ties_are_all_that_rewards_read():
    """The half-win equations hold at the optimum, and more ties only stretch the rewards."""
    wins, tied = drawn(4, 1.0)
    found = davidson.fit_davidson(wins[None], tied[None])
    reward, nu = found.reward[0], found.tie
    up = np.exp((reward[:, None] - reward) / 2)
    expected = (up + nu / 2) / (up + 1 / up + nu)
    met = wins + wins.T + tied
    half = (wins + tied / 2).sum(1)
    assert (met * expected).sum(1) == pytest.approx(half - reward / 100, abs=1e-6)


def test_balanced_comparisons_keep_the_order_of_half_wins():
    """Davidson's order, Bradley–Terry's with ties half each way, and Borda's are one."""
    for seed in range(20):
        wins, tied = drawn(seed, 0.8, np.zeros(4), even=True)
        found = davidson.fit_davidson(wins[None], tied[None]).reward[0]
        half = wins + 0.5 * tied
        plain, borda = bt.fit_bradley_terry(half), half.sum(1)
        for reward in (found, plain):
            gap, wanted = reward[:, None] - reward, borda[:, None] - borda
            assert (np.sign(np.round(gap, 9)) == np.sign(wanted)).all()
        assert np.ptp(found) > np.ptp(plain), "a tie says less of a gap than two halves do"


def test_what_was_drawn_comes_back():
    wins, tied = drawn(5, 0.7, most=20_000, even=True)
    found = davidson.fit_davidson(wins[None], tied[None])
    assert found.reward[0] == pytest.approx(REWARD - REWARD.mean(), abs=0.03)
    assert found.tie == pytest.approx(0.7, abs=0.02)


def test_all_ties_and_nothing_at_all_are_finite():
    even = np.ones((1, 3, 3)) - np.eye(3)
    found = davidson.fit_davidson(0 * even, 50 * even)
    assert found.reward == pytest.approx(np.zeros((1, 3)))
    assert found.tie > 10
    assert davidson.fit_davidson(0 * even, 0 * even).tie == 0.0


# -- ballots --------------------------------------------------------------------------------------


def ballots(ranks, prompts) -> Ratings:
    """One rater a ballot, complete over three completions; two prompts."""
    n = len(ranks)
    catalogue = Catalogue(
        ("p", "q"), ("a", "b", "c"), np.array([0, 1, 2, 0, 1, 2]), np.array([0, 3, 6])
    )
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(n)), np.arange(n), np.array(prompts), np.ones(n),
        3 * np.arange(n + 1), np.tile([0, 1, 2], n), np.array(ranks).ravel(),
    )  # fmt: skip


def test_ties_of_ballots_are_counted_apart_from_wins():
    ratings = ballots([[0, 0, 1], [0, 1, 1], [1, 0, 0], [2, 1, 0]], [0, 0, 0, 1])
    counts, tied = davidson.pair_and_tie_counts(ratings)
    pairs = list(zip(counts.first, counts.second, strict=True))
    at = {p: (counts.wins_first[k], counts.wins_second[k], tied[k]) for k, p in enumerate(pairs)}
    assert at == {
        (0, 1): (1, 1, 1), (0, 2): (2, 1, 0), (1, 2): (1, 0, 2),
        (3, 4): (0, 1, 0), (3, 5): (0, 1, 0), (4, 5): (0, 1, 0),
    }  # fmt: skip


def test_davidson_is_fitted_to_ballots_with_ties():
    rng = np.random.default_rng(0)
    ranks = [
        np.unique(np.round(np.array([0.0, 0.6, 1.5]) + rng.gumbel(size=3)), return_inverse=True)[1]
        for _ in range(400)
    ]
    ratings = ballots(ranks, rng.integers(2, size=400))
    counts, tied = davidson.pair_and_tie_counts(ratings)
    found = davidson.fit_tied_pair_counts(counts, tied, ratings.catalogue.offsets, 10.0)
    tables = np.zeros((2, 2, 3, 3))
    for a, b, w, v, t in zip(
        counts.first, counts.second, counts.wins_first, counts.wins_second, tied, strict=True
    ):
        p, i, j = a // 3, a % 3, b % 3
        tables[p, 0, i, j], tables[p, 0, j, i] = w, v
        tables[p, 1, i, j] = tables[p, 1, j, i] = t
    wanted = minimize(loss, np.zeros(7), (tables, 10.0), method="BFGS", options={"gtol": 1e-7})
    assert found.reward == pytest.approx(wanted.x[:-1], abs=2e-4)
    assert found.tie == pytest.approx(np.exp(wanted.x[-1]), abs=2e-4)
