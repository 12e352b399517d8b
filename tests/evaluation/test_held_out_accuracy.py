"""Measures against SciPy and brute force; held-out accuracy on raters whose minds are known."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from scrl.choice_models.rank_metrics import kendall_tau, places_right, reversed_pairs, welfare
from scrl.config import Config, IndividualConfig, RewardConfig, Schedule
from scrl.data.readers import parse_ratings
from scrl.evaluation.held_out_accuracy import (
    Accuracy,
    Bootstrap,
    evaluate,
    hidden_pairs,
    hide,
    verdict,
)
from scrl.types import InputError

ORDERS = st.lists(st.integers(0, 4), min_size=2, max_size=7)


def ratings_of(rows, missing=None):
    """Ratings from (rater, prompt, places)."""
    lines = [
        json.dumps({"rater": r, "prompt": p, "ranking": places, "ballot": str(i)})
        for i, (r, p, places) in enumerate(rows)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl", missing)


# -- orders ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(
    st.integers(2, 8).flatmap(
        lambda m: st.tuples(*[st.lists(st.integers(0, 4), min_size=m, max_size=m)] * 2)
    )
)
def test_kendall_tau_is_scipys(orders):
    one, other = map(np.array, orders)
    wanted = kendalltau(one, other, variant="b").statistic
    if np.isnan(wanted):  # an order that ties everything says nothing of another
        wanted = float(np.ptp(one) == np.ptp(other) == 0)
    assert kendall_tau(one, other) == pytest.approx(wanted, abs=1e-12)
    assert kendall_tau(one, one) == pytest.approx(1)


def test_kendall_tau_of_an_order_and_its_reverse():
    place = np.array([0, 1, 1, 3, 4])
    assert kendall_tau(place, -place) == pytest.approx(-1)


@settings(deadline=None)
@given(ORDERS, st.integers(0, 2**31))
def test_reversed_pairs_by_brute_force(place, seed):
    values = np.random.default_rng(seed).integers(0, 4, len(place))
    wrong = sum(
        1
        for a in range(len(place))
        for b in range(len(place))
        if place[a] < place[b] and not values[a] > values[b]
    )
    assert reversed_pairs(np.array(place), values) == wrong


def test_places_right():
    truth = [["a"], ["b", "c"], ["d"]]
    assert places_right(truth, truth) == 4
    assert places_right([["a"], ["b"], ["c"], ["d"]], truth) == 3
    assert places_right([["d"], ["b", "c"], ["a"]], truth) == 2
    assert places_right([["b"], ["a"], ["c"], ["d"]], truth) == 1


def test_welfare_of_what_borda_elects():
    """The blog post's example: Borda's winner is worth -.5996, the other .9999."""
    utility = np.array([[1, 0.9999, 0.9998, 0.9997, 0.9996], [-0.9997, -0.9998, -0.9999, -1, 1]])
    found = welfare(utility, np.array([0.2001, 0.7999]), np.eye(5)[0])
    assert found["mean"] == pytest.approx(-0.5996, abs=6e-5)
    assert found["best"] == pytest.approx(0.9999, abs=6e-5)
    np.testing.assert_allclose(found["by_type"], [1, -0.9997])
    split = welfare(utility, np.array([2.0, 2.0]), np.full(5, 0.2))
    assert split["mean"] == pytest.approx(utility.mean())


# -- hidden comparisons ---------------------------------------------------------------------------


@st.composite
def ragged(draw):
    rows = []
    for r in range(draw(st.integers(1, 6))):
        for _ in range(draw(st.integers(1, 3))):
            m = draw(st.integers(1, 7))
            order = draw(st.permutations(range(m)))
            places = [[f"c{c}"] for c in order]
            if m > 2 and draw(st.booleans()):
                places = [[*places[0], *places[1]], *places[2:]]
            rows.append((f"r{r}", draw(st.sampled_from("pq")), places))
    return ratings_of(rows)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.floats(0.05, 0.95), st.integers(0, 2**31))
def test_of_each_ballot_the_fraction_is_hidden(ratings, fraction, seed):
    """Rounded; or all or nothing of it, where a pair could not be hidden otherwise."""
    hidden = hide(ratings, fraction, np.random.default_rng(seed))
    count = np.bincount(ratings.entry_ballot, weights=hidden, minlength=ratings.ballots)
    wanted = np.round(fraction * ratings.sizes)
    split = wanted >= 2
    np.testing.assert_array_equal(count[split], wanted[split])
    assert ((count == 0) | (count == ratings.sizes))[~split].all()


def test_as_many_short_ballots_are_hidden_whole():
    ratings = ratings_of([(f"r{i}", "p", [["a"], ["b"]]) for i in range(3000)])
    hidden = hide(ratings, 0.3, np.random.default_rng(0)).reshape(-1, 2)
    assert (hidden[:, 0] == hidden[:, 1]).all()
    assert hidden.mean() == pytest.approx(0.3, abs=0.03)


def test_every_completion_is_hidden_as_often():
    ratings = ratings_of([(f"r{i}", "p", [[c] for c in "abcd"]) for i in range(3000)])
    hidden = hide(ratings, 0.5, np.random.default_rng(0)).reshape(-1, 4)
    assert (hidden.sum(1) == 2).all()
    np.testing.assert_allclose(hidden.mean(0), 0.5, atol=0.04)
    both = (hidden[:, 0] & hidden[:, 1]).mean()
    assert both == pytest.approx(1 / 6, abs=0.03)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.integers(0, 2**31))
def test_hidden_pairs_by_brute_force(ratings, seed):
    hidden = np.random.default_rng(seed).random(len(ratings.item)) < 0.6
    wanted = []
    for b in range(ratings.ballots):
        entries = [e for e in range(*ratings.offsets[b : b + 2]) if hidden[e]]
        for e, f in combinations(entries, 2):
            if ratings.rank[e] != ratings.rank[f]:
                better, worse = (e, f) if ratings.rank[e] < ratings.rank[f] else (f, e)
                rater = ratings.ballot_rater[b]
                wanted.append((rater, ratings.item[better], ratings.item[worse]))
    found = zip(*hidden_pairs(ratings, hidden), strict=True)
    assert sorted(map(tuple, found)) == sorted(wanted)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.integers(0, 2**31))
def test_entries_kept_are_the_ballots_without_the_others(ratings, seed):
    keep = np.random.default_rng(seed).random(len(ratings.item)) < 0.5
    kept = ratings.keep(keep)
    wanted = []
    for b in range(ratings.ballots):
        entries = [e for e in range(*ratings.offsets[b : b + 2]) if keep[e]]
        if entries:
            held = [(int(ratings.item[e]), int(ratings.rank[e])) for e in entries]
            wanted.append((int(ratings.ballot_rater[b]), held))
    found = []
    for b in range(kept.ballots):
        some = slice(*kept.offsets[b : b + 2])
        held = list(zip(kept.item[some].tolist(), kept.rank[some].tolist(), strict=True))
        found.append((int(kept.ballot_rater[b]), held))
    assert found == wanted


def test_the_interval_covers_as_often_as_it_says():
    """Raters differ, and their pairs go together; resampling pairs instead would cover too
    seldom."""
    rng = np.random.default_rng(0)
    rater = np.repeat(np.arange(60), rng.integers(5, 15, 60))
    covered = []
    for i in range(150):
        skill = rng.choice([0.3, 0.9], 60)
        right = (rng.random(len(rater)) < skill[rater]).astype(float)
        found = Bootstrap(rater, np.random.default_rng(i))(right)
        assert found.low <= found.mean <= found.high
        covered.append(found.low <= 0.6 <= found.high)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_the_difference_is_taken_on_the_same_raters():
    rng = np.random.default_rng(1)
    rater = np.repeat(np.arange(50), 4)
    boot = Bootstrap(rater, rng)
    right = (rng.random(50) < 0.5)[rater].astype(float)
    assert boot(right).high - boot(right).low > 0.2
    same = boot(right - right)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


# -- evaluate -------------------------------------------------------------------------------------

SHORT = Schedule(explore=(150, 150), ramp=100, cool=200, chunk=150)
TINY = Config(
    individual=IndividualConfig(latent=3, width=16, heads=2, preference=16, schedule=SHORT),
    reward=replace(RewardConfig(), width=16),
)


def camps(raters=80, prompts=3):
    """Half the raters rank every prompt one way, half the other: no pooled reward helps."""
    rows = []
    for r in range(raters):
        step = 1 if r % 2 else -1
        rows += [(f"r{r}", f"p{p}", [[c] for c in "abcd"[::step]]) for p in range(prompts)]
    return ratings_of(rows)


@pytest.fixture(scope="module")
def evaluated():
    told = []
    return evaluate(camps(), TINY, 0.5, 0, told.append), told


def test_two_camps_are_told_apart_from_what_is_visible(evaluated):
    found, _ = evaluated
    assert found.raters == 80
    assert found.pairs == 80 * 3, "one hidden pair on each ballot of four"
    assert found.individual.mean > 0.95
    assert 0.3 < found.vanilla.mean < 0.7
    assert found.difference.mean == pytest.approx(
        found.individual.mean - found.vanilla.mean, abs=1e-5
    )
    assert found.difference.low > 0.2
    assert found.active_units >= 1
    assert "predicts better" in found.notes[-1]


def test_the_result_file(evaluated):
    found = json.loads(json.dumps(evaluated[0].to_dict()))
    assert found.keys() >= {"raters", "pairs", "active_units", "accuracy"}
    assert found["accuracy"].keys() >= {"individual", "vanilla", "chance", "difference"}
    for name in ("individual", "vanilla", "chance"):
        accuracy = found["accuracy"][name]
        assert 0 <= accuracy["low"] <= accuracy["mean"] <= accuracy["high"] <= 1
    assert found["accuracy"]["chance"]["mean"] == 0.5
    assert len(found["active_units_by_fold"]) == 5
    assert 0 < found["seconds"]["compile"] < found["seconds"]["total"]


def test_progress_rises_over_the_folds(evaluated):
    fractions = [progress.fraction for progress in evaluated[1]]
    assert fractions == sorted(fractions)
    assert 0.9 < fractions[-1] <= 1
    assert "Fold 5 of 5" in evaluated[1][-1].message


def test_raters_who_agree_leave_nothing_to_gain():
    """And the order is learnt by both, so that .5 above is the camps' doing."""
    rows = [(f"r{r}", f"p{p}", [[c] for c in "abcd"]) for r in range(80) for p in range(3)]
    found = evaluate(ratings_of(rows), TINY)
    assert found.vanilla.mean == 1
    assert found.individual.mean > 0.97
    assert "does not beat" in found.notes[-1] or "worse" in found.notes[-1]


def test_what_cannot_be_evaluated_is_said():
    with pytest.raises(InputError, match="at least 10"):
        evaluate(camps(raters=9), TINY)
    for fraction in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="between 0 and 1"):
            evaluate(camps(), TINY, fraction)
    tied = ratings_of([(f"r{r}", "p", [list("abcd")]) for r in range(20)])
    with pytest.raises(InputError, match="no hidden pair"):
        evaluate(tied, TINY)


def test_the_verdict_follows_the_interval():
    assert "better" in verdict(Accuracy(0.1, 0.05, 0.2), 2)
    assert "worse" in verdict(Accuracy(-0.1, -0.2, -0.05), 2)
    assert "does not beat" in verdict(Accuracy(0.01, -0.02, 0.05), 1)
    assert "1 active latent unit)" in verdict(Accuracy(0.0, -0.1, 0.1), 1)
