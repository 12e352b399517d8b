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
    return int(next(m.value for m in app.metric if "left" in m.label).rstrip("%"))


def test_answers_narrow_the_belief_and_can_be_taken_back(opened):
    app = opened()
    assert not app.exception
    before = left(app)
    press(app, "answer-1")
    assert not app.exception
    assert left(app) < before
    assert "Question 2" in " ".join(c.value for c in app.caption)
    assert app.query_params["said"]
    press(app, "back")
    assert left(app) == before


def test_the_link_restores_the_game_and_the_end_is_said(opened):
    said = "-".join(f"{pair}.1" for pair in range(10))
    app = opened(said=said)
    assert "You have answered every pair." in words(app)
    assert any(m.value == "100%" for m in app.metric)
    assert "telling questions** are worth" in words(app)


@pytest.mark.parametrize("bad", ["99.1", "x", "1.2", "1.1-1", "²³.1", "0.1" * 4000])
def test_answers_of_another_model_begin_anew(opened, bad):
    app = opened(said=bad)
    assert not app.exception
    assert ["begins anew" in w.value for w in app.warning] == [True]


def test_without_a_run_the_page_asks_with_a_stored_example(open_page):
    app = open_page("ask")
    assert not app.exception
    press(app, "answer-1")
    assert not app.exception
    assert left(app) < 100
