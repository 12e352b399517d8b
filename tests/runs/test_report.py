"""A result file's own figures: agreement with the truth and what a winner is worth."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model
from scipy.stats import kendalltau

from scrl.results import SCHEMA, LatentMap, RunResult, order_of
from scrl.runs import latent_map, merge_seeds, to_dict
from scrl.runs.report import agreement, welfare_dict

NAMES = ["a", "b", "c", "d"]


def order(text):
    """``"ab c"`` as ``[["a", "b"], ["c"]]``."""
    return [list(tied) for tied in text.split()]


def ahead(text):
    """How many stand ahead of each of ``NAMES``."""
    tied = text.split()
    return [sum(len(t) for t in tied[: [name in t for t in tied].index(True)]) for name in NAMES]


def entry(truth, vanilla, social):
    same = {"rule": {"order": order(social)}}
    return {
        "completions": NAMES,
        "truth": {"rule": {"order": order(truth)}},
        "vanilla": {"order": order(vanilla)},
        "raters": same,
        "voters": same,
        "social": same,
    }


@pytest.mark.parametrize("vanilla", ["a b c d", "d c b a", "b a cd", "abcd", "c ab d"])
@pytest.mark.parametrize("truth", ["a b c d", "ab c d", "d ac b"])
def test_agreement_is_scipys_tau_and_counts_by_hand(truth, vanilla):
    found = agreement(entry(truth, vanilla, "a b c d"))["rule"]["vanilla"]
    x, y = ahead(truth), ahead(vanilla)
    tau = kendalltau(x, y).statistic
    assert found["tau"] == pytest.approx(0.0 if np.isnan(tau) else tau)
    assert found["places"] == sum(i == j for i, j in zip(x, y, strict=True))
    pairs = [(i, j) for i in range(4) for j in range(i)]
    assert found["reversed"] == sum((x[i] - x[j]) * (y[i] - y[j]) < 0 for i, j in pairs)


def test_welfare_is_the_winners_mean_utility_a_tied_win_split():
    utility = np.array([[3.0, 2, 1, 0], [0.0, 1, 2, 3]])
    found = welfare_dict(
        entry("ad b c", "b a c d", "c a b d"), utility, np.array([0.75, 0.25]), ["x", "y"]
    )
    assert found["best"] == pytest.approx(0.75 * 3)
    assert found["vanilla"] == {"winner": ["b"], "mean": 1.75, "by_type": {"x": 2.0, "y": 1.0}}
    assert found["truth"]["rule"]["by_type"] == {"x": 1.5, "y": 1.5}
    assert found["social"]["rule"]["mean"] == pytest.approx(0.75 * 1 + 0.25 * 2)


def test_equal_values_share_a_place():
    assert order_of(np.array([1.0, 2.0, 1.0 + 1e-12, 0.0]), NAMES) == [["b"], ["a", "c"], ["d"]]


def test_a_result_file_has_the_stated_types_and_no_other_keys(experiment):
    result = to_dict(experiment)
    assert result["schema"] == SCHEMA
    strict = ConfigDict(extra="forbid")
    for kind, value in ((RunResult, result), (LatentMap, latent_map(experiment))):
        checked = create_model("Checked", __config__=strict, value=(kind, ...))
        checked.model_validate_json(json.dumps({"value": value}))
        with pytest.raises(ValidationError, match="surplus"):
            checked.model_validate({"value": value | {"surplus": 1}})


def test_a_merged_result_of_seeds_has_the_stated_types(experiment):
    result = to_dict(experiment)
    merged = merge_seeds([result, result | {"seed": 2}])
    assert TypeAdapter(RunResult).validate_python(merged)["seeds"]["seeds"] == [1, 2]


def test_the_check_of_a_result_names_what_is_furthest_off(experiment):
    """The shares of the shipped example are reproduced; a shifted one is not."""
    result = to_dict(experiment)
    check = result["check"]
    assert check["reproduces"] is True
    assert check["tested"] == len(check["shares"]) == 10 + 5
    assert check["largest"] < 0.01
    assert result["notes"] == list(experiment.ratings.notes)
    assert check["message"] == "The electorate reproduces the ballots within sampling error."

    found = experiment.check
    wrong = found.simulated.copy()
    pair = np.flatnonzero((found.first == 0) & (found.second == 3))
    wrong[pair] = 0.9
    p_value = np.where(np.arange(len(wrong)) == pair, 0.0, found.p_value)
    check = replace(found, simulated=wrong, p_value=p_value)
    result = to_dict(replace(experiment, check=check))
    assert result["check"]["failed"] == 1
    assert result["check"]["reproduces"] is False
    observed = f"{found.observed[pair[0]]:.1%}"
    assert (
        result["notes"][-1]
        == result["check"]["message"]
        == (
            f"The electorate does not reproduce the ballots: on 'best', {observed} of the raters' "
            "ballots put Memphis above Knoxville, and 90.0% of the simulated voters' on the same "
            "completions."
        )
    )
    first, *others = result["check"]["shares"]
    assert first["failed"]
    assert (first["completion"], first["over"], first["simulated"]) == ("Memphis", "Knoxville", 0.9)
    assert not any(share["failed"] for share in others)
