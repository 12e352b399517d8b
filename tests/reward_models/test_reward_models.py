"""Reward models: ceilings by brute force, inference from a context, posterior collapse."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scrl.choice_models import fit_pair_counts, pair_counts
from scrl.evaluation.pair_metrics import pair_credit
from scrl.networks import training
from scrl.reward_models import (
    FeatureRewardModel,
    LatentRewardModel,
    RewardModel,
    center_by_prompt,
    collapse,
    comparisons_from_ratings,
    comparisons_to_ratings,
    disputed_pairs,
    distributional,
    individual,
    per_type,
    pooled,
    prototypes,
    sample_comparisons,
    vpl,
    win_rates,
)
from scrl.reward_models.training import (
    KL_SCHEDULES,
    PairData,
    initial_parameters,
    kl_weight,
    loss_of,
    static_config,
)
from scrl.scenarios import gallery, load_scenario, sample, with_overrides
from scrl.studies import hidden_context
from scrl.types import InputError
from tests import lanes
from tests.compiling import QUICKLY
from tests.tiny import QUICK

PETS = load_scenario(gallery()["pets"])


@pytest.fixture(scope="module")
def pets():
    """Training pairs, and the context and query pairs of held-out raters."""
    return (
        sample_comparisons(PETS, 3, 600, 12, 0),
        sample_comparisons(PETS, 3, 300, 8, 1),
        sample_comparisons(PETS, 3, 300, 12, 2, strict=True),
    )


@pytest.fixture(scope="module")
def fitted(pets):
    return vpl.fit(jax.random.key(0), pets[0], QUICK)


@pytest.fixture(scope="module")
def collapsed(pets):
    return vpl.fit(jax.random.key(0), pets[0], replace(QUICK, beta=12.0, anneal="constant"))[0]


def credit(model, context, queries) -> np.ndarray:
    return pair_credit(model.probabilities(context, queries) - 0.5)


def disputed(queries) -> np.ndarray:
    return disputed_pairs(PETS)[queries.pairs[..., 0], queries.pairs[..., 1]]


# -- comparisons ----------------------------------------------------------------------------------


def test_pairs_are_sampled_as_often_as_ballots_hold_them(pets):
    queries = pets[2]
    assert disputed(queries).mean() == pytest.approx(0.5, abs=0.03), "half are dog–cat"
    utility = PETS.type_utilities[queries.rater_type[:, None]]
    better, worse = (np.take_along_axis(utility, queries.pairs[..., [i]], 2) for i in (0, 1))
    assert (better > worse).all(), "no noise: the type's own order"


def test_noisy_answers_follow_bradley_terry():
    noisy = with_overrides(PETS, noise=1.0)
    flat = sample_comparisons(noisy, 0, 2000, 16, 0).flat_pairs()
    bird_rabbit = flat[np.isin(flat, [0, 3]).all(1)]
    assert (bird_rabbit[:, 0] == 0).mean() == pytest.approx(1 / (1 + np.exp(-3)), abs=0.02)


def test_pairs_of_ballots_make_a_round_trip():
    ratings = sample(with_overrides(PETS, raters=200), 5).ratings
    found = comparisons_from_ratings(ratings, 6, seed=0)
    counts = pair_counts(ratings)
    assert found.mask.sum() == counts.wins_first.sum() + counts.wins_second.sum()
    again = comparisons_from_ratings(comparisons_to_ratings(found, ratings.catalogue), 6, seed=1)
    assert sorted(map(tuple, again.flat_pairs())) == sorted(map(tuple, found.flat_pairs()))


def test_a_type_without_pairs_is_named():
    silent = with_overrides(PETS, answers={"Cat people": {"pet": 0.0}})
    with pytest.raises(InputError, match="'Cat people' compare nothing"):
        sample_comparisons(silent, 0, 10, 4)


# -- floor and ceiling ----------------------------------------------------------------------------


def test_the_pooled_model_is_exact_and_reaches_its_ceiling(pets):
    train, context, queries = pets
    model, _ = pooled.fit(None, train, QUICK)
    ratings = comparisons_to_ratings(train, PETS.catalogue)
    exact = fit_pair_counts(pair_counts(ratings), train.offsets, QUICK.prior_sd)
    assert model.rewards(None)[0] == pytest.approx(exact, abs=1e-6)
    best = max(
        np.mean(np.array(place)[queries.pairs[..., 0]] > np.array(place)[queries.pairs[..., 1]])
        for place in permutations(range(4))
    )
    assert credit(model, context, queries).mean() == pytest.approx(best, abs=0.02)
    assert best == pytest.approx(0.75, abs=0.02)


@pytest.mark.slow
def test_the_model_of_each_type_orders_every_pair_correctly(pets):
    train, context, queries = pets
    model, _ = per_type.fit(None, train, QUICK)
    assert credit(model, context, queries).all()
    with pytest.raises(InputError, match="Nobody knows the types"):
        per_type.fit(None, replace(train, rater_type=None), QUICK)


# -- VPL ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_vpl_infers_the_type_from_eight_pairs(pets, fitted):
    model, curves = fitted
    _, context, queries = pets
    assert credit(model, context, queries)[disputed(queries)].mean() > 0.97
    nothing = credit(model, context.without_pairs(), queries)[disputed(queries)].mean()
    assert nothing == pytest.approx(0.5, abs=0.05), "without pairs the type is unknown"
    assert curves["watched"][-1] < 0.5 * curves["watched"][0]
    rewards = model.rewards(context)
    assert rewards.mean(axis=1) == pytest.approx(np.zeros(300), abs=1e-5)
    dogs = rewards[:, 1] > rewards[:, 2]
    assert (dogs == (context.rater_type == 0)).mean() > 0.97
    assert model.rewards(None).shape == (1, 4)


@lanes.deep_only
@pytest.mark.slow
def test_a_cyclic_kl_learns_as_much(pets):
    train, context, queries = pets
    cyclic = replace(QUICK, beta=0.5, anneal="cyclic", kl_warmup=150)
    model, curves = vpl.fit(jax.random.key(0), train, cyclic)
    assert credit(model, context, queries)[disputed(queries)].mean() > 0.97
    tight, loose = curves["KL"][np.searchsorted(curves["step"], [300, 350])]
    assert loose > tight, "the second cycle's end, the third one's beginning"


@pytest.mark.slow
def test_a_heavy_kl_from_the_start_collapses_the_posterior(pets, collapsed):
    _, context, queries = pets
    assert collapsed.posterior(context).kl.sum(axis=1).mean() < 0.05
    assert credit(collapsed, context, queries).mean() == pytest.approx(0.75, abs=0.03)


@pytest.mark.slow
def test_another_weight_of_the_kl_compiles_nothing(pets, fitted):
    before = training.run_chunk._cache_size()
    other = replace(QUICK, beta=0.7, anneal="cyclic", kl_warmup=30,
                    schedule=QUICK.schedule)  # fmt: skip
    seen = []

    def stop(curves, done):
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vpl.fit(jax.random.key(1), pets[0], other, stop)
    assert seen
    assert training.run_chunk._cache_size() == before


@pytest.mark.parametrize("schedule", KL_SCHEDULES)
def test_the_schedule_of_the_weight(schedule):
    data = PairData(*[None] * 4, 2.0, 100.0, KL_SCHEDULES.index(schedule))
    found = [float(kl_weight(jnp.float32(step), data)) for step in (0, 25, 75, 125)]
    expected = {"constant": [2, 2, 2, 2], "annealed": [0, 0.5, 1.5, 2], "cyclic": [0, 1, 2, 1]}
    assert found == pytest.approx(expected[schedule])


@pytest.mark.parametrize("prior", lanes.deep(["mixture"], ["standard", "mixture"]))
def test_gradients_are_finite_without_pairs(prior):
    config = static_config(replace(QUICK, prior=prior))
    params = initial_parameters(jax.random.key(0), family=vpl.FAMILY, features=4, config=config)
    data = PairData(
        jnp.eye(4), jnp.zeros((8, 3, 2), jnp.int32), jnp.zeros((8, 3), bool), jnp.int32(8),
        jnp.float32(1), jnp.float32(1), jnp.int32(0),
    )  # fmt: skip
    phase = training.Phase(jnp.int32(5), jnp.float32(1))
    grad = jax.jit(jax.grad(loss_of(vpl.FAMILY, 4, config), has_aux=True), compiler_options=QUICKLY)
    grads = grad(params, jax.random.key(1), data, phase)
    assert all(np.isfinite(g).all() for g in jax.tree.leaves(grads[0]))


def test_rewards_on_one_scale():
    rewards = np.array([[0.0, 50.0, -50.0, 3.0, 3.0]])
    rates = win_rates(rewards, np.array([0, 3, 5]))
    assert rates[0] == pytest.approx([0.5, 1.0, 0.0, 0.5, 0.5], abs=1e-9)
    assert center_by_prompt(rewards, np.array([0, 3, 5]))[0] == pytest.approx([0, 50, -50, 0, 0])


# -- other families -------------------------------------------------------------------------------


@pytest.mark.slow
def test_prototypes_weigh_a_new_rater_by_bayes(pets):
    train, context, queries = pets
    model, _ = prototypes.fit(jax.random.key(2), train, QUICK)
    rewards, weight = model.prototype_rewards(), model.posterior(context).mean
    gap = rewards[:, context.pairs[..., 0]] - rewards[:, context.pairs[..., 1]]
    nats = np.log(model.share)[:, None] - np.log1p(np.exp(-gap)).sum(-1)
    by_hand = np.exp(nats - nats.max(0)) / np.exp(nats - nats.max(0)).sum(0)
    assert weight == pytest.approx(by_hand.T, abs=1e-4)
    assert credit(model, context, queries)[disputed(queries)].mean() > 0.97
    assert model.rewards(context) == pytest.approx(weight @ rewards)
    assert model.worst_case_rewards()[0] == max(model.worst_case_rewards()), (
        "everyone likes birds best"
    )


@pytest.mark.slow
def test_the_individual_model_infers_the_type(pets):
    train, context, queries = pets
    model, _ = individual.fit(jax.random.key(2), train, QUICK)
    assert credit(model, context, queries)[disputed(queries)].mean() > 0.97
    assert np.ptp(model.rewards(None)[0, 1:3]) < 0.3 * np.ptp(model.rewards(None)[0])


@pytest.mark.slow
def test_hidden_context_shows_as_spread_and_not_in_the_mean():
    """The reward follows Borda, not expected utility; its spread says where context hides."""
    train = hidden_context.sample_comparisons(0, 20, 400, 16)
    a = hidden_context.alternatives(20)
    exact = pooled.fit(None, train, QUICK)[0].rewards(None)[0]
    assert hidden_context.rank_agreement(exact)["borda"] > 0.95
    for kind in distributional.KINDS[lanes.deep(1, 0) :]:
        model, _ = distributional.fit(jax.random.key(0), train, QUICK, kind=kind)
        mean, spread = model.moments()
        agreement = hidden_context.rank_agreement(mean)
        assert agreement["borda"] > 0.95
        assert agreement["expected utility"] < 0.85
        assert spread[a > 0.8].min() > spread[a < 0.8].max()
        assert (
            model.risk_averse_rewards(2.0)[a > 0.8].max()
            < model.risk_averse_rewards(2.0)[a < 0.8].max()
        )
    assert (spread <= 1).all()


def test_borda_of_hidden_context_by_brute_force():
    a = hidden_context.alternatives(400)
    outcomes = [np.where(a < 0.8, a, 2 * a), np.where(a < 0.8, a, 0.0)]
    wins = np.zeros(400)
    for mine in outcomes:
        for theirs in outcomes:
            gap = np.sign(mine[:, None] - theirs[None, :])
            wins += (0.5 + 0.5 * gap).mean(1) / 4
    assert wins == pytest.approx(hidden_context.borda_score(a), abs=0.006)


# -- contracts ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_each_model_answers_the_protocols_of_its_abilities(pets, fitted):
    exact, by_type = (family.fit(None, pets[0], QUICK)[0] for family in (pooled, per_type))
    for model in (fitted[0], exact, by_type):
        assert isinstance(model, RewardModel)
        assert model.uses_true_type == (model is by_type)
        assert model.parameter_count > 0
    assert isinstance(fitted[0], LatentRewardModel)
    assert isinstance(fitted[0], FeatureRewardModel)
    for model in (exact, by_type):
        assert not isinstance(model, LatentRewardModel)
        assert not isinstance(model, FeatureRewardModel)


# -- collapse -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_collapsed_model_is_told_from_a_good_one(pets, fitted, collapsed):
    _, context, queries = pets
    good, bad = (collapse.check_collapse(m, context, queries) for m in (fitted[0], collapsed))
    assert not good.collapsed
    assert good.own_accuracy - good.swapped_accuracy > 0.15
    assert good.empty_accuracy == pytest.approx(0.75, abs=0.05)
    assert "dimensions are in use" in collapse.verdict(good)
    assert bad.collapsed
    assert bad.own_accuracy == pytest.approx(bad.swapped_accuracy, abs=0.005)
    assert collapse.verdict(bad) == "This model has one rater in it: it equals Bradley–Terry."
    floor, _ = pooled.fit(None, pets[0], QUICK)
    assert collapse.check_collapse(floor, context, queries) is None
    assert collapse.verdict(None, floor) == collapse.verdict(None)
    assert "it cannot tell raters apart" in collapse.verdict(None)
    told, _ = per_type.fit(None, pets[0], QUICK)
    assert collapse.check_collapse(told, context, queries) is None
    assert "because it is told them" in collapse.verdict(None, told)
    assert collapse.verdict(good, fitted[0]) == collapse.verdict(good)


def test_a_probability_near_a_half_is_a_tie():
    probability = np.array([0.5, 0.5 + 2e-4, 0.5 - 2e-4, 0.51, 0.49, 1.0])
    assert collapse.query_credit(probability).tolist() == [0.5, 0.5, 0.5, 1.0, 0.0, 1.0]
