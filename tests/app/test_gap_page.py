"""The pages on the gap and on the studies: their numbers, what the URL restores, guesses."""

import json

import pytest

from scrl import gap, studies
from scrl.report import BAKED
from scrl.scenario import gallery, load_scenario

NEEDS_BAKED = pytest.mark.skipif(
    not all((BAKED / f"study-{study}.json").is_file() for study in studies.STUDIES),
    reason="nothing is baked",
)


def words(app) -> str:
    kinds = (app.title, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def widget(kind, key):
    return next(element for element in kind if element.key == key)


def test_the_gap_is_split_at_once(open_page):
    app = open_page("gap")
    assert not app.exception
    assert not app.error
    assert "**2 of 10** pairs" in words(app)
    assert "silence that depends on the rater" in words(app)
    assert len(figures(app)) == 3
    assert widget(app.selectbox, "pair").value in ("Morristown ≻ Memphis", "Knoxville ≻ Nashville")
    assert widget(app.button, "train").label == "Train"
    assert len(app.get("download_button")) >= 3


def test_each_switch_shows_its_counterfactual(open_page):
    world = load_scenario(gallery()["tennessee-morristown"])
    found = gap.explain(world, "borda")["best"]
    for switches in ({"random"}, {"everyone"}, {"endless", "ruled"}):
        parts = {"endless": 0, "random": 1, "everyone": 2, "ruled": 3}
        state = gap.state_of([gap.PARTS[parts[key]] for key in switches])
        app = open_page("gap", **dict.fromkeys(switches, "true"))
        assert not app.exception
        assert f"With these switches {found.distance(state):g} of 10 pairs" in words(app)


def test_a_reader_may_guess_the_largest_part_first(open_page):
    app = open_page("gap", predict="true")
    assert not app.exception
    assert not figures(app)
    app.button_group(key="guess_part").set_value("Silence that depends on the rater").run()
    assert not app.exception
    assert figures(app)
    assert "Right. " in words(app)


def test_the_url_says_which_scenario_rule_and_prompt(open_page):
    app = open_page(
        "gap",
        scenario="tennessee-inverted-missing",
        rule="Copeland",
        prompt="worst",
        endless="true",
    )
    assert not app.exception
    assert widget(app.selectbox, "rule").value == "copeland"
    assert widget(app.selectbox, "prompt").value == "worst"
    assert "**3 of 6** pairs" in words(app)


@pytest.mark.parametrize(
    "bad", [{"rule": "nonsense"}, {"pair": "x"}, {"prompt": "?"}, {"seed": "inf"}, {"endless": "9"}]
)
def test_a_bad_link_is_no_traceback(open_page, bad):
    app = open_page("gap", **bad)
    assert not app.exception
    assert figures(app) or app.error


def test_presenter_mode_hides_tables_and_downloads(open_page):
    app = open_page("gap", present="true")
    assert not app.exception
    assert not app.get("download_button")


@NEEDS_BAKED
@pytest.mark.parametrize("part", ["How many raters", "Where voters come from"])
def test_a_study_is_there_at_once(open_page, part):
    app = open_page("studies", part=part)
    assert not app.exception
    assert not app.warning, "the baked study is stale"
    assert len(figures(app)) == 1
    assert app.get("download_button")


@NEEDS_BAKED
def test_a_reader_may_guess_what_the_prior_gives(open_page):
    app = open_page("studies", part="Where voters come from", predict="true")
    assert not figures(app)
    app.button_group(key="guess_voters").set_value("Yes").run()
    assert not app.exception
    assert figures(app)
    assert "Not quite. " in words(app)
