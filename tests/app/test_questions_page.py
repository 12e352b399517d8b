"""The page on open questions: each answer is there at once, and a guess may come first."""

import pytest

from scrl.studies import load_baked
from ui.questions.answer import between
from ui.questions.index import QUESTIONS


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.short)
def test_every_question_is_answered_by_its_stored_result(question):
    answer = question.answer(load_baked(question.study.name)["result"])
    assert answer.right in question.options
    assert "**" in answer.sentence
    assert " to " in answer.sentence, "an interval"
    for _, values, _ in answer.curves:
        assert values.shape == (3, len(answer.x))
        assert (values[1] <= values[0]).all()
        assert (values[0] <= values[2]).all()


def test_there_are_eleven():
    assert len({question.text for question in QUESTIONS}) == 11
    assert between([-0.5, -0.75, -0.25], ".2f") == "**−0.50** (−0.75 to −0.25)"


def test_a_question_is_shown_with_its_refutation_and_a_link(open_page):
    app = open_page("questions", question="Side channels")
    assert not app.exception
    assert not app.warning
    assert len(app.get("plotly_chart")) == 1
    said = "\n".join(e.value for e in app.markdown)
    assert "What unmeasured side channels" in "\n".join(e.value for e in app.subheader)
    assert "What would refute it." in said
    assert [b for b in app.button if b.label == "Hack a reward"]


def test_a_guess_comes_first(open_page):
    app = open_page("questions", question="One reward, many people", predict="true")
    assert not app.get("plotly_chart")
    app.button_group(key="guess_One reward, many people").set_value("hardly at all").run()
    assert len(app.get("plotly_chart")) == 1
    assert "Right. " in "\n".join(e.value for e in app.markdown)
