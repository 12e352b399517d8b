"""One open question: a guess, the answer, what would refute it, and where to try it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from scrl.studies import load_baked
from scrl.types import InputError
from ui.questions.answer import Question, draw
from ui.questions.index import QUESTIONS
from ui.shared import baked_study, page, predict_first
from ui.shared.page import IN_URL

NOTE = "Do unimodal reward models actually serve all user preferences?"


def show() -> None:
    """Draw the choice of a question, and its answer."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        short = st.selectbox(
            "Question", [question.short for question in QUESTIONS], key="question", **IN_URL
        )
        predict_first.switch()
    question = next(q for q in QUESTIONS if q.short == short)
    st.subheader(question.text, anchor=False)

    def draw_answer(result: Mapping[str, Any], _: str) -> None:
        _draw(question, result)

    baked_study.show(
        question.study, draw_answer, "This repeats the whole study and takes some minutes.",
        baked_study.caption_progress,
    )  # fmt: skip
    _overview()


def _draw(question: Question, result: Mapping[str, Any]) -> None:
    guess, shown = predict_first.guess(
        question.guess, question.options, f"guess_{question.short}"
    )  # fmt: skip
    if not shown:
        return
    answer = question.answer(result)
    page.say(predict_first.verdict(guess, answer.right) + answer.sentence)
    draw(answer)
    page.say(f"**What would refute it.** {answer.refuted}")
    page.say(f"**What we cannot say.** {question.limit}")
    page.go_button(question.link, question.target, question.settings)
    if not page.presenting():
        modules = ", ".join(f"`{name}`" for name in question.study.modules)
        page.note(
            f"The settings of this study stand in {modules}; `python -m scrl bake "
            f"{question.study.name}` makes its result again."
        )


@st.cache_data(show_spinner=False)
def stored_sentence(short: str) -> str:
    """The answer by the stored result; the reason where there is none."""
    question = next(q for q in QUESTIONS if q.short == short)
    try:
        return question.answer(load_baked(question.study.name)["result"]).sentence
    except InputError as error:
        return page.escaped(str(error))


def _overview() -> None:
    """All answers in a sentence each."""
    if page.presenting() or page.switched_on("predict"):
        return
    with st.expander("All eleven answers"):
        for i, question in enumerate(QUESTIONS, 1):
            st.markdown(f"**{i}. {question.text}** {stored_sentence(question.short)}")
        page.note(
            f"The questions end the note ‘{NOTE}’. Numbers in brackets are 95 % intervals over "
            "random worlds, or over seeds of a scenario."
        )
