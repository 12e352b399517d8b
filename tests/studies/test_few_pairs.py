"""The study of few pairs: its oracle, its worlds, who is best, and what is stored."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from scrl.studies import few_pairs, few_pairs_results, few_pairs_worlds, load_baked
from scrl.studies.few_pairs_worlds import WorldSizes, draw_pair_world

SMALL = WorldSizes(raters=40, pairs=8, unseen=20, context=6, queries=5)


@pytest.fixture(scope="module")
def worlds() -> dict:
    return load_baked("few-pairs")["result"]["worlds"]


def _rewards_of_pair(rewards: np.ndarray, pair: np.ndarray) -> np.ndarray:
    return rewards[:, pair[0]] - rewards[:, pair[1]]


@pytest.mark.parametrize("seed", range(3))
def test_the_oracle_is_bayes_rule_over_the_kinds(seed):
    world = draw_pair_world("kinds", seed, SMALL)
    found = world.oracle_probabilities(world.context.masked_after(4), world.queries)
    for rater in range(world.context.raters):
        belief = world.share.copy()
        for pair in world.context.pairs[rater, :4]:
            belief *= expit(_rewards_of_pair(world.rewards_context, pair))
        belief /= belief.sum()
        for q, pair in enumerate(world.queries.pairs[rater]):
            expected = belief @ expit(_rewards_of_pair(world.rewards_queries, pair))
            assert found[rater, q] == pytest.approx(expected, abs=1e-9)


def test_being_asked_tells_the_oracle_of_the_maze_who_does_not_tie_the_places():
    world = draw_pair_world("maze", 0, WorldSizes(unseen=300, context=16, queries=32))
    chance = world.oracle_probabilities(world.context.masked_after(0), world.queries)
    gap = np.moveaxis(
        world.rewards_queries[:, world.queries.pairs[..., 0]]
        - world.rewards_queries[:, world.queries.pairs[..., 1]], 0, -1,
    )  # fmt: skip
    one_ties = (gap == 0).any(-1)
    assert one_ties.any()
    np.testing.assert_array_equal(chance[one_ties], 1.0)
    disputed = gap.prod(-1) < 0
    np.testing.assert_allclose(chance[disputed], 0.5, atol=0.05)


def test_answers_follow_the_true_rewards():
    for name in ("pets", "maze"):
        world = draw_pair_world(name, 1, SMALL)
        for pairs, rewards in (
            (world.context, world.rewards_context), (world.queries, world.rewards_queries)
        ):  # fmt: skip
            own = rewards[pairs.rater_type]
            first, second = (np.take_along_axis(own, pairs.pairs[..., i], 1) for i in (0, 1))
            assert (first > second).all()


def test_texts_are_asked_about_under_new_prompts_and_their_oracle_reads_utilities():
    world = draw_pair_world("text-tone", 2, SMALL)
    prompt = np.repeat(np.arange(len(world.train.offsets) - 1), np.diff(world.train.offsets))
    known, asked = (set(prompt[c.pairs].ravel()) for c in (world.train, world.queries))
    assert set(prompt[world.context.pairs].ravel()) <= known
    assert not known & asked
    assert world.train.features.shape[1] > 20
    assert world.minority is not None
    assert world.minority.mean() == pytest.approx(world.share.min(), abs=0.03)


def test_models_of_linear_tastes_gain_from_pairs():
    world = draw_pair_world("spread", 0, WorldSizes(150, 16, 150, 16, 32))
    for model in ("own", "lore", "gaussian"):
        found = few_pairs.judge(world, model, 0)
        assert found["accuracy"][-1] > found["accuracy"][0], model
        assert found["loss"][-1] < np.log(2)
    assert few_pairs.judge(world, few_pairs.ORACLE, 0)["minority"] == [None] * len(few_pairs.SHOTS)


def _entry(seeds, values):
    rows = [[v] for v in values]
    return {"seeds": [int(s) for s in seeds], "accuracy": rows, "loss": rows, "minority": None}


def test_the_leader_is_found_on_common_seeds():
    rng = np.random.default_rng(0)
    easy = 0.7 + 0.1 * rng.random(10)
    noise, hard = 0.001 * rng.standard_normal((3, 10)), np.sort(easy.argsort()[:3])
    world = {
        "oracle": _entry(range(10), easy),
        "near": _entry(range(10), easy - 0.01 + noise[0]),
        "far": _entry(range(10), easy - 0.05 + noise[1]),
        # Its three seeds are hard ones, so that its plain mean is low.
        "few": _entry(hard, easy[hard] - 0.005 + noise[2, :3]),
    }
    assert np.mean(world["few"]["accuracy"]) < np.mean(world["near"]["accuracy"])
    found = few_pairs_results.leader(world, "accuracy", 0)
    assert found.models[0] == "few"
    assert "far" not in found.models
    mean, low, high = few_pairs_results.paired_difference(world, "near", "far", "accuracy", 0)
    assert mean == pytest.approx(0.04, abs=0.002)
    assert low < mean < high
    assert few_pairs_results.leader(world, "loss", 0).models[0] == "far", "less is better"
    assert few_pairs_results.leader(world, "minority", 0) is None
    titles = {name: name.upper() for name in world}
    words = few_pairs_results.leader_sentence(world, titles, "accuracy", 0, 8, "has … right")
    assert ("no model is best" in words) == (not found.is_alone)


def test_no_model_beats_the_oracle_and_the_oracle_gains_from_every_pair(worlds):
    assert set(worlds) == set(few_pairs_worlds.WORLDS)
    for name, world in worlds.items():
        oracle = few_pairs_results.interval(world["oracle"], "accuracy")[0]
        assert (np.diff(oracle) > -0.002).all()
        for model in world.keys() - {"oracle"}:
            for shot in range(len(few_pairs.SHOTS)):
                worse = few_pairs_results.paired_difference(world, model, "oracle", "loss", shot)[0]
                assert worse > -0.002, (name, model, shot)


def test_the_stored_study_says_who_is_best(worlds):
    shot = few_pairs.SHOTS.index(8)
    best = {
        name: few_pairs_results.leader(world, "accuracy", shot).models
        for name, world in worlds.items()
    }
    assert "features" in best["spread"]
    assert "individual" in best["kinds"]
    for name, world in worlds.items():
        one, own = (np.mean(world[m]["accuracy"], axis=0)[shot] for m in ("pooled", "own"))
        assert own > one - 0.01, name
