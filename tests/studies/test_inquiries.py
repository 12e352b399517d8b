"""The studies behind the open questions: stored results and their parts."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.studies import inquiry_raters, inquiry_rewards, load_baked, pair_calibration


@pytest.fixture(scope="module")
def rewards() -> dict:
    return load_baked(inquiry_rewards.STUDY.name)["result"]


@pytest.fixture(scope="module")
def raters() -> dict:
    return load_baked(inquiry_raters.STUDY.name)["result"]


def test_accuracy_falls_where_raters_like_agreement_and_the_asker_is_wrong(rewards):
    by = {row["liking"]: row["models"] for row in rewards["agreement"]}
    assert by[2.0]["askers"]["wrong"][2][-1] < 0
    assert by[1.0]["askers"]["wrong"][2][-1] < by[1.0]["others"]["wrong"][1][-1]
    ends = [by[liking]["askers"]["wrong"][0][-1] for liking in inquiry_rewards.LIKINGS]
    assert (np.diff(ends) < 0).all()
    # Without liking, all three fitted rewards are the same but for chance.
    assert by[0.0]["askers"]["wrong"][0][-1] == pytest.approx(by[0.0]["others"]["wrong"][0][-1],
                                                              abs=0.05)  # fmt: skip


def test_what_nobody_asked_for_grows_with_the_error_of_the_reading(rewards):
    excess = [row["excess"] for row in rewards["side"]]
    assert excess[0][1] < 0 < excess[0][2], "nothing without an error"
    assert (np.diff([row[0] for row in excess]) > 0).all()


@pytest.mark.parametrize("rule", inquiry_rewards.RULES)
def test_a_minority_of_half_is_treated_as_the_majority(rule):
    rng = np.random.default_rng(0)
    utility = rng.standard_normal((40, 2, inquiry_rewards.ANSWERS))
    own = inquiry_rewards.minority_pairs(utility, (0.5, 1.0, 0.0, rule))[1]
    other = inquiry_rewards.minority_pairs(utility[:, ::-1], (0.5, 1.0, 0.0, rule))[1]
    assert own + other == pytest.approx(np.ones(40))


def test_silence_counts_as_a_smaller_share():
    utility = np.random.default_rng(1).standard_normal((20, 2, inquiry_rewards.ANSWERS))
    silent = inquiry_rewards.minority_pairs(utility, (0.4, 1.0, 0.9, "Bradley–Terry"))
    small = inquiry_rewards.minority_pairs(utility, (0.04 / 0.64, 1.0, 0.0, "Bradley–Terry"))
    assert silent == pytest.approx(small)


def test_exclusion_grows_with_data_and_has_the_same_victim(rewards):
    one, own = (np.array(rewards["exclusion"][name]) for name in ("one", "own"))
    assert one[0, -1, 0] - one[0, -1, 2] > one[0, 0, 0] - one[0, 0, 2]
    assert one[2, -1, 2] < own[1, -1, 2]
    again = rewards["exclusion"]["again"]
    assert again[1][0] > 1 / 3


def test_models_of_individuals_need_some_taste_and_do_no_harm_without(raters):
    for source in inquiry_raters.SOURCES:
        gain = np.array(raters["unstable"][source]["gain"])
        assert gain[1, 0] > 0
        assert gain[1, -1] < 0.01, "nothing is gained where no answer is of the own taste"
        assert gain[2].min() > 0, "nowhere surely behind one reward for all"


def test_one_reward_carries_consensus_and_not_spread(raters):
    found = raters["dimensions"]
    assert found["consensus"][1] > found["spread"][2]
    assert found["all"]["4"][1] > found["all"]["pooled"][0]
    assert found["all"]["4"][0] < found["all"]["oracle"][0]


def test_disagreement_is_found_with_ids_only(raters):
    found = raters["disagreement"]
    last = found["0.6"]["different"]
    assert last[1][-1] > 0.8
    for own, rows in found.items():
        assert rows["no ids"][0][-1] < 0.15, own
    assert found["0.0"]["different"][0][-1] < 0.15
    assert found["0.0"]["repeats"][0][-1] < 0.15


def test_more_pairs_tell_the_personal_share_better(raters):
    off = {pairs: np.abs(raters["consensus"]["off"][str(pairs)][0]).mean()
           for pairs in inquiry_raters.CONSENSUS_PAIRS}  # fmt: skip
    assert off[4] > off[16] > off[64]


def test_ensembles_state_splits_and_counting_does_so_too():
    result = load_baked(pair_calibration.STUDY.name)["result"]
    firm = result["worlds"]["firm"]
    at = {name: np.array(values)[:, -1] for name, values in firm["asked"].items()}
    assert at["chosen"][2] < at["pooled"][1] / 3
    assert at["counts"][0] == pytest.approx(at["chosen"][0], abs=0.005)
    assert at["types"][2] < at["chosen"][1]
    assert firm["never"]["chosen"][2][-1] < firm["never"]["counts"][1][-1]
    camps = result["camps"]
    for said in camps["ensembles"].values():
        assert np.abs(np.array(said) - camps["camps"]).min() > 0.15
