"""Models of tastes that change, against brute force, grids and simulation."""

import numpy as np
import pytest
from scipy.special import expit

from scrl.choice_models import fit_bradley_terry
from scrl.drift import (
    DRIFTS,
    MODELS,
    TimedPairs,
    block_bounds,
    borda_scores,
    draw_answers,
    draw_worlds,
    expected_errors,
    filter_and_smooth,
    fit_model,
    least_errors,
    recovery_lag,
    with_groups,
)
from scrl.drift.models import discount, elo, random_walk, stationary, window
from scrl.drift.random_walk import PRIOR_SD

SHARES = np.array([0.6, 0.3, 0.1])


def random_pairs(seed, sequences=2, answers=60, items=4, ties=True):
    rng = np.random.default_rng(seed)
    first = rng.integers(items, size=(sequences, answers))
    second = (first + rng.integers(1, items, size=first.shape)) % items
    won = rng.choice([0.0, 0.5, 1.0] if ties else [0.0, 1.0], size=first.shape)
    time = np.cumsum(rng.choice([0.0, 0.5, 2.0], size=answers))
    return TimedPairs(time, first, second, won, rng.choice([0.0, 1.0, 2.0], first.shape), items)


def counted(pairs, sequence, stop, weight):
    wins = np.zeros((pairs.items, pairs.items))
    for t in range(stop):
        i, j, won = (a[sequence, t] for a in (pairs.first, pairs.second, pairs.won))
        w = weight(t) * pairs.weight[sequence, t]
        wins[i, j] += w * won
        wins[j, i] += w * (1 - won)
    return wins


@pytest.mark.parametrize(
    ("model", "setting", "weight"),
    [
        (stationary, 1.0, lambda age: 1.0),
        (window, 7.0, lambda age: float(age <= 7.0)),
        (discount, 5.0, lambda age: 0.5 ** (age / 5.0)),
    ],
)
def test_counting_models_are_bradley_terry_on_weighted_answers(model, setting, weight):
    pairs, bounds = random_pairs(1), np.array([0, 13, 40, 60])
    track = model(pairs, bounds, [setting])
    for b, stop in enumerate(bounds):
        now = pairs.time[min(stop, pairs.answers - 1)]
        for s in range(pairs.sequences):
            wins = counted(pairs, s, stop, lambda t, now=now: weight(now - pairs.time[t]))
            wanted = fit_bradley_terry(wins, PRIOR_SD)
            np.testing.assert_allclose(track.rewards[0, s, b], wanted, atol=1e-5)
            np.testing.assert_allclose(track.borda[0, s, b], borda_scores(wins), atol=1e-5)


def test_elo_moves_by_the_surprise():
    pairs = random_pairs(2, sequences=1)
    track = elo(pairs, np.array([0, 60]), [0.3])
    reward = np.zeros(4)
    for t in range(60):
        i, j = pairs.first[0, t], pairs.second[0, t]
        change = 0.3 * pairs.weight[0, t] * (pairs.won[0, t] - expit(reward[i] - reward[j]))
        reward[i] += change
        reward[j] -= change
    np.testing.assert_allclose(track.rewards[0, 0, 1], reward)


def exact_gap(pairs, step_sd):
    """Mean and sd of two items' gap on a grid, from the answers so far and from all."""
    grid = np.linspace(-14, 14, 401)
    step = np.subtract.outer(grid, grid)
    prior = np.exp(-(grid**2) / (4 * PRIOR_SD**2))
    forward, likelihood, moves = [], [], []
    state = prior
    for t in range(pairs.answers):
        gone = pairs.time[t] - pairs.time[max(t - 1, 0)]
        kernel = np.exp(-(step**2) / (4 * step_sd**2 * gone)) if gone > 0 else np.eye(len(grid))
        moves.append(kernel / kernel.sum(0))
        sign = 1 if pairs.first[0, t] == 0 else -1
        won = pairs.won[0, t]
        chance = expit(sign * grid)
        likelihood.append((chance**won * (1 - chance) ** (1 - won)) ** pairs.weight[0, t])
        state = (moves[t] @ state) * likelihood[t]
        state = state / state.sum()
        forward.append(state)
    later, back = [], np.ones(len(grid))
    for t in range(pairs.answers - 1, -1, -1):
        later.append(forward[t] * back / (forward[t] * back).sum())
        back = moves[t].T @ (back * likelihood[t])

    def moments(states):
        mean = np.array([p @ grid for p in states])
        return mean, np.sqrt([p @ grid**2 - m**2 for p, m in zip(states, mean, strict=True)])

    return moments(forward), moments(later[::-1])


@pytest.mark.parametrize("seed", range(3))
def test_the_filter_and_the_smoother_are_near_the_exact_posterior(seed):
    pairs, step_sd = random_pairs(seed, 1, 50, 2), 0.2
    states = filter_and_smooth(pairs, step_sd)
    contrast = np.array([1.0, -1.0])
    for (mean, sd), m, c in zip(
        exact_gap(pairs, step_sd),
        (states.mean, states.later_mean),
        (states.covariance, states.later_covariance),
        strict=True,
    ):
        found = m[:, 0] @ contrast
        variance = np.einsum("i,tij,j->t", contrast, c[:, 0], contrast)
        assert np.abs(found - mean).max() < 0.35 * sd.max()
        assert np.abs(found - mean).mean() < 0.12
        np.testing.assert_allclose(np.sqrt(variance), sd, rtol=0.2)
    before, after = (np.trace(c[:, 0], axis1=1, axis2=2) for c in (
        states.covariance, states.later_covariance))  # fmt: skip
    assert (after <= before + 1e-9).all()


def test_a_walk_of_no_step_is_the_stationary_model():
    pairs, bounds = random_pairs(5, 3, 200), np.array([0, 200])
    walk, fixed = random_walk(pairs, bounds, [0.0]), stationary(pairs, bounds)
    np.testing.assert_allclose(walk.rewards[0, :, 1], fixed.rewards[0, :, 1], atol=0.12)


@pytest.mark.parametrize("name", MODELS)
def test_predictions_and_settings_know_nothing_of_later_answers(name):
    pairs, bounds = random_pairs(7, ties=False), block_bounds(60, 6)
    cut = int(bounds[3])
    won = pairs.won.copy()
    won[:, cut:] = 1 - won[:, cut:]
    other = TimedPairs(pairs.time, pairs.first, pairs.second, won, pairs.weight, pairs.items)
    one, two = fit_model(name, pairs, bounds), fit_model(name, other, bounds)
    np.testing.assert_array_equal(one.rewards[:, :, :4], two.rewards[:, :, :4])
    np.testing.assert_array_equal(one.chosen()[:, :4], two.chosen()[:, :4])
    assert not np.allclose(one.rewards[:, :, -1], two.rewards[:, :, -1])
    total = one.log_likelihood[:, :, :2].sum(2)
    np.testing.assert_array_equal(one.chosen()[:, 2], total.argmax(0))


def test_groups_have_their_own_answers_and_everybody_all():
    pairs = random_pairs(3)
    group = np.random.default_rng(0).integers(-1, 2, size=(2, 60))
    both = with_groups(pairs, group, 2)
    assert both.sequences == 6
    np.testing.assert_array_equal(both.weight[2], pairs.weight[0])
    np.testing.assert_array_equal(both.weight[4], pairs.weight[1] * (group[1] == 1))
    np.testing.assert_array_equal(both.first[3], pairs.first[1])


def test_errors_are_those_of_simulated_answers():
    rng = np.random.default_rng(0)
    taste, rewards = rng.normal(size=5), np.array([2.0, 0.0, 1.0, 0.0, -1.0])
    chance = expit(taste[:, None] - taste)
    judged = ~np.eye(5, dtype=bool)
    wrong = []
    for i in range(5):
        for j in range(5):
            if i != j:
                answers = rng.random(20_000) < chance[i, j]
                sure = rewards[i] != rewards[j]
                wrong.append(np.mean(answers != (rewards[i] > rewards[j])) if sure else 0.5)
    assert expected_errors(rewards, chance, judged) == pytest.approx(np.mean(wrong), abs=0.005)
    assert expected_errors(taste, chance, judged) == pytest.approx(least_errors(chance, judged))
    assert least_errors(chance, judged) < expected_errors(rewards, chance, judged)
    assert np.isnan(expected_errors(rewards, chance, ~judged & judged))


def test_the_lag_is_counted_from_the_change():
    time, error = np.arange(0, 60, 10.0), np.array([0.2, 0.2, 0.9, 0.5, 0.24, 0.9])
    assert recovery_lag(time, error, np.full(6, 0.2), 20, 0.05) == 20
    assert recovery_lag(time, error, np.full(6, 0.1), 20, 0.05) == np.inf


@pytest.mark.parametrize("drift", DRIFTS)
def test_worlds_change_as_they_say(drift):
    worlds = draw_worlds(np.random.default_rng(0), drift, 30, 2_000, 5, SHARES)
    start, end = worlds.tastes[:, 0], worlds.tastes[:, -1]
    assert worlds.tastes.std() == pytest.approx(1.5, rel=0.1)
    assert not worlds.disputed[..., np.arange(5), np.arange(5)].any()
    if drift == "none":
        np.testing.assert_array_equal(start, end)
        assert worlds.disputed[:, 0].any()
    if drift == "swap":
        np.testing.assert_array_equal(end, start[:, [2, 1, 0]])
        assert not worlds.disputed[:, 1].any()
        control = draw_worlds(np.random.default_rng(0), "none", 30, 2_000, 5, SHARES)
        np.testing.assert_array_equal(control.disputed, worlds.disputed)
        np.testing.assert_array_equal(control.tastes[:, 0], start)
    if drift == "wander":
        assert abs(np.corrcoef(start.ravel(), end.ravel())[0, 1]) < 0.4
        assert np.abs(np.diff(worlds.tastes[:, :20], axis=1)).max() < 0.4
    if drift == "fashions":
        np.testing.assert_allclose(worlds.tastes[:, 1_600], start, atol=1e-9)


def test_answers_follow_the_tastes_of_their_time():
    worlds = draw_worlds(np.random.default_rng(1), "swap", 1, 60_000, 2, np.array([0.5, 0.5]))
    pairs, group = draw_answers(np.random.default_rng(2), worlds)
    won = np.where(pairs.first == 0, pairs.won, 1 - pairs.won)
    for half in (slice(0, 30_000), slice(30_000, None)):
        for kind in range(2):
            taste = worlds.tastes[0, half, kind][0]
            mine = group[0, half] == kind
            assert won[0, half][mine].mean() == pytest.approx(expit(taste[0] - taste[1]), abs=0.02)
