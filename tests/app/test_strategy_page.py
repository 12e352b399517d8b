"""The page on strategy: its four parts, what the URL restores, and a run on a lie."""

import json
import time

import pytest

from scrl.scenarios import gallery, load_scenario
from scrl.studies import misreport
from tests import lanes
from ui.shared import run_store

PARTS = ("One lie", "Two camps lie", "How often it pays", "Lying to a reward model")


def words(app) -> str:
    kinds = (app.title, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def widget(kind, key):
    return next(element for element in kind if element.key == key)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def answered(app):
    """The page after the reader has asked for the answer."""
    return next(b for b in app.button if b.key.endswith("_show")).click().run()


@lanes.deep_only
@pytest.mark.parametrize("part", PARTS)
def test_each_part_asks_first_and_shows_its_point_when_asked(open_page, part):
    app = open_page("strategy", part=part)
    assert not app.exception
    assert not figures(app)
    answered(app)
    assert not app.exception
    assert not app.error
    assert figures(app)
    assert app.get("download_button")


@pytest.mark.parametrize(
    ("part", "key", "said", "right"),
    [
        (PARTS[0], "guess", "Yes", True),
        (PARTS[1], "guess_camps", "Centre", False),
        (PARTS[2], "guess_often", "25 to 50 %", True),
        (PARTS[3], "guess_model", "No", False),
    ],
)
def test_a_reader_may_guess_before_anything_is_shown(open_page, part, key, said, right):
    app = open_page("strategy", part=part, predict="true")
    assert not app.exception
    assert not figures(app)
    app.button_group(key=key).set_value(said).run()
    assert not app.exception
    assert not app.error
    assert figures(app)
    assert app.get("download_button")
    assert ("Right. " if right else "Not quite. ") in words(app)


def test_a_lie_beside_the_truth_under_every_rule(open_page):
    """Knoxville's 17 % elect Chattanooga in place of Nashville (1.94 to 1.73 points on average)."""
    app = answered(open_page("strategy"))
    shown = words(app)
    assert "Under Borda **a lie pays**" in shown
    assert r"Chattanooga \> Knoxville \> Memphis \> Nashville" in shown
    dots = figures(app)[1]
    assert "<b>Borda</b>" in dots["layout"]["yaxis"]["ticktext"]


def test_the_url_says_who_lies_and_how_many(open_page):
    app = answered(open_page("strategy", who="1. Memphis (42%)", rule="Instant runoff", liars="60"))
    assert not app.exception
    assert widget(app.selectbox, "who").value == "1. Memphis (42%)"
    assert widget(app.slider, "liars").value == 60
    assert "Under Instant runoff **a lie pays**" in words(app)
    assert "Nashville" in words(app)


def test_the_url_says_how_many_of_both_camps_lie(open_page):
    app = answered(open_page("strategy", part="Two camps lie"))
    assert "If 100 % lie, **Dud** wins" in words(app)
    assert "which is 16.32 times as much" in words(app)
    app = answered(open_page("strategy", part="Two camps lie", lying="10"))
    assert "If 10 % lie, **Centre** wins" in words(app)
    assert "which is 1.00 times as much" in words(app)


@pytest.mark.slow
def test_the_share_is_exact_for_three(open_page):
    app = answered(open_page("strategy", part="How often it pays", voters="4"))
    assert "All 126 possible elections" in words(app)


@lanes.deep_only
@pytest.mark.slow
def test_the_share_is_drawn_for_four(open_page):
    app = answered(
        open_page("strategy", part="How often it pays", candidates="4", voters="4", seed="3")
    )
    assert not app.exception
    assert "50 elections are drawn with seed 3" in words(app)


def test_nonsense_in_the_url_is_no_fault(open_page):
    for parameters in (
        {"part": "nonsense"},
        {"who": "99. Nobody", "rule": "nonsense", "liars": "-4"},
        {"part": PARTS[2], "seed": "inf", "voters": "900", "model": "nonsense"},
        {"part": PARTS[3], "story": "nonsense", "type": "nobody", "lie_run": "none"},
    ):
        app = open_page("strategy", **parameters)
        assert not app.exception, parameters


@pytest.mark.slow
def test_profiles_that_cannot_be_manipulated_or_searched(open_page):
    app = answered(open_page("strategy", profile="5:A>B"))
    assert not app.exception
    assert "no lie pays" in words(app)
    app = answered(open_page("strategy", profile="3:A>B>C>D>E>F>G;2:G>F>E>D>C>B>A"))
    assert not app.exception
    assert "not every ballot is tried" in words(app)


def test_a_share_of_the_raters_lies_to_a_reward_model(open_page):
    app = answered(open_page("strategy", part=PARTS[3], liars="40"))
    assert not app.exception
    assert not app.error
    assert "Bradley–Terry moves Nashville from place 2" in words(app)


def test_a_run_on_a_lie_is_kept_by_the_url(open_page, monkeypatch):
    scenario = load_scenario(gallery()["tennessee-morristown"])

    def at_once(scenario_, lie, rules, seed, on_progress=None):
        assert scenario_ == scenario
        order = {"order": [["Knoxville"], ["Nashville"], ["Chattanooga"], ["Morristown"],
                           ["Memphis"]]}  # fmt: skip
        seen = misreport.evaluate_outcome(scenario, lie, order)
        return {"vanilla": seen, "social": dict.fromkeys(rules, seen), "seconds": 0.0}

    monkeypatch.setattr(misreport, "train_with_misreport", at_once)
    app = answered(open_page("strategy", part=PARTS[3]))
    widget(app.button, "train").click().run()
    assert not app.exception
    id = app.query_params["lie_run"]
    id = id if isinstance(id, str) else id[0]
    for _ in range(100):
        if not run_store.job_queue().get(id).active:
            break
        time.sleep(0.05)
    app = open_page("strategy", part=PARTS[3], lie_run=id)
    assert not app.exception
    assert "The trained social model puts it at place **2**" in words(app)
    assert widget(app.button, "train").proto.label == "Trained"
    app = answered(open_page("strategy", part=PARTS[3], lie_run=id, type="Memphis"))
    assert "trained social model puts" not in words(app), "another lie, another run"
