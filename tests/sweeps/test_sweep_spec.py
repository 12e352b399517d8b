"""Specifications of sweeps: what they mean, and a sentence for every fault."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.scenarios import gallery, load_scenario
from scrl.sweeps import config_with, plan_tasks, read_spec, scenario_with
from scrl.types import InputError

MORRISTOWN = load_scenario(gallery()["tennessee-morristown"])


def spec_of(**content):
    return read_spec({"scenarios": "pets", **content})[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (3, [3]), ([1, 2.5, "a", True], [1, 2.5, "a", True]),
        ([["borda", "plurality"], "copeland"], [["borda", "plurality"], "copeland"]),
        ({"from": 0, "to": 1, "steps": 5}, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ({"from": 100, "to": 400, "by": 100}, [100, 200, 300, 400]),
        ({"from": 0, "to": 1, "by": 0.3}, [0.0, 0.3, 0.6, 0.9]),
        ({"from": 10, "to": 10_000, "steps": 4, "scale": "log"}, [10, 100, 1000, 10_000]),
    ],
)  # fmt: skip
def test_values_of_a_setting(values, expected):
    found = spec_of(settings={"x": values}).settings["x"]
    assert found == expected
    assert [type(v) for v in found] == [type(v) for v in expected]


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [(3, [0, 1, 2]), ([5, 2], [5, 2]), ({"from": 7, "count": 2}, [7, 8])],
)
def test_seeds(seeds, expected):
    assert spec_of(seeds=seeds).seeds == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "the sweep: scenarios: name a scenario"),
        ({"scenarios": []}, "scenarios: is an empty list"),
        ({"scenarios": 3}, "scenarios: '3' is not text"),
        ({"scenarios": "pets", "seds": 1}, r"seds: unknown key \(did you mean 'seeds'\?\)"),
        ({"scenarios": "pets", "seeds": 0}, "seeds: should be a number of seeds"),
        ({"scenarios": "pets", "seeds": [1, 1]}, "seeds: a seed stands twice"),
        ({"scenarios": "pets", "seeds": {"from": 1}}, "'from' and 'count'"),
        ({"scenarios": "pets", "settings": 3}, "settings: should be a mapping"),
        ({"scenarios": "pets", "settings": {"voters": []}}, "settings.voters: is an empty list"),
        ({"scenarios": "pets", "settings": {"voters": {"from": 1}}}, "a range has 'from', 'to'"),
        ({"scenarios": "pets", "settings": {"voters": {"from": 2, "to": 1, "steps": 3}}}, "below"),
        ({"scenarios": "pets", "settings": {"voters": {"from": 0, "to": 1, "by": 1e-9}}}, "larger"),
        ({"scenarios": "pets", "settings": {"voters": [{"a": 1}]}}, "should be a number, a text"),
        ({"scenarios": "pets", "settings": {"scenario": ["pets"]}}, "listed under 'scenarios'"),
        ({"scenarios": "pets", "combine": "x"}, "combine: should be 'product' or 'zip'"),
        ({"scenarios": "pets", "combine": "zip", "settings": {"voters": [1, 2], "draws": [1, 2, 3]}
          }, "voters has 2, draws has 3"),
        ({"scenarios": "pets", "seeds": 9000, "settings": {"x": list(range(99))}},
         "at most 100,000"),
        ({"ratings": [{"fil": "a"}]}, r"ratings.0.fil: unknown key \(did you mean 'file'"),
        ({"ratings": {"file": "a", "missing": "x"}}, "should be 'unseen' or 'last'"),
        ({"scenarios": "pets", "hide": 2}, "hide: should be a fraction"),
    ],
)  # fmt: skip
def test_each_fault_is_told_in_a_sentence(content, message):
    with pytest.raises(InputError, match=message) as told:
        read_spec(content)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"scenarios": "pet"}, r"'pet' is no scenario file and none of the gallery \(.*'pets'"),
        ({"ratings": "none.csv"}, "there is no file 'none.csv'"),
        ({"scenarios": "pets", "settings": {"voter": 1}}, r"no setting 'voter' \(did you mean"),
        ({"scenarios": "pets", "settings": {"voters": -1}}, "settings.voters: 'voters' is -1"),
        ({"scenarios": "pets", "settings": {"voters": "many"}}, "'many' does not fit"),
        ({"scenarios": "pets", "settings": {"rules": "bord"}}, "'bord' is no voting rule"),
        ({"scenarios": "pets", "settings": {"scenario.noise": -1}}, "noise: should be a number"),
        ({"scenarios": "pets", "settings": {"scenario.nose": 1}}, "no setting 'nose'"),
        ({"scenarios": "pets", "settings": {"ratings.missing": "last"}}, "which is a scenario"),
    ],
)
def test_a_plan_names_the_setting_that_does_not_fit(content, message):
    with pytest.raises(InputError, match=message):
        plan_tasks(read_spec(content)[0])


@given(
    st.dictionaries(
        st.sampled_from(["scenario.noise", "scenario.types", "scenario.types.Memphis", "voters",
                         "scenario.answers", "scenario.types.Memphis.share", "rules", "raters",
                         "scenario.prompts", "scenario.completions", "imputation.penalties"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                     lambda inner: st.lists(inner, max_size=2), max_leaves=3),
        max_size=3,
    )
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_settings_fit_or_are_told(content):
    try:
        spec = spec_of(settings=content)
        for values in ({name: own[0] for name, own in spec.settings.items()},):
            config_with(values)
            scenario_with(MORRISTOWN, values)
    except InputError as fault:
        told = str(fault)
        assert "\n" not in told, told


def test_a_scenario_with_its_own_numbers_is_itself():
    for path in gallery().values():
        scenario = load_scenario(path)
        changed = scenario_with(scenario, {"scenario.noise": scenario.noise, "voters": 3})
        assert changed.to_yaml() == scenario.to_yaml()


def test_settings_of_scenarios():
    one = scenario_with(MORRISTOWN, {"scenario.answers": 0.5, "scenario.raters": 77})
    assert (one.answer_chances == 0.5).all()
    assert one.raters == 77
    one = scenario_with(MORRISTOWN, {"scenario.types.Memphis.includes.best.Memphis": 0.25})
    before = MORRISTOWN.inclusion_chances
    assert np.argwhere(one.inclusion_chances != before).tolist() == [[0, 0]]
    one = scenario_with(MORRISTOWN, {"scenario.types.Memphis.share": 0.5})
    assert one.type_shares[0] == pytest.approx(0.5)
    others = MORRISTOWN.type_shares[1:]
    assert one.type_shares[1:] == pytest.approx(0.5 * others / others.sum())


def test_all_combinations_or_one_after_another():
    axes = {"scenario.noise": [0, 1], "voters": [10, 20], "draws": 5}
    both = plan_tasks(spec_of(settings=axes, seeds=2))[0]
    assert len({task.id for task in both}) == len(both) == 8
    zipped = plan_tasks(spec_of(settings=axes, combine="zip"))[0]
    assert [tuple(task.settings.values()) for task in zipped] == [(0, 10, 5), (1, 20, 5)]
    assert [task.config.voters for task in zipped] == [10, 20]
    assert {task.id for task in zipped} <= {task.id for task in both}


def test_an_address_is_that_of_the_content(tmp_path):
    named = plan_tasks(spec_of(settings={"scenario.noise": [0, 1]}))[0]
    for number, task in enumerate(named):
        changed = scenario_with(load_scenario(gallery()["pets"]), {"scenario.noise": number})
        path = tmp_path / f"{number}.yaml"
        path.write_text(changed.to_yaml())
        assert plan_tasks(*read_spec({"scenarios": str(path)}))[0][0].id == task.id
    other = [
        plan_tasks(spec_of(**content))[0][0].id
        for content in ({"settings": {"voters": 9}}, {"seeds": [1]}, {"evaluate": True},
                        {"evaluate": True, "hide": 0.4}, {"scenarios": "condorcet-cycle"})
    ]  # fmt: skip
    assert len({named[0].id, *other}) == 6


def test_files_are_found_beside_the_specification(tmp_path):
    rows = [f"r{r},p,{c},{1 + (r + i) % 3}" for r in range(4) for i, c in enumerate("abc")]
    (tmp_path / "own.csv").write_text("\n".join(["rater,prompt,completion,rank", *rows]))
    (tmp_path / "own.yaml").write_text(MORRISTOWN.to_yaml())
    (tmp_path / "spec.yaml").write_text("scenarios: own.yaml\nratings: own.csv\nseeds: 2\n")
    spec, folder = read_spec(tmp_path / "spec.yaml")
    tasks, axes = plan_tasks(spec, folder)
    assert (spec.name, axes["scenario"]) == ("spec", ["own", "own (2)"])
    assert [task.source.is_scenario for task in tasks] == [True, True, False, False]
    json.dumps(spec.to_plain())


def test_ratings_are_read_as_a_setting_says(tmp_path):
    (tmp_path / "own.csv").write_text("rater,prompt,completion,rank\na,p,x,1\na,p,y,2\nb,p,z,1\n")
    content = {"ratings": str(tmp_path / "own.csv"),
               "settings": {"ratings.missing": ["unseen", "last"]}}  # fmt: skip
    first, second = plan_tasks(read_spec(content)[0])[0]
    assert first.id != second.id
    with pytest.raises(InputError, match="unseen or last"):
        plan_tasks(read_spec(content | {"settings": {"ratings.missing": "often"}})[0])
