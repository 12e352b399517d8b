"""The pages on the gap and on the studies: their numbers, what the URL restores, guesses."""

import json

import pytest

from scrl import gap, studies
from scrl.jobs import Jobs
from scrl.report import BAKED, load_baked
from scrl.scenario import gallery, load_scenario
from ui import store

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


@pytest.fixture
def queue(monkeypatch):
    """A queue in which training takes a moment: the result is the baked one."""
    own = Jobs()
    monkeypatch.setattr(store, "jobs", lambda: own)
    keys = ("result", "latent")
    baked = {key: load_baked("tennessee-morristown")[key] for key in keys}
    monkeypatch.setattr("scrl.preview.train", lambda *_: baked)
    yield own
    own.close()


def trained(app, queue):
    widget(app.button, "train").click().run()
    id = app.query_params["run"]
    assert queue.wait(id if isinstance(id, str) else id[0], 20).state == "done"
    return app.run()


def test_a_finished_run_adds_the_social_side(open_page, queue):
    app = trained(open_page("gap"), queue)
    assert not app.exception
    assert "The social model puts 0 of 10 pairs" in words(app)
    assert len(figures(app)) == 4


def test_the_lab_leads_here_with_the_same_choice(open_page, queue):
    app = trained(open_page("lab", raters="9000"), queue)
    app = widget(app.button, "go-pages/gap.py").click().run()
    assert not app.exception
    assert "Why is the reward model wrong?" in words(app)
    assert widget(app.slider, "raters").value == 9000
    assert "The social model puts 0 of 10 pairs" in words(app)
