"""The page on training wrongly: what is baked, the reader's guess, trainings of one's own."""

import pytest
from streamlit.testing.v1 import AppTest

from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.studies import masking_regimes
from tests import lanes
from tests.app.test_pages import figures, parameter, widget, words
from tests.tiny import TINY
from ui.shared import run_store

#: Two parts of the results, and for each of five ways its curves and its map.
CHARTS = 12


def test_what_was_trained_before_is_there_at_once(open_page):
    app = open_page("training")
    assert not app.exception
    assert "Of four predicted failures, **3** appear in all 10 seeds" in words(app)
    assert "That of **‘Ask everything’ does not**" in words(app)
    assert "So it learns both" in words(app)
    drawn = figures(app)
    assert len(drawn) == CHARTS
    ends, learning, maps = drawn[0], drawn[2], drawn[-1]
    assert len(ends["layout"]["yaxis"]["ticktext"]) == 5
    assert {"Memphis", "Knoxville"} <= {trace["name"] for trace in maps["data"]}
    blue = [t for t in maps["data"] if t["name"] == "Memphis"]
    assert {t["marker"]["color"] for t in blue} == {"#0072B2"}, "a type's colour on every page"
    assert "hidden answers" in {trace.get("name") for trace in learning["data"]}
    assert "The numbers" in [e.label for e in app.expander]
    app = open_page("training", present="true", latent="64", measure="Pairs right")
    assert not app.exception
    assert not app.expander, "numbers and downloads are not for a class"
    assert "perfect knowledge" in {trace.get("name") for trace in figures(app)[0]["data"]}


def test_a_guess_comes_first_where_it_is_asked_for(open_page):
    app = open_page("training", predict="true")
    assert not figures(app)
    (claims,) = app.table
    assert len(claims.value) == 4
    assert "appears" not in claims.value.to_string()
    app.button_group(key="guess_regimes").set_value("All four").run()
    assert "Not quite." in words(app)
    assert len(figures(app)) == CHARTS


def test_nonsense_in_the_url_is_no_fault(open_page):
    app = open_page(
        "training", story="nonsense", latent="-3", seeds="x", hide="?", measure="?",
        regime_run="nonsense", scenario="nonsense",
    )  # fmt: skip
    assert not app.exception
    assert "There is no scenario named ‘nonsense’" in words(app)
    assert len(figures(app)) == CHARTS


@lanes.deep_only
@pytest.mark.slow
def test_the_five_are_trained_on_another_scenario(open_page, monkeypatch):
    real = masking_regimes.compare

    def small(scenario, seeds, latent, on_progress):
        assert (scenario.name, len(seeds), latent) == ("Tennessee capital", 5, 8)
        # Of the shapes of tests/test_regimes.py, for which there is a program.
        some = with_overrides(load_scenario(gallery()[masking_regimes.SCENARIO]), raters=200)
        return real(some, list(seeds)[:2], 3, on_progress, TINY, held=40)

    monkeypatch.setattr(masking_regimes, "compare", small)
    app = open_page("training", story="Tennessee capital")
    assert not app.exception
    assert "have not been trained on this scenario yet" in words(app)
    assert not figures(app)
    widget(app.button, "train").click().run()
    id = parameter(app, "regime_run")
    assert run_store.job_queue().wait(id, 120).state == "done"
    app.run()
    assert not app.exception
    assert "appear in all 2 seeds" in words(app)
    assert len(figures(app)) == CHARTS
    assert "From a training of this session" in words(app)
    fresh = open_page("training", story="Tennessee capital", regime_run=id)
    assert "appear in all 2 seeds" in words(fresh), "the link brings it back"


def test_trainings_are_drawn_as_they_go():
    def script():
        from scrl.types import Progress
        from ui.models import masking_regimes as page

        steps, values = [100, 200], [3.0, 2.0]
        curves = {"full, hidden": (steps, values), "curriculum, visible": (steps, values)}
        page.live_curves(Progress("individual", 0.5, curves=curves))
        page.live_curves(None)

    app = AppTest.from_function(script).run()
    assert not app.exception
    (figure,) = figures(app)
    drawn = [trace["y"] for trace in figure["data"] if trace.get("y")]
    assert drawn == [[3.0, 2.0], [3.0, 2.0]], "and nothing for those that have not begun"
