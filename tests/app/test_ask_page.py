"""The page that asks, on the experiment that all tests share."""

import pytest

from ui.shared import run_store


def words(app) -> str:
    return " ".join(m.value for m in app.markdown)


@pytest.fixture(scope="module")
def run(experiment):
    """The id of a finished job whose result is the session's experiment."""
    result = {"result": {}, "latent": {}, "learnt": experiment.fitted_run, "yaml": ""}
    id = run_store.job_queue().submit(
        lambda on_progress: result, key="somebody:ask", label="Tennessee"
    )
    assert run_store.job_queue().wait(id, 30).state == "done"
    return id


PAIRS = "A or B"


@pytest.fixture
def opened(open_page, run):
    return lambda form=PAIRS, **url: open_page("ask", run=run, form=form, **url)


def press(app, key: str):
    return next(b for b in app.button if b.key == key).click().run()


def left(app) -> int:
    """The share of people who may answer so, in per cent; the page says it from one answer on."""
    shown = (m.value for m in app.metric if "answer as you did" in m.label)
    return int(next(shown, "100%").rstrip("%"))


def test_answers_narrow_the_belief_and_can_be_taken_back(opened):
    app = opened()
    assert not app.exception
    before = left(app)
    press(app, "answer-1")
    assert not app.exception
    assert left(app) < before
    assert "Question 2" in words(app)
    assert app.query_params["said"]
    press(app, "back")
    assert left(app) == before


def test_the_link_restores_the_game_and_the_end_is_a_summary(opened):
    said = "-".join(f"{pair}.1" for pair in range(10))
    app = opened(said=said)
    assert "What the model now believes" in [s.value for s in app.subheader]
    assert "1. Memphis\n2. Nashville\n3. Chattanooga\n4. Knoxville\n5. Morristown" in words(app)
    assert any(m.value == "100%" for m in app.metric)
    assert "For 90 % of the pairs" in words(app)
    assert "10 choices" in " ".join(c.value for c in app.caption)
    press(app, "anew")
    assert "said" not in app.query_params
    assert "Question 1" in words(app)


def test_a_visitor_may_find_two_alike_or_say_nothing(opened):
    app = opened()
    before = left(app)
    press(app, "answer-s")
    assert not app.exception
    assert left(app) == before, "no answer tells nothing"
    assert "Question 2" in words(app)
    press(app, "answer-t")
    assert not app.exception
    said = app.query_params["said"]
    assert [part.partition(".")[2] for part in "".join(said).split("-")] == ["s", "t"]
    press(app, "end")
    assert "2 answers: 0 choices, 1 ‘about the same’, 1 ‘I cannot say’" in captions(app)
    press(app, "more")
    assert "Question 3" in words(app)


def captions(app) -> str:
    return " ".join(c.value for c in app.caption)


def test_the_page_ends_once_no_question_tells_anything(opened):
    """Tennessee's four kinds answer alike within a kind: three good questions tell them apart."""
    app = opened()
    asked = 0
    while any(b.key == "answer-1" for b in app.button):
        press(app, "answer-1")
        asked += 1
    assert asked < 6
    assert "What the model now believes" in [s.value for s in app.subheader]
    assert "Another answer is worth less than 5 points a minute" in words(app)
    press(app, "more")
    assert any(b.key == "answer-1" for b in app.button)


@pytest.mark.parametrize(
    "bad",
    ["99.1", "²³.1", "b.9.1-e.1.1-w.p3", "0.1" * 4000],
    ids=["beyond", "unusual digits", "formats", "long"],
)
def test_answers_of_another_model_begin_anew(opened, bad):
    app = opened(said=bad)
    assert not app.exception
    assert ["starts again" in w.value for w in app.warning] == [True]


def test_without_a_run_the_page_asks_at_once_in_the_format_that_pays(open_page, monkeypatch):
    """The stored example is asked from; nothing trains, and nothing is placed on the map."""
    from ui.shared import precompute

    monkeypatch.setattr(precompute, "answer", None)
    app = open_page("ask")
    assert not app.exception
    assert "Question 1: which of these 3 do you like best?" in words(app)
    table = app.dataframe[0].value
    assert {"A or B", "Pick one of 4", "Rank 5", "A sentence"} <= set(table["format"])
    assert (table["bits"] > 0).all()
    first = next(b for b in app.button if b.key.startswith("pick-")).click().run()
    assert not first.exception
    assert "".join(app.query_params["said"]).startswith("b.")
    assert "So far you are most like" in words(app)


def test_rankings_are_clicked_from_the_best_on_and_may_be_cleared(opened):
    app = opened("Best and worst")
    picks = [b.key for b in app.button if b.key.startswith("pick-")]
    press(app, picks[2])
    assert "Now the one you like least." in captions(app)
    press(app, "clear")
    assert len([b for b in app.button if b.key.startswith("pick-")]) == len(picks)
    press(app, picks[1])
    press(app, picks[0])
    best, worst = (key.removeprefix("pick-") for key in (picks[1], picks[0]))
    said = "".join(app.query_params["said"]).split(".")
    assert (said[0], said[1], said[-1]) == ("e", best, worst)
    if any(b.key == "end" for b in app.button):
        press(app, "end")
    assert "1 best and worst" in captions(app)


def test_a_sentence_moves_the_belief_and_says_how_it_was_read(opened, monkeypatch):
    """By words only: the encoder takes a second to load."""
    monkeypatch.setattr("scrl.text.is_available", lambda: False)
    app = opened("In words")
    app.text_input[0].set_value("I love Knoxville, but Memphis is terrible.").run()
    assert not app.exception
    assert "**Knoxville**: for" in captions(app)
    assert "**Memphis**: against" in captions(app)
    assert "1. Knoxville" in words(app)
    assert "5. Memphis" in words(app)
    said = "".join(app.query_params["said"])
    press(app, "more")
    app.text_input[0].set_value("Nothing known here <b>x</b>").run()
    assert "".join(app.query_params["said"]) == said
    assert any("learnt nothing from it" in i.value for i in app.info)


def test_seconds_to_read_follow_the_texts_of_the_prompt(open_part):
    def part():
        from types import SimpleNamespace

        import streamlit as st

        from ui.latent.quiz_formats import choose_manner

        words = 4 if st.toggle("Short", key="short") else 400
        manner = choose_manner(SimpleNamespace(texts=["word " * words] * 3, size=3))
        st.write(f"{manner.effort.reading:g} seconds")

    app = open_part(part)
    assert words(app) == "100 seconds"
    app.toggle(key="short").set_value(True).run()
    assert not app.exception
    assert words(app) == "1 seconds"
    app.slider(key="reading").set_value(7.0).run()
    assert words(app) == "7 seconds"
