"""Held-out accuracy on raters whose preferences are known."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scrl.cli.printing import print_rivals
from scrl.config import Config, RewardConfig
from scrl.data import parse_ratings
from scrl.evaluation import Interval, RivalAccuracy, evaluate
from scrl.evaluation.held_out_accuracy import verdict
from scrl.evaluation.rival_accuracy import choose_rivals, winner_sentence
from scrl.rivals import RIVALS
from scrl.types import InputError
from tests import lanes


def ratings_of(rows, missing=None):
    """Ratings from (rater, prompt, places)."""
    lines = [
        json.dumps({"rater": r, "prompt": p, "ranking": places, "ballot": str(i)})
        for i, (r, p, places) in enumerate(rows)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl", missing)


# -- evaluate -------------------------------------------------------------------------------------

TINY = Config(reward=replace(RewardConfig(), width=16))


def camps(raters=80, prompts=3):
    """Half the raters rank every prompt one way, half the other: no pooled reward helps."""
    rows = []
    for r in range(raters):
        step = 1 if r % 2 else -1
        rows += [(f"r{r}", f"p{p}", [[c] for c in "abcd"[::step]]) for p in range(prompts)]
    return ratings_of(rows)


@pytest.fixture(scope="module")
def evaluated():
    progress = []
    return evaluate(camps(), TINY, 0.5, 0, progress.append), progress


@pytest.mark.slow
def test_two_camps_are_told_apart_from_the_visible_part(evaluated):
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_progress_rises_over_the_folds(evaluated):
    fractions = [progress.fraction for progress in evaluated[1]]
    assert fractions == sorted(fractions)
    assert 0.9 < fractions[-1] <= 1
    assert "Fold 5 of 5" in evaluated[1][-1].message


# -- rivals ---------------------------------------------------------------------------------------


def test_rivals_are_judged_on_the_same_pairs(evaluated):
    found, _ = evaluated
    assert [rival.name for rival in found.rivals] == list(RIVALS)
    assert found.skipped == {}
    rivals = {rival.name: rival for rival in found.rivals}
    for rival in found.rivals:
        assert rival.difference.mean == pytest.approx(
            found.individual.mean - rival.accuracy.mean, abs=1e-5
        )
        assert 0 <= rival.calibration_error <= 1
    assert 0.3 < rivals["pooled"].accuracy.mean < 0.7
    assert rivals["pooled"].accuracy.mean == pytest.approx(found.vanilla.mean, abs=0.1)
    for name in ("types", "gaussian", "factors", "neighbours", "item-ridge"):
        assert rivals[name].accuracy.mean > 0.95, name
    assert found.seconds["rivals"] > 0


def test_the_command_prints_every_rival_and_the_winner(evaluated, capsys):
    result = evaluated[0].to_dict() | {"skipped": {"neighbours": "too many"}}
    print_rivals(result)
    shown = capsys.readouterr().out
    for name, entry in result["rivals"].items():
        assert f"  {name} " in shown
        assert f"{entry['accuracy']['mean']:.3f}" in shown
    assert "left out: too many" in shown
    assert result["winner"]["note"] in shown
    print_rivals(result | {"rivals": {}, "skipped": {}})
    assert capsys.readouterr().out == ""


@lanes.deep_only
def test_rivals_change_no_other_number(evaluated):
    wanted = evaluated[0].to_dict()
    found = evaluate(camps(), TINY, 0.5, 0, rivals=()).to_dict()
    assert found["rivals"] == {}
    for key in ("raters", "pairs", "active_units_by_fold", "accuracy", "calibration_error",
                "notes"):  # fmt: skip
        assert found[key] == wanted[key], key
    assert found["winner"]["name"] == "individual"


def test_the_result_names_the_winner_whoever_it_is():
    ahead, behind, even = (Interval(m, m - 0.01, m + 0.01) for m in (0.1, -0.1, 0.0))
    high, low = Interval(0.8, 0.78, 0.82), Interval(0.7, 0.68, 0.72)
    name, note = winner_sentence(high, low, ahead, ())
    assert (name, "0.100 [0.090, 0.110] ahead of the vanilla model" in note) == (
        "individual", True
    )  # fmt: skip
    rival = RivalAccuracy("types", "Types", high, behind, 0.01)
    name, note = winner_sentence(low, low, even, (rival,))
    assert name == "types"
    assert "0.100 [0.090, 0.110] ahead of the individual model" in note
    for gap, wanted in ((even, "individual"), (Interval(-0.001, -0.01, 0.01), "types")):
        rival = RivalAccuracy("types", "Types", high, gap, 0.01)
        name, note = winner_sentence(high, low, ahead, (rival,))
        assert name == wanted
        assert "not reliably" in note
    assert winner_sentence(low, high, behind, ())[0] == "vanilla"


def test_the_sentence_on_the_winner_agrees_with_every_row():
    """The rival of the highest mean is not always the one that differs reliably."""
    middle, low = Interval(0.6, 0.58, 0.62), Interval(0.5, 0.48, 0.52)
    near = RivalAccuracy("gaussian", "", Interval(0.55, 0.5, 0.6), Interval(0.05, 0.01, 0.09), 0.0)
    _, note = winner_sentence(middle, low, Interval(0.1, -0.05, 0.2), (near,))
    assert "not reliably better than the vanilla model (0.500)." in note
    first = RivalAccuracy("gaussian", "", middle, Interval(-0.05, -0.2, 0.1), 0.0)
    second = RivalAccuracy("types", "", Interval(0.59, 0.57, 0.6), Interval(-0.04, -0.06, -0.02), 0)
    name, note = winner_sentence(low, low, Interval(0, -0.1, 0.1), (first, second))
    assert name == "gaussian"
    assert note.endswith("; 'types' (0.590) is reliably better than it.")
    nothing = Interval(0.0, 0.0, 0.0)
    same = RivalAccuracy("types", "", low, nothing, 0.0)
    assert winner_sentence(low, low, nothing, (same,)) == (
        "tie", "All models predict equally well (0.500)."
    )  # fmt: skip


def test_a_rival_that_would_take_too_long_is_left_out_with_a_reason(monkeypatch):
    monkeypatch.setattr("scrl.rivals.factors.MAX_ENTRIES", 10)
    chosen, skipped = choose_rivals(["pooled", "factors"], camps())
    assert chosen == ["pooled"]
    assert "more than 10" in skipped["factors"]
    with pytest.raises(InputError, match="no rival 'nobody'; there are pooled, types"):
        choose_rivals(["nobody"], camps())


def test_agreeing_raters_leave_nothing_to_gain():
    """And the order is learnt by both, so that .5 above is the camps' doing."""
    rows = [(f"r{r}", f"p{p}", [[c] for c in "abcd"]) for r in range(80) for p in range(3)]
    found = evaluate(ratings_of(rows), TINY)
    assert found.vanilla.mean == 1
    assert found.individual.mean > 0.97
    assert "does not beat" in found.notes[-1] or "worse" in found.notes[-1]


def test_inputs_that_cannot_be_evaluated_get_a_sentence():
    with pytest.raises(InputError, match="at least 10"):
        evaluate(camps(raters=9), TINY)
    for fraction in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="between 0 and 1"):
            evaluate(camps(), TINY, fraction)
    tied = ratings_of([(f"r{r}", "p", [list("abcd")]) for r in range(20)])
    with pytest.raises(InputError, match="no hidden pair"):
        evaluate(tied, TINY)


def test_the_verdict_follows_the_interval():
    assert "better" in verdict(Interval(0.1, 0.05, 0.2), 2)
    assert "worse" in verdict(Interval(-0.1, -0.2, -0.05), 2)
    assert "does not beat" in verdict(Interval(0.01, -0.02, 0.05), 1)
    assert "1 active latent unit)" in verdict(Interval(0.0, -0.1, 0.1), 1)
