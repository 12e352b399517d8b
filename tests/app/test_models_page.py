"""The page of reward models: what is baked, a guess, trainings of one's own, a file of people."""

import pytest

from scrl.studies import scoreboard
from tests.app.test_pages import figures, parameter, widget, words
from tests.studies.test_scoreboard import two_camps
from tests.tiny import QUICK, SMALL
from ui.models import model_texts
from ui.shared import run_store, uploads


def test_the_page_opens_on_the_story(open_page):
    app = open_page("models")
    assert "Bradley–Terry orders **66%** of all pairs rightly" in words(app)
    (chart,) = figures(app)
    assert len(chart["layout"]["yaxis"]["ticktext"]) == len(scoreboard.MODELS)


def test_what_was_trained_before_is_there_at_once(open_page):
    app = open_page("models", scenario="pets")
    assert not app.exception
    assert (
        "Bradley–Terry orders **75%** of all pairs rightly, but of the disputed pairs only **50%**"
        in words(app)
    )
    assert "can never have more than 75% of all pairs, or 50% of the disputed" in words(app)
    assert "**VPL, penalty too high** learnt nothing about people" in words(app)
    assert "does **not** tell people apart" in words(app)
    (chart,) = figures(app)
    assert len(chart["layout"]["yaxis"]["ticktext"]) == len(scoreboard.MODELS)
    lines = [t["x"] for t in chart["data"] if t.get("mode") == "lines"]
    assert sorted(lines) == [[0.5, 0.5], [0.75, 0.75]]
    checks, table = (frame.value for frame in app.dataframe)
    assert checks["model"].tolist() == [
        "VPL, penalty too high", "VPL", "Prototypes", "Individual raters",
    ]  # fmt: skip
    assert checks["told nothing"][1].startswith("75.")
    assert len(checks["learnt by direction, nats"][1].split(" · ")) == 4
    assert table["model"].tolist() == list(model_texts.TITLES.values())
    assert [b.proto.label for b in app.get("download_button")] == ["Table (CSV)"]
    app = open_page("models", scenario="tennessee-morristown", present="true",
                    scores_view="Disputed pairs, by group")  # fmt: skip
    assert not app.exception
    assert not app.dataframe, "tables are not for a class"
    blue = [t for t in figures(app)[0]["data"] if t["name"] == "Memphis"]
    assert {t["marker"]["color"] for t in blue} == {"#0072B2"}, "a type's colour on every page"


def test_a_guess_comes_first_where_it_is_asked_for(open_page):
    app = open_page("models", predict="true")
    assert not figures(app)
    app.button_group(key="guess_scores").set_value("Nearly all").run()
    assert "Not quite." in words(app)
    assert len(figures(app)) == 1


def test_who_may_stay_silent_has_a_curve_and_fewer_models_are_shown_at_once(open_page):
    app = open_page("models", scores_view="If it may skip pairs", models="VPL")
    assert not app.exception
    (chart,) = figures(app)
    assert {t["name"] for t in chart["data"] if t.get("mode") == "lines"} == {"VPL"}
    assert app.dataframe[-1].value["model"].tolist() == ["VPL"]


def test_nonsense_in_the_url_is_no_fault(open_page):
    app = open_page(
        "models", scenario="nonsense", models="nonsense", seeds="x", scores_view="?",
        models_run="nonsense", part="?",
    )  # fmt: skip
    assert not app.exception
    assert "There is no scenario named ‘nonsense’" in words(app)


def small(monkeypatch, name: str):
    """Trainings of the shapes of tests/test_scoreboard.py, for which there are programs."""
    real = scoreboard.run

    def run(source, models, seeds, on_progress):
        assert source.name == name
        sizes = SMALL if source.is_scenario else None
        return real(source, models, seeds, on_progress, config=QUICK, sizes=sizes)

    monkeypatch.setattr(scoreboard, "run", run)


def trained(app) -> str:
    widget(app.button, "train").click().run()
    id = parameter(app, "models_run")
    assert run_store.job_queue().wait(id, 180).state == "done"
    app.run()
    assert not app.exception
    return id


@pytest.mark.slow
def test_chosen_models_are_trained_and_the_link_brings_them_back(open_page, monkeypatch):
    small(monkeypatch, "Pets")
    app = open_page("models", scenario="pets", seeds="1", models="Bradley–Terry")
    assert "Nothing is trained with these choices yet" in words(app)
    assert not figures(app)
    id = trained(app)
    assert "Bradley–Terry orders **75%** of all pairs" in words(app)
    assert "One seed." in words(app)
    fresh = open_page("models", scenario="pets", seeds="1", models="Bradley–Terry", models_run=id)
    assert "One seed." in words(fresh)


@pytest.mark.slow
def test_people_of_a_file_are_held_out_and_faults_get_a_sentence(open_page, monkeypatch):
    few = uploads.cache().add(two_camps(6), "few.csv")
    app = open_page("models", scenario=few, models="Bradley–Terry")
    widget(app.button, "train").click().run()
    assert not app.exception
    assert "holding some of them out needs at least 10" in words(app)

    small(monkeypatch, "camps")
    camps = uploads.cache().add(two_camps(), "camps.csv")
    app = open_page("models", scenario=camps, models="Bradley–Terry")
    assert "One for each group" not in widget(app.multiselect, "models").options
    trained(app)
    assert "40 raters, each tested once as a new person" in words(app)
    assert "of all pairs rightly" in words(app)


def test_without_a_model_there_is_nothing_to_train(open_page):
    app = open_page("models")
    widget(app.multiselect, "models").set_value([]).run()
    assert "Choose at least one reward model" in words(app)
    assert widget(app.button, "train").disabled


def test_real_people_are_judged_with_intervals_and_three_sentences(open_page):
    app = open_page("models", part="Real people", predict="true")
    assert not app.exception
    assert "The model of individual raters orders" not in words(app), "that would give it away"
    assert not figures(app)
    app.button_group(key="guess_breakfast").set_value("About two thirds").run()
    assert "The model of individual raters orders" in words(app)
    assert "**VPL, penalty too high** learnt nothing about people." in words(app), (
        "one training in 25 is no collapse"
    )
    assert "VPL and Prototypes cannot be told from Bradley–Terry" in words(app)
    assert "42 raters, each tested once as a new person, for each of 5 seeds" in words(app)
    (chart,) = figures(app)
    assert len(chart["layout"]["yaxis"]["ticktext"]) == len(scoreboard.MODELS)
    assert "ahead" in app.dataframe[-1].value
    app = open_page("models", part="Real people",
                    ballots="Translations: 10 raters, ten systems, 104 texts")  # fmt: skip
    assert not app.exception
    assert "10 raters, each tested once" in words(app)
    assert "Too few raters were asked about the same pairs" in words(app)
    assert "disputed pairs" not in app.dataframe[-1].value
