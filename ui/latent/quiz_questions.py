"""The widgets of one question: a choice, the best and the worst, a ranking, a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from scrl import figures, text
from scrl.elicitation import Answer, Format, Question, read_sentence
from ui.latent import quiz_answers, quiz_state
from ui.latent.quiz_state import Subject
from ui.shared import page, reorder
from ui.shared.page import IN_URL

#: Most characters of a name that is a button of its own.
MAX_BUTTON = 32
_CLICK, _DRAG = "Click", "Drag"


def ask(question: Question, subject: Subject, said: Sequence[Answer]) -> None:
    """The completions shown, as a choice or a ranking, and answers that decide nothing."""
    form, shown = question.form, [int(i) for i in question.shown]
    page.say(f"Question {len(said) + 1}: {_wording(form)}")
    if form.kind == "rank" and _dragging():
        _drag(shown, subject, said)
    else:
        _click(form, shown, subject, said)
    groups = tuple((i,) for i in shown)
    with st.container(horizontal=True):
        for label, kind, code in (
            ("About the same" if form.size == 2 else "All about the same", "tie", "t"),
            ("I cannot say", "none", "s"),
        ):
            answer = Answer(kind, groups)
            st.button(label, key=f"answer-{code}", on_click=quiz_answers.write,
                      args=([*said, answer], subject.size))  # fmt: skip


def _wording(form: Format) -> str:
    if form.size == 2:
        return "which do you prefer?"
    return {
        "best": f"which of these {form.size} do you like best?",
        "ends": f"which of these {form.size} do you like best, and which least?",
        "rank": f"order these {form.size}, best first.",
    }[form.kind]


def _dragging() -> bool:
    how = st.segmented_control(
        "How you order", [_CLICK, _DRAG], default=_CLICK, required=True, key="ordering",
        label_visibility="collapsed", **IN_URL,
    )  # fmt: skip
    return how == _DRAG


def _click(form: Format, shown: list[int], subject: Subject, said: Sequence[Answer]) -> None:
    """A button for each completion; rankings are clicked from the best on."""
    picked = _picked(shown)
    needed = {"best": 1, "ends": 2, "rank": form.size - 1}[form.kind]
    if needed > 1:
        steps = ("Now the best.", "Now the one you like least.") if form.kind == "ends" else ()
        page.note(steps[len(picked)] if steps else f"Place {len(picked) + 1}: click the next best.")
    for place, i in enumerate(picked, 1):
        label = "Best" if form.kind == "ends" else f"{place}."
        st.markdown(f"{label} **{page.escaped(subject.names[i])}**")
    left = [i for i in shown if i not in picked]
    for i in left:
        code = ("1" if i == shown[0] else "0") if form.size == 2 else str(i)
        key = f"answer-{code}" if form.size == 2 else f"pick-{i}"
        _button(i, subject, key, (form, shown, [*picked, i], needed, subject.size, said))
    if picked:
        st.button("Clear", key="clear", on_click=_clear, type="tertiary", icon=":material/undo:")


def _button(i: int, subject: Subject, key: str, arguments: tuple) -> None:
    name, whole = subject.names[i], subject.texts[i]
    settings = {"key": key, "type": "primary", "width": "stretch", "on_click": _pick,
                "args": arguments}  # fmt: skip
    if whole == name and len(name) <= MAX_BUTTON:
        st.button(page.escaped(name), **settings)
        return
    with st.container(border=True):  # a button shows one line
        st.markdown(page.escaped(whole))
        short = figures.short_labels(subject.names, 24)[i]
        st.button(f"Choose ‘{page.escaped(short)}’", **settings)


def _picked(shown: list[int]) -> list[int]:
    """What is picked of this question so far."""
    of, picked = st.session_state.get(quiz_answers.PICKED, ((), []))
    return list(picked) if tuple(of) == tuple(shown) else []


def _clear() -> None:
    st.session_state.pop(quiz_answers.PICKED, None)


def _pick(
    form: Format, shown: list[int], picked: list[int], needed: int, size: int,
    said: Sequence[Answer],
) -> None:  # fmt: skip
    """Note a click; the last one of a question makes the answer."""
    if len(picked) < needed:
        st.session_state[quiz_answers.PICKED] = tuple(shown), picked
        return
    left = [i for i in shown if i not in picked]
    order = [picked[0], *left, picked[1]] if form.kind == "ends" else [*picked, *left]
    quiz_answers.write([*said, Answer(form.kind, tuple((i,) for i in order))], size)


def _drag(shown: list[int], subject: Subject, said: Sequence[Answer]) -> None:
    """An order to drag, in which completions may be tied."""
    names = _distinct([subject.names[i] for i in shown])
    of, order = st.session_state.get("dragged", ((), []))
    if tuple(of) != tuple(shown):
        order = [[name] for name in names]

    def moved(new: list[list[str]]) -> None:
        if sorted(name for place in new for name in place) == sorted(names):
            st.session_state["dragged"] = tuple(shown), new

    colours = {name: figures.colour(i) for i, name in enumerate(names)}
    reorder.order_editor(order, colours, "Your order, best first", "drag-order", moved)
    page.note("Drag a name before or after another, or onto it for a tie. Without a mouse: choose "
              "a name and press its arrows.")  # fmt: skip
    groups = tuple(tuple(shown[names.index(name)] for name in place) for place in order)
    if len(groups) == 1:
        answer = Answer("tie", tuple((i,) for i in shown))
    else:
        answer = Answer("rank", groups)
    st.button("This is my order", key="ordered", type="primary", on_click=quiz_answers.write,
              args=([*said, answer], subject.size))  # fmt: skip


def _distinct(names: list[str]) -> list[str]:
    """Names that differ: those that recur have a number."""
    return [f"{name} ({names[:k].count(name) + 1})" if name in names[:k] else name
            for k, name in enumerate(names)]  # fmt: skip


def ask_in_words(subject: Subject, said: Sequence[Answer]) -> None:
    """A sentence, and how the last one was read."""
    page.say(f"Question {len(said) + 1}: what do you like, and what not? One sentence is enough.")
    st.text_input(
        "Your sentence", key="sentence", max_chars=300, label_visibility="collapsed",
        placeholder=f"Such as: I like {subject.names[0]}, but not {subject.names[-1]}.",
        on_change=_read, args=(subject, list(said)),
    )  # fmt: skip
    unread = st.session_state.pop("unread", "")
    if unread:
        st.info(
            "The page could not tell which answer or quality this sentence is about, so it has "
            "learnt nothing from it. Name an answer, or a quality such as ‘short’."
        )
    missing = quiz_state.reads_sentences()
    if missing:
        page.note(missing)


def _read(subject: Subject, said: list[Answer]) -> None:
    sentence = st.session_state.get("sentence", "").strip()
    if not sentence:
        return
    encoder = text.SentenceEncoder() if text.is_available() else None
    clauses = read_sentence(sentence, subject.topics, encoder)
    st.session_state["unread"] = "" if clauses else sentence
    st.session_state["sentence"] = ""
    if clauses:
        quiz_answers.write([*said, Answer("words", clauses=tuple(clauses))], subject.size)


def show_reading(subject: Subject, answer: Answer) -> None:
    """How a sentence was read, clause by clause."""
    parts = []
    for clause in answer.clauses:
        topics = ", ".join(page.escaped(subject.topics[i].name) for i, _ in clause.topics)
        word = "for" if clause.sentiment > 0.05 else "against" if clause.sentiment < -0.05 else "—"
        parts.append(f"**{topics}**: {word} ({clause.sentiment:+.2f})")
    page.note("Your sentence was read as " + "; ".join(parts) + ".")
