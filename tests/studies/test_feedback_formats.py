"""One population through every format: drawn as stated, fitted exactly, what endless raters say."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import choix
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scrl.choice_models import bradley_terry as bt
from scrl.choice_models import pair_accuracy, plackett_luce
from scrl.scenarios import gallery, load_scenario
from scrl.studies import (
    Population,
    SurveyDesign,
    feedback_costs,
    feedback_formats,
    feedback_limits,
    feedback_population,
)
from scrl.studies.feedback_sampling import FeedbackSampler
from scrl.types import InputError

ALIKE = feedback_population.population_of(load_scenario(gallery()["noisy-alike"]), "drink")
#: Two kinds of rater who disagree, with noise.
SPLIT = Population(
    np.array([[2.0, 1.0, 0.5, -1.0], [-1.0, 1.2, 0.0, 0.4]]), np.array([0.6, 0.4]), 0.8
)
QUIET = replace(SPLIT, noise=0.0)


@pytest.fixture(scope="module")
def alike():
    return feedback_formats.fit_formats(
        ALIKE, SurveyDesign(questions=2), 0, groups=30, raters=(4, 64, 4096)
    )


# -- fits -----------------------------------------------------------------------------------------


def test_approval_is_logistic_regression_with_a_number_for_each_completion():
    rng = np.random.default_rng(0)
    asked = rng.integers(5, 40, 6)
    like = rng.binomial(asked, rng.random(6))
    x = np.repeat(np.eye(6), asked, axis=0)
    y = np.concatenate([np.r_[np.ones(k), np.zeros(n - k)] for k, n in zip(like, asked)])  # noqa: B905
    oracle = LogisticRegression(C=100.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(x, y)
    assert feedback_formats.fit_approval(like, asked) == pytest.approx(oracle.coef_[0], abs=1e-5)
    assert np.isfinite(
        feedback_formats.fit_approval(np.array([0, 9, 0]), np.array([9, 9, 0]))
    ).all()


def test_lists_are_fitted_as_choix_does():
    """The counts of choices, drawn in one array, against the rankings one by one."""
    kinds = np.zeros((2, 50), int)
    ask = FeedbackSampler(
        ALIKE, SurveyDesign(questions=2, list_length=3), kinds, np.array([20, 50]), 3
    )
    choices, split = ask.lists()
    found = plackett_luce.fit_plackett_luce(choices, np.inf)
    rng = ask.generator(3)
    shown = np.argsort(rng.random((2, 50, 2, 4)), axis=-1)[..., :3]
    value = ALIKE.utility[0][shown] + 1e-9 * np.ptp(ALIKE.utility) * rng.random(shown.shape)
    order = np.take_along_axis(shown, np.argsort(-value - rng.gumbel(size=shown.shape)), -1)
    for s in range(2):
        for g, n in enumerate((20, 50)):
            rankings = order[s, :n].reshape(-1, 3)
            wanted = choix.ilsr_rankings(4, rankings.tolist(), max_iter=10_000, tol=1e-9)
            assert found[s, g] == pytest.approx(wanted - wanted.mean(), abs=1e-5)
            pairs = rankings[:, [[0, 1], [0, 2], [1, 2]]].reshape(-1, 2)
            assert (split[s, g] == bt.count_wins(pairs, 4)).all()


def test_ties_are_the_same_answers_with_the_narrow_ones_taken_back():
    kinds = np.zeros((3, 200), int)
    ask = FeedbackSampler(ALIKE, SurveyDesign(questions=3), kinds, np.array([50, 200]), 1)
    (forced, none), (clear, tied) = ask.pairs(0.0), ask.pairs(0.5)
    assert not none.any()
    assert (clear <= forced).all()
    met = forced + forced.swapaxes(-1, -2)
    assert (clear + clear.swapaxes(-1, -2) + tied == met).all()
    assert (tied == tied.swapaxes(-1, -2)).all()
    assert met.sum((-1, -2)) == pytest.approx(np.tile([2 * 150, 2 * 600], (3, 1)))


def test_one_kind_of_rater_is_recovered_on_one_scale(alike):
    """All likelihoods but the ties', which stretches, find u / s, and that from many raters."""
    wanted = (ALIKE.utility[0] - ALIKE.utility[0].mean()) / ALIKE.noise
    for name in ("thumbs", "pair", "list", "split"):
        assert alike.score[name][-1].mean(0) == pytest.approx(wanted, abs=0.03), name
    assert np.corrcoef(alike.score["tie"][-1].mean(0), wanted)[0, 1] > 0.999
    assert alike.limit["list"] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("world", [SPLIT, QUIET], ids=["noisy", "sure"])
def test_many_raters_come_to_what_endless_ones_say(world):
    asking = SurveyDesign(questions=1, list_length=3, threshold_sd=0.7, tie_width=0.6)
    found = feedback_formats.fit_formats(world, asking, 5, groups=4, raters=(10, 60_000))
    for name, right in found.accuracy().items():
        assert right[-1] == pytest.approx(1.0), name
    share = 0.5 + 0.5 * np.tanh(0.5 * found.score["thumbs"][-1].mean(0))
    assert share == pytest.approx(found.limit["thumbs"], abs=0.01)
    assert found.score["list"][-1].mean(0) == pytest.approx(found.limit["list"], abs=0.05)


def test_endless_lists_by_brute_force():
    """All orders of all sets, with their chances, one after the other."""
    for world, length in ((SPLIT, 3), (SPLIT, 4), (replace(QUIET, noise=1e-3), 4)):
        rankings, weights = [], []
        for order in permutations(range(4), length):
            left = np.array(order)
            chance = 0.0
            for share, utility in zip(world.share, world.utility, strict=True):
                once, rest = share, left
                while len(rest) > 1:
                    scaled = np.exp((utility[rest] - utility[rest].max()) / world.noise)
                    once, rest = once * scaled[0] / scaled.sum(), rest[1:]
                chance += once
            rankings.append(order)
            weights.append(1e7 * chance)
        wanted = plackett_luce.fit_rankings(np.array(rankings), 4, 10.0, np.array(weights))
        assert feedback_limits.list_limit(world, length) == pytest.approx(wanted, abs=1e-3)


def test_what_formats_say_of_people_who_disagree():
    """Lists split and pairs are Borda's; lists of Plackett–Luce and approval are not."""
    polar = Population(
        np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 2.0, 1.0, 3.0]]), np.array([0.5, 0.5]), 0.0
    )
    found = feedback_limits.limit_scores(polar, SurveyDesign(tie_width=0.0))
    assert found["pair"] == pytest.approx([2, 2.5, 1.5, 2]), "Borda, and ½ of itself"
    assert found["split"] == pytest.approx(found["pair"])
    assert found["tie"] == pytest.approx(found["pair"]), "a width of nothing ties nobody"
    assert found["thumbs"] == pytest.approx([0.5, 1.0, 0.0, 0.5])


def test_standards_that_differ_cost_thumbs_and_nothing_else():
    strict = [
        feedback_formats.fit_formats(
            ALIKE, SurveyDesign(questions=4, threshold_sd=s), 0, groups=60, raters=(16, 64)
        )
        for s in (0.0, 3.0)
    ]
    for name in ("pair", "tie", "list", "split"):
        assert (strict[0].score[name] == strict[1].score[name]).all()
    before, after = (o.accuracy(ALIKE.mean_utility)["thumbs"].mean() for o in strict)
    assert after < before - 0.03


def test_a_list_of_two_is_a_pair():
    found = feedback_formats.fit_formats(
        ALIKE, SurveyDesign(questions=3, list_length=2), 2, groups=3, raters=(8, 256)
    )
    assert found.score["list"] == pytest.approx(found.score["split"], abs=1e-6)
    assert found.limit["list"] == pytest.approx(
        feedback_limits.limit_scores(ALIKE, SurveyDesign())["list"], abs=1e-3
    )


def test_fewer_raters_are_the_first_of_more():
    one = feedback_formats.fit_formats(ALIKE, SurveyDesign(), 0, groups=3, raters=(32, 128))
    other = feedback_formats.fit_formats(
        ALIKE, SurveyDesign(), 0, groups=3, raters=(8, 32, 64, 128)
    )
    for name in feedback_population.FORMATS:
        assert one.score[name][0] == pytest.approx(other.score[name][1], abs=1e-8), name


def test_bad_prompts_are_named():
    six = load_scenario(gallery()["noisy-alike"])
    with pytest.raises(InputError, match="no prompt 'x'"):
        feedback_population.population_of(six, "x")


# -- what it costs --------------------------------------------------------------------------------


def test_pairs_right_by_hand():
    truth = np.array([3.0, 2.0, 2.0, 0.0])
    assert pair_accuracy(truth, truth) == 1.0
    assert pair_accuracy(-truth, truth) == 0.0
    assert pair_accuracy(np.zeros((2, 4)), truth) == pytest.approx([0.5, 0.5])
    assert pair_accuracy(np.array([2.0, 3.0, 9.0, 0.0]), truth) == pytest.approx(3 / 5)
    assert np.isnan(pair_accuracy(truth, np.ones(4)))


def test_raters_needed_are_read_off_the_curve():
    raters = np.array([10, 100, 1000])
    right = np.array([[0.5, 0.7, 0.9], [0.8, 0.9, 0.85], [0.5, 0.5, 0.6], [0.5, 0.75, 0.7]])
    found = feedback_costs.raters_needed(right, raters, 0.8)
    assert found == pytest.approx([10**2.5, 10, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("length", [3, 5])
def test_what_an_answer_tells_is_what_theory_says(length):
    """Completions all alike: the spread of fitted gaps over groups of raters."""
    world, asking = Population(np.zeros((1, 5)), np.ones(1), 1.0), SurveyDesign(list_length=length)
    found = feedback_formats.fit_formats(world, asking, 0, groups=600, raters=(2, 500))
    gap = {n: s[1, :, [0, 0, 1, 2, 3]] - s[1, :, [1, 2, 3, 4, 4]] for n, s in found.score.items()}
    spread = {name: (g**2).mean() for name, g in gap.items()}
    for name, ratio in feedback_costs.theoretical_ratios(asking, 5).items():
        assert spread[name] / spread["list"] == pytest.approx(ratio, rel=0.1), name
    assert spread["split"] > 0.98 * spread["list"], "nothing beats the right likelihood"


def test_costs_are_ratios_in_the_unit_asked_for(alike):
    right = alike.accuracy(ALIKE.mean_utility)
    asking = SurveyDesign(questions=2)
    prices = {
        n: feedback_costs.rater_cost(n, "completions read", asking, 4)
        for n in feedback_population.FORMATS
    }
    assert prices == {"thumbs": 2, "pair": 4, "tie": 4, "list": 8, "split": 8}
    clicks = {
        n: feedback_costs.rater_cost(n, "choices made", asking, 4)
        for n in feedback_population.FORMATS
    }
    assert clicks == {"thumbs": 2, "pair": 2, "tie": 2, "list": 6, "split": 6}
    found = feedback_costs.format_costs(right, alike.raters, 0.95, prices)
    assert found["list"].ratio == found["list"].ratio_low == found["list"].ratio_high == 1.0
    one = found["thumbs"]
    assert one.ratio == pytest.approx(one.needed / found["list"].needed / 4)
    for cost in found.values():
        assert cost.low <= cost.needed <= cost.high
    # What a list of four says takes thumbs several times the raters.
    assert (
        feedback_costs.format_costs(right, alike.raters, 0.95, dict.fromkeys(prices, 1.0))[
            "thumbs"
        ].ratio
        > 3
    )


# -- Plackett–Luce as a reward model --------------------------------------------------------------
