"""The parts on feedback formats and hidden context: their sentences, choices and guesses."""

import base64
import json
import time

import numpy as np
import pytest


def formats_page():
    from ui.models import feedback_formats
    from ui.shared import predict_first

    predict_first.switch()
    feedback_formats.show()


def hidden_page():
    from ui.models import hidden_context
    from ui.shared import predict_first

    predict_first.switch()
    hidden_context.show()


def words(app) -> str:
    return " ".join(m.value for m in app.markdown)


def figure(app, key: str) -> dict:
    found = [c for c in app.get("plotly_chart") if key in c.proto.id]
    assert found, key
    return json.loads(found[0].proto.spec)


def test_formats_say_what_they_cost(open_part):
    app = open_part(formats_page)
    assert not app.exception
    assert "To get 90% of the pairs right it takes **" in words(app)
    assert "These raters disagree" not in words(app), "one kind of rater"
    lines = [t for t in figure(app, "chart-learning")["data"] if t.get("name")]
    assert [t["name"] for t in lines] == [
        "+1 / −1", "A or B", "A, B or a tie", "Ranked list", "List, as pairs",
    ]  # fmt: skip
    assert app.get("download_button")


def test_paid_in_completions_a_thumb_is_half_a_pair(open_part):
    app = open_part(formats_page, unit="Answers read")
    thumbs, pair, *_ = [t for t in figure(app, "chart-learning")["data"] if t.get("name")]
    paid = [
        np.frombuffer(base64.b64decode(t["x"]["bdata"]), t["x"]["dtype"]) for t in (thumbs, pair)
    ]
    assert paid[1].tolist() == (2 * paid[0]).tolist()


def test_people_who_disagree_are_told_apart_by_what_is_asked(open_part):
    app = open_part(formats_page, people="Detailed or concise")
    assert not app.exception
    assert "These raters disagree" in words(app)
    both = open_part(
        formats_page, people="Detailed or concise",
        judge="What endless raters say in the same format",
    )  # fmt: skip
    assert "These raters disagree" not in words(both)
    assert both.get("plotly_chart")


def test_other_raters_bring_their_own_noise(open_part):
    app = open_part(formats_page)
    app.slider(key="unsure").set_value(2.0).run()
    app.selectbox(key="people").set_value("tennessee-four").run()
    assert not app.exception
    assert app.slider(key="unsure").value == 0.0


def test_a_format_is_guessed_first_where_that_is_wanted(open_part):
    app = open_part(formats_page, predict="true")
    assert not app.get("plotly_chart")
    next(b for b in app.button_group if b.key == "guess_format").set_value(
        "more than 4 times as many"
    ).run()
    assert "Right. " in words(app)


def test_too_many_completions_are_a_sentence(open_part):
    app = open_part(formats_page, people="Six kinds of reader")
    assert not app.exception
    assert "on at most 8" in app.error[0].value


@pytest.mark.parametrize("turn", [0, 1])
def test_nonsense_in_the_url_is_ignored(open_part, turn):
    keys = ("people", "unsure", "questions", "length", "strict", "width", "draw", "level", "unit",
            "judge", "prompt", "reward", "aversion")  # fmt: skip
    bad = [("inf", "-1", "nan", "x")[(2 * i // 3 + turn) % 4] for i in range(len(keys))]
    assert not open_part(formats_page, **dict(zip(keys, bad, strict=True))).exception
    assert not open_part(hidden_page, **dict(zip(keys, bad, strict=True))).exception


def test_hidden_context_falls_at_the_edge(open_part):
    app = open_part(hidden_page)
    assert not app.exception
    assert "its reward falls at .8" in words(app)
    names = {t.get("name") for t in figure(app, "chart-hidden")["data"]}
    assert {"learned reward", "one spread on each side", "mean worth", "Borda"} <= names
    plain = open_part(hidden_page, reward="Bradley–Terry")
    names = {t.get("name") for t in figure(plain, "chart-hidden")["data"]}
    assert "one spread on each side" not in names
    assert app.get("download_button")


def test_a_careful_reading_puts_the_unsure_last(open_part):
    app = open_part(hidden_page, aversion="2.0")
    assert any("100% of the sure answers stand above" in c.value for c in app.caption)


def test_hidden_context_is_guessed_first_where_that_is_wanted(open_part):
    app = open_part(hidden_page, predict="true")
    assert not app.get("plotly_chart")
    next(b for b in app.button_group if b.key == "guess_hidden").set_value(
        "somewhere among them"
    ).run()
    assert "Right. " in words(app)


def test_what_no_format_reaches_is_said(open_part):
    """Half and half, nearly: far more raters are needed than are observed."""
    app = open_part(formats_page, people="Detailed or concise", level="99")
    assert "**No format** gets 99% of the pairs right" in words(app)
    assert not [c for c in app.get("plotly_chart") if "chart-prices" in c.proto.id]


def test_a_tie_all_round_leaves_nothing_to_learn(open_part):
    app = open_part(formats_page, people="A Condorcet cycle")
    assert not app.exception
    assert "no order to learn" in " ".join(i.value for i in app.info)


def test_hidden_context_can_be_run_again(open_part, monkeypatch):
    from scrl.studies import hidden_context, load_baked
    from ui.shared import run_store

    result = load_baked("hidden-context")["result"]
    monkeypatch.setattr(hidden_context, "run", lambda on_progress: result)
    app = open_part(hidden_page)
    next(b for b in app.button if b.key == "again-hidden-context").click().run()
    assert not app.exception
    job = run_store.job_queue().get(app.session_state["hidden-context"])
    for _ in range(200):
        if not job.active:
            break
        time.sleep(0.05)
    app.run()
    assert any("From a run of this session." in c.value for c in app.caption)
