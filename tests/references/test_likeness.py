"""Rewards of likeness: the likelihood ratio, the fits, references as a vote, and stored claims."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.special import softmax

from scrl.references import (
    CosineReward,
    draw_choices,
    draw_ranked,
    draw_triples,
    fit_bilinear,
    fit_networks,
    likelihood_ratio_gaps,
    log_policies,
    reference_lotteries,
    reference_scores,
)
from scrl.studies import load_baked, references
from scrl.types import Ballots
from scrl.voting import aggregate

TASTES = np.array([[2.0, 0.0], [-2.0, 0.5], [0.0, 2.0]])


def item_features(triples):
    items = (triples.references[:, 0], triples.winner, triples.loser)
    return tuple(triples.features(index) for index in items)


def right(gap: np.ndarray) -> float:
    return float((gap > 0).mean())


def test_choices_follow_their_policies():
    rng, pool = np.random.default_rng(0), np.random.default_rng(1).normal(size=(5, 2))
    log_policy = log_policies(TASTES, pool)
    assert np.exp(log_policy) == pytest.approx(softmax(TASTES @ pool.T, axis=1))
    drawn = draw_choices(log_policy, rng, 20_000)
    for k in range(3):
        share = np.bincount(drawn[k], minlength=5) / 20_000
        assert share == pytest.approx(np.exp(log_policy[k]), abs=0.015)


def test_the_likelihood_ratio_is_the_posterior_by_enumeration():
    """P(first is the references' policy's | both) by Bayes' rule over all pairs of policies."""
    triples = draw_triples(TASTES, 40, 6, np.random.default_rng(0), references=2)
    gap = likelihood_ratio_gaps(TASTES, triples)
    for n in range(40):
        chance = softmax(TASTES @ triples.pools[n].T, axis=1)
        as_drawn = swapped = 0.0
        for k in range(3):
            seen = chance[k, triples.references[n]].prod()
            for other in set(range(3)) - {k}:
                as_drawn += seen * chance[k, triples.winner[n]] * chance[other, triples.loser[n]]
                swapped += seen * chance[k, triples.loser[n]] * chance[other, triples.winner[n]]
        assert gap[n] == pytest.approx(np.log(as_drawn / swapped))


def test_no_reward_beats_the_likelihood_ratio_and_training_beats_none():
    rng = np.random.default_rng(3)
    tastes = np.array([2.0, 1.0, 0.1]) * rng.standard_normal((20, 3))
    train, test = draw_triples(tastes, 6_000, 8, rng), draw_triples(tastes, 3_000, 8, rng)
    data = [x[None] for x in item_features(train)]
    (bilinear,), untrained = fit_bilinear(*data), fit_bilinear(*[0 * x for x in data])[0]
    (network,) = fit_networks(jax.random.split(jax.random.key(0), 1), *data, steps=200)
    reference, winner, loser = item_features(test)
    accuracy = [
        right(reward.scores(reference, winner) - reward.scores(reference, loser))
        for reward in (CosineReward(np.zeros(3)), network, bilinear)
    ]
    best = right(likelihood_ratio_gaps(tastes, test))
    # The third feature tells little, which the cosine does not know.
    assert 0.5 < accuracy[0] + 0.02 < min(accuracy[1:])
    assert max(accuracy) < best + 0.005
    assert (untrained.weight == 0).all()


def test_the_bilinear_fit_is_a_minimum():
    rng = np.random.default_rng(0)
    data = [x[None] for x in item_features(draw_triples(TASTES, 400, 8, rng))]
    (reward,) = fit_bilinear(*data, precision=2.0)

    def loss(weight: np.ndarray) -> float:
        moved = type(reward)(weight)
        gap = moved.scores(data[0], data[1]) - moved.scores(data[0], data[2])
        return float(np.logaddexp(0, -gap).sum() + weight @ weight)

    for _ in range(10):
        step = 0.01 * rng.standard_normal(len(reward.weight))
        assert loss(reward.weight + step) > loss(reward.weight)


def test_the_mean_score_of_a_bilinear_reward_is_that_of_the_mean_reference():
    rng = np.random.default_rng(0)
    (reward,) = fit_bilinear(*(rng.standard_normal((1, 50, 3)) for _ in range(3)))
    references_, outputs = rng.standard_normal((7, 3)), rng.standard_normal((5, 3))
    mean = reference_scores(reward, references_, outputs).mean(axis=0)
    assert mean == pytest.approx(reward.scores(references_.mean(axis=0), outputs))


def test_references_are_ballots():
    scores = np.random.default_rng(0).standard_normal((4, 9, 5))
    weight = np.arange(1.0, 10.0)
    found = reference_lotteries(scores, weight=weight)
    for name, lottery in found.items():
        assert lottery.sum(axis=1) == pytest.approx(1.0), name
    for p in range(4):
        first = np.bincount(scores[p].argmax(axis=1), weight / weight.sum(), minlength=5)
        assert found["ballot"][p] == pytest.approx(first)
        outcome = aggregate(Ballots(scores[p], weight=weight), "borda")
        assert found["borda"][p] == pytest.approx(outcome.chances)
    one = reference_lotteries(scores[:, :1])
    for lottery in one.values():
        assert (lottery.argmax(axis=1) == scores[:, 0].argmax(axis=1)).all(), "a dictator"


def test_rankings_follow_utilities():
    rng = np.random.default_rng(0)
    ranked = draw_ranked(np.tile([3.0, 0.0], (2_000, 1)), 8, rng, mattering=1)
    _, better, worse = ranked.pairs()
    assert (better[:, 0] > worse[:, 0]).mean() > 0.8
    assert (better[:, 1] > worse[:, 1]).mean() == pytest.approx(0.5, abs=0.03)


# -- stored claims --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> dict:
    return load_baked("references")["result"]


def test_unseen_policies_are_told_apart_nearly_as_well_as_the_population_allows(result):
    for apart in result["apart"].values():
        assert apart["behind"]["bilinear"][0] < 0.02
        assert apart["main"]["exact"][1] > apart["main"]["bilinear"][0] + 0.02
    assert result["apart"]["uneven"]["behind"]["cosine"][1] > 0.02, "the cosine is not enough"
    even = result["apart"]["even"]["behind"]
    assert even["cosine"][0] < even["bilinear"][0], "here it is"


def test_kl_falls_when_the_reward_is_optimised_and_rises_when_too_much(result):
    for world in result["optimised"].values():
        for name, curve in world["kl"].items():
            mean = np.array(curve[0])
            assert mean.argmin() not in (0, len(references.BETAS) - 1), name
            assert (mean.min() < 0.4 * mean[0]) == (name != "mixed")


def test_averaged_references_are_no_escape_and_one_policy_each_is(result):
    for found in result["writers"].values():
        likeness, people = found["likeness"]["all"], found["people"]["all"]
        assert likeness["everybody, mean"][0] < people["pooled, mean"][0]
        assert likeness["each, mean"][1] > people["pooled, mean"][2] + 0.05
        agrees = found["likeness"]["agrees"]
        assert agrees["plurality"][1] > max(agrees[way][2] for way in ("mean", "borda"))
        assert found["likeness"]["dictator"]["writer"][1] > 0.45


def test_exaggeration_pays_where_scores_are_averaged(result):
    wins = result["exaggeration"]["wins"]
    for count in wins["mean"]:
        mean, borda = (np.array(wins[way][count][0]) for way in ("mean", "borda"))
        assert mean[-1] > mean[0] + 0.03
        assert abs(borda[-1] - borda[0]) < 0.02
