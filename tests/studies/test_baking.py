"""Baked files: written, found stale, verified, and the command line for them."""

from __future__ import annotations

import copy
import json

import pytest

from scrl.cli import main
from scrl.studies import baking, registry
from scrl.studies.protocol import differences, settings_hash
from scrl.studies.story_runs import result_differences
from scrl.types import InputError


class Sum:
    """A study of a sum whose settings, code and answer a test may change."""

    name, title, modules, needs_data = "sum", "A sum", ("scrl.results",), False

    def __init__(self, terms=(1, 2)):
        self.terms = terms

    def spec(self):
        return settings_hash(self.terms)

    def run(self, on_progress=None, data=None):
        return {"result": {"sum": sum(self.terms)}}

    def spot_check(self, content, on_progress=None, data=None):
        return differences(content["result"], self.run()["result"])


def test_a_baked_file_says_how_it_was_made_and_is_fresh(tmp_path):
    study, folder = Sum(), tmp_path / "new"
    assert baking.staleness(study, folder) == baking.MISSING
    path = baking.bake(study, folder=folder)
    assert path == folder / "sum.json"
    content = baking.load_baked("sum", folder)
    assert content["result"] == {"sum": 3}
    assert content["made"] == "python -m scrl bake sum"
    assert content["spec"] == study.spec()
    assert baking.staleness(study, folder) == ""
    before = path.read_bytes()
    assert baking.bake(study, folder=folder).read_bytes() == before


def test_other_settings_and_other_code_make_a_file_stale(tmp_path, monkeypatch):
    baking.bake(Sum(), folder=tmp_path)
    assert baking.staleness(Sum((3,)), tmp_path) == baking.OTHER_SETTINGS
    monkeypatch.setattr(baking, "code_hash", lambda modules: "changed")
    assert baking.staleness(Sum(), tmp_path) == baking.OTHER_CODE


def test_a_stale_file_that_agrees_is_marked_and_one_that_differs_is_not(tmp_path, monkeypatch):
    path = baking.bake(Sum(), folder=tmp_path)
    monkeypatch.setattr(baking, "code_hash", lambda modules: "changed")
    (found,) = baking.verify(Sum((4,)), folder=tmp_path)
    assert found == "sum: 3 stored, 4 computed"
    assert json.loads(path.read_text("utf-8"))["code"] != "changed"
    assert baking.verify(Sum((3,)), folder=tmp_path) == []
    content = json.loads(path.read_text("utf-8"))
    assert (content["code"], content["result"]) == ("changed", {"sum": 3})
    assert baking.staleness(Sum((3,)), tmp_path) == ""


def test_what_is_not_baked_is_said_with_its_command(tmp_path):
    with pytest.raises(InputError, match="scrl bake sum"):
        baking.load_baked("sum", tmp_path)
    with pytest.raises(InputError, match="scrl bake sum"):
        baking.verify(Sum(), folder=tmp_path)


def test_differences_are_named_by_their_place():
    stored = {"a": [1.0, 2.0], "b": "x", "c": None}
    assert differences(stored, {"a": [1.0, 2.05], "b": "x", "c": None}, 0.1) == []
    assert differences(stored, {"a": [1.0, 2.5], "b": "y", "c": None}, 0.1) == [
        "a.1: 2.0 stored, 2.5 computed", "b: 'x' stored, 'y' computed",
    ]  # fmt: skip
    assert differences(stored, {"a": [1.0], "b": "x"}) == [
        "a: 2 values stored, 1 computed", "c: only one of the two has it",
    ]  # fmt: skip
    assert differences({"a": float("nan")}, {"a": float("nan")}) == []


@pytest.mark.parametrize("name", registry.STUDIES)
def test_a_study_names_itself_and_its_settings(name):
    study = registry.STUDIES[name]
    assert study.name == name
    assert study.title
    assert len(study.spec()) == 16
    assert study.modules


def test_people_s_studies_ask_for_their_folder():
    people = [study for study in registry.STUDIES.values() if study.needs_data]
    assert len(people) == 3
    for study in people:
        with pytest.raises(InputError, match="--people"):
            study.run()


def test_a_changed_result_of_the_first_screen_is_noticed():
    stored = baking.load_baked("tennessee-morristown")["result"]
    assert result_differences(stored, copy.deepcopy(stored)) == []
    for change in (
        lambda entry: entry["vanilla"]["order"].reverse(),
        lambda entry: entry["social"]["borda"]["order"].reverse(),
        lambda entry: entry["truth"]["borda"]["scores"].update(Memphis=0.0),
        lambda entry: entry["voters"]["plurality"]["scores"].update(Memphis=9.0),
    ):
        fresh = copy.deepcopy(stored)
        change(next(iter(fresh["prompts"].values())))
        assert result_differences(stored, fresh)


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def one_study(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "STUDIES", {"sum": Sum()})
    return ["--out", str(tmp_path)]


def test_bake_list_check_and_verify(one_study, capsys, monkeypatch):
    assert main(["bake", *one_study]) == 2
    assert "--list" in capsys.readouterr().err
    assert main(["bake", "nonsense", *one_study]) == 2
    assert "There is no study named 'nonsense'" in capsys.readouterr().err
    assert main(["bake", "--check", *one_study]) == 2
    assert "sum is missing" in capsys.readouterr().err
    assert main(["bake", "sum", *one_study]) == 0
    assert main(["bake", "--list", *one_study]) == 0
    assert "sum  A sum (fresh)" in capsys.readouterr().out
    assert main(["bake", "--check", *one_study]) == 0
    monkeypatch.setattr(baking, "code_hash", lambda modules: "changed")
    assert main(["bake", "--check", *one_study]) == 2
    assert main(["bake", "--verify", "sum", *one_study]) == 0
    assert "agrees" in capsys.readouterr().out
    assert main(["bake", "--check", *one_study]) == 0
    registry.STUDIES["sum"].terms = (5,)
    assert main(["bake", "--verify", "sum", *one_study]) == 2
    told = capsys.readouterr()
    assert "sum: 3 stored, 5 computed" in told.out
    assert "scrl bake sum" in told.err
