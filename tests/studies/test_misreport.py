"""Raters who lie: scenarios with liars in them, lies found and named, and what they do to whom."""

import json
from pathlib import Path

import numpy as np
import pytest

from scrl.scenarios import expected_pair_weights, gallery, load_scenario, preview
from scrl.studies import misreport
from scrl.studies.misreport import Misreport, apply_misreport, find_misreport, misreport_effect
from scrl.types import InputError
from scrl.voting.strategy.misreports import strict_orders
from tests import lanes

RULES = ("borda", "copeland", "instant-runoff")


@pytest.fixture(scope="module")
def four():
    return load_scenario(gallery()["tennessee-four"])


@pytest.fixture(scope="module")
def five():
    return load_scenario(gallery()["tennessee-morristown"])


def single(*names: str) -> tuple:
    return tuple((name,) for name in names)


TRUE = single("Nashville", "Chattanooga", "Knoxville", "Morristown", "Memphis")
FALSE = single("Nashville", "Knoxville", "Chattanooga", "Morristown", "Memphis")


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_liars_are_a_type_of_their_own(five, share):
    said = apply_misreport(five, Misreport("Nashville", "best", FALSE, share))
    assert said.type_shares.sum() == pytest.approx(1)
    by_name = dict(zip(said.type_names, said.type_shares, strict=True))
    assert by_name["Nashville, lying"] == pytest.approx(0.25 * share)
    assert by_name.get("Nashville", 0) == pytest.approx(0.25 * (1 - share))
    liars = said.types["Nashville, lying"]
    assert tuple(liars.rankings["best"]) == FALSE
    assert liars.includes == five.types["Nashville"].includes
    whole = apply_misreport(five, Misreport("Nashville", "best", FALSE, share, complete=True))
    assert "best" not in whole.types["Nashville, lying"].includes
    for name in ("Memphis", "Chattanooga", "Knoxville"):
        assert said.types[name] == five.types[name], "others answer as before"


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_lie_that_states_the_truth_changes_nothing(five, share):
    said = apply_misreport(five, Misreport("Nashville", "best", TRUE, share))
    for ours, theirs in zip(expected_pair_weights(said), expected_pair_weights(five), strict=True):
        assert ours == pytest.approx(theirs)
    found = misreport_effect(five, Misreport("Nashville", "best", TRUE, share), RULES)
    for both in found["outcomes"].values():
        assert both["honest"] == both["lied"]


@pytest.mark.parametrize("type", ["Memphis", "Nashville", "Knoxville"])
def test_the_lie_against_vanilla_is_the_best_of_all_orders(four, type):
    """Each order put into a scenario by itself, and its exact scores looked at."""
    names = list(four.offered("best"))
    utility = misreport.true_profile(four, "best").utility[four.type_names.index(type)]

    def worth(order) -> float:
        said = apply_misreport(four, Misreport(type, "best", order))
        winner = preview(said, ["borda"])["best"]["vanilla"]["order"][0]
        return float(np.mean([utility[names.index(name)] for name in winner]))

    orders = [single(*(names[i] for i in np.argsort(place))) for place in strict_orders(4)]
    found = find_misreport(four, type, "best", "vanilla")
    assert worth(found.order) == pytest.approx(max(map(worth, orders)))


def test_nashville_lies_to_vanilla_and_wins(five):
    """Exact, to the digits of FACTS: honest Bradley–Terry puts Chattanooga (.804) first."""
    lie = find_misreport(five, "Nashville", "best", "vanilla")
    assert lie.order == FALSE
    found = misreport_effect(five, lie, RULES)
    assert found["favourite"] == "Nashville"
    vanilla = found["outcomes"]["vanilla"]
    assert (vanilla["honest"]["place"], vanilla["lied"]["place"]) == (2, 1)
    assert (vanilla["honest"]["liars"], vanilla["lied"]["liars"]) == (3, 4)
    assert (vanilla["honest"]["mean"], vanilla["lied"]["mean"]) == pytest.approx((2.55, 2.35))
    borda = found["outcomes"]["borda"]
    assert borda["lied"]["order"][0] == ["Knoxville"], "on complete ballots this lie backfires"
    assert borda["lied"]["liars"] < borda["honest"]["liars"]
    for both in found["outcomes"].values():
        for seen in both.values():
            assert 0.25 * seen["liars"] + 0.75 * seen["others"] == pytest.approx(seen["mean"])


def test_a_lie_aimed_at_borda_moves_borda_and_leaves_vanilla(five):
    lie = find_misreport(five, "Nashville", "best", "borda")
    found = misreport_effect(five, lie, RULES)["outcomes"]
    assert found["borda"]["honest"]["order"][0] == ["Chattanooga"]
    assert found["borda"]["lied"]["order"][0] == ["Nashville"]
    assert found["vanilla"]["lied"]["order"][0] == ["Chattanooga"]
    assert found["copeland"]["honest"]["order"][0] == found["copeland"]["lied"]["order"][0]


def test_a_named_lie_puts_the_strongest_rival_last(four):
    lie = find_misreport(four, "Memphis", "best", "bury")
    assert lie.order == single("Memphis", "Chattanooga", "Knoxville", "Nashville")


def test_what_is_trained_on_the_lie_is_judged_by_the_truth(five, monkeypatch):
    """With exact counting in the training's place."""

    def count(source, rules, seed, on_progress):
        entry = preview(source, rules)["best"]
        return {
            "result": {
                "prompts": {"best": entry | dict.fromkeys(("voters", "social"), entry["truth"])}
            }
        }

    monkeypatch.setattr(misreport, "train", count)
    lie = find_misreport(five, "Nashville", "best", "borda")
    exact = misreport_effect(five, lie, RULES)["outcomes"]
    for told, kind in ((lie, "lied"), (None, "honest")):
        found = misreport.train_with_misreport(five, told, RULES, seed=0)
        assert found["vanilla"]["order"] == exact["vanilla"][kind]["order"]
        assert found["vanilla"]["mean"] == pytest.approx(exact["vanilla"][kind]["mean"])
        for rule in RULES:
            assert found["social"][rule]["order"] == exact[rule][kind]["order"]
            assert found["voters"][rule]["mean"] == pytest.approx(exact[rule][kind]["mean"])


@lanes.deep_only
@pytest.mark.slow
def test_the_social_model_follows_the_lie(five):
    """Trained on the incomplete ballots with the lie in them, as exact counting says."""
    lie = find_misreport(five, "Nashville", "best", "borda")
    found = misreport.train_with_misreport(five, lie, ("borda", "copeland"), seed=0)
    assert found["social"]["borda"]["order"][0] == ["Nashville"]
    assert found["social"]["borda"]["place"] == 1
    assert found["vanilla"]["place"] == 2
    assert found["social"]["copeland"]["order"][0] == ["Nashville"]
    assert found["social"]["borda"]["mean"] == pytest.approx(2.35)


def test_the_page_says_what_was_measured():
    """Every trained winner of benchmarks/strategy.json is among the exact ones."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "strategy.json"
    measured = json.loads(path.read_text("utf-8"))
    assert (measured["seeds"], len(measured["cases"])) == (3, 3)
    for case in measured["cases"]:
        for run in case["trained"]:
            for name, both in case["exact"].items():
                assert run[name]["winner"][0] in both["lied"]["winner"]


def test_what_cannot_be_asked_is_said(five):
    with pytest.raises(InputError, match="no type"):
        find_misreport(five, "Knoxvile", "best")
    with pytest.raises(InputError, match="no prompt"):
        find_misreport(five, "Knoxville", "worst")
    with pytest.raises(InputError, match="share"):
        apply_misreport(five, Misreport("Knoxville", "best", TRUE, 0))
    with pytest.raises(InputError, match="missing"):
        apply_misreport(five, Misreport("Knoxville", "best", TRUE[:3]))
    with pytest.raises(InputError, match="no rule"):
        find_misreport(five, "Knoxville", "best", "bordo")
