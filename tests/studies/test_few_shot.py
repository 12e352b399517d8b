"""Claims about few pairs per rater and about pooled losses, in the stored results."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.studies import few_shot, load_baked, pooled_rules


@pytest.fixture(scope="module")
def result() -> dict:
    return load_baked("few-shot")["result"]


def test_shared_rewards_beat_one_reward_and_a_regression_each(result):
    for curve in result["curves"].values():
        right = {name: np.array(values[0]) for name, values in curve["right"].items()}
        for name in ("features", "simplex"):
            lead = few_shot.shots_to_lead(curve, name, "pooled")
            assert lead is not None
            assert lead <= 8
            assert (right[name] <= right["oracle"] + 0.01).all()
            assert (right[name][3:] > right["own"][3:]).all() or name == "simplex"


def test_the_simplex_helps_where_tastes_are_mixtures_and_hurts_where_they_are_not(result):
    at = few_shot.SHOTS.index(8)
    ahead = {
        world: curve["right"]["simplex"][0][at] - curve["right"]["features"][0][at]
        for world, curve in result["curves"].items()
    }
    assert ahead["mixed"] > 0 > ahead["spread"]


def test_opposite_tastes_need_one_basis_more_on_a_simplex_and_not_twice_as_many(result):
    for row in result["opposite"]:
        assert few_shot.bases_needed(row, 0.02) == row["directions"] + 1


def test_a_penalty_is_needed_with_many_features(result):
    right = result["overfit"]["right"]
    assert right["learnt"][1][-1] > right["none"][2][-1], "intervals apart"


def test_worlds_are_answered_by_their_true_rewards():
    world = few_shot.draw_taste_world("opposite", 0, 5, 400, 16, 2, 6, 10)
    pairs, true = world.comparisons.pairs, world.rewards()
    gap = np.take_along_axis(true, pairs[..., 0], 1) - np.take_along_axis(true, pairs[..., 1], 1)
    # Under Bradley–Terry E[tanh(gap / 2)] of true gaps is that of (2 wins - 1).
    assert np.tanh(gap / 2).mean() == pytest.approx((np.tanh(gap / 2) ** 2).mean(), abs=0.03)
    known = world.oracle_probabilities(world.comparisons, world.comparisons)
    assert (known > 0.5).mean() > 0.75


def test_losses_end_in_their_rule_and_data_missing_by_type_need_a_model_of_raters():
    stored = load_baked("pooled-rules")["result"]
    for row in stored["losses"]:
        for rule, losses in {"borda": ("logistic", "squared"), "copeland": ("step",)}.items():
            if row["loss"] in losses:
                assert row[rule] == 1.0
    by = {row["name"]: row for row in stored["populations"]}
    assert by["complete"]["tau"]["pooled"]["borda"][0] > 0.95
    assert by["by type"]["lead"]["borda"][1] > 0
    assert set(by) == set(pooled_rules.POPULATIONS)
