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


@pytest.fixture
def opened(open_page, run):
    return lambda **url: open_page("ask", run=run, **url)


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
    assert "random ones** here" in words(app)
    assert "10 choices" in " ".join(c.value for c in app.caption)
    press(app, "anew")
    assert "said" not in app.query_params
    assert "Question 1" in words(app)


def test_a_visitor_may_find_two_alike_or_say_nothing(opened, run):
    from scrl.studies import Quiz

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
    fitted = run_store.job_queue().get(run).result["learnt"]
    quiz = Quiz.of(fitted.individual.population, range(5))
    pair = int("".join(said).split("-")[1].split(".")[0])
    assert quiz.posterior([(pair, None)]).weight.max() > 0


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
    press(app, "more")
    assert any(b.key == "answer-1" for b in app.button)


@pytest.mark.parametrize("bad", ["99.1", "x", "1.2", "1.1-1", "²³.1", "0.1" * 4000])
def test_answers_of_another_model_begin_anew(opened, bad):
    app = opened(said=bad)
    assert not app.exception
    assert ["starts again" in w.value for w in app.warning] == [True]


def test_without_a_run_the_page_asks_with_a_stored_example(open_page):
    app = open_page("ask")
    assert not app.exception
    press(app, "answer-1")
    assert not app.exception
    assert left(app) < 100
