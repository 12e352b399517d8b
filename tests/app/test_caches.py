"""What a rerun need not make again: the YAML of a scenario, and figures."""

import numpy as np
import pytest

from scrl import figures
from scrl.scenarios import gallery, load_scenario, with_overrides
from tests.app.test_file_preview import RATINGS
from ui.shared import figure_cache, page, scenario_yaml


def test_the_yaml_is_that_of_the_scenario_and_is_written_once(monkeypatch):
    scenario = load_scenario(gallery()["tennessee-four"])
    changed = with_overrides(scenario, raters=scenario.raters + 1)
    assert scenario_yaml.of(scenario) == scenario.to_yaml()
    assert scenario_yaml.of(changed) == changed.to_yaml() != scenario.to_yaml()
    again = load_scenario(gallery()["tennessee-four"])

    def written(_):
        raise AssertionError("it is written again")

    expected = again.to_yaml()
    monkeypatch.setattr(type(again), "to_yaml", written)
    assert scenario_yaml.of(again) == expected


def test_every_scenario_of_the_gallery_keeps_its_own_yaml():
    for path in gallery().values():
        scenario = load_scenario(path)
        assert scenario_yaml.of(scenario) == scenario.to_yaml()


def test_ratings_have_no_yaml():
    from scrl.data import parse_ratings

    assert scenario_yaml.of(parse_ratings(RATINGS, "snacks.csv")) == ""


def test_a_figure_is_kept_for_its_arguments_and_theme(monkeypatch):
    look = {"dark": False, "scale": 1.0}
    monkeypatch.setattr(page, "style", lambda: look)
    columns = [("a", [["x"], ["y"]]), ("b", [["y"], ["x"]])]
    first = figure_cache.figure(figures.bump_chart, columns, ["x", "y"])
    fresh = figures.bump_chart(columns, ["x", "y"], **look)
    assert first.to_dict() == fresh.to_dict()
    assert figure_cache.figure(figures.bump_chart, columns, ["x", "y"]) is first
    other = figure_cache.figure(figures.bump_chart, columns[::-1], ["x", "y"])
    assert other.to_dict() != first.to_dict()
    assert figure_cache.figure(figures.bump_chart, columns, ["x", "y"], "x") is not first
    look["dark"] = True
    assert figure_cache.figure(figures.bump_chart, columns, ["x", "y"]) is not first


def test_an_argument_whose_text_may_be_shortened_is_refused():
    with pytest.raises(TypeError):
        figure_cache.figure(figures.bump_chart, np.zeros(5000))
