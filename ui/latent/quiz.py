"""The page that asks a visitor questions in many formats, and narrows what it believes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures
from scrl.elicitation import Answer
from scrl.studies import ERROR_RATE
from ui.latent import quiz_answers, quiz_formats, quiz_questions, quiz_state
from ui.latent.quiz_formats import Manner
from ui.latent.quiz_state import Knowledge, Subject
from ui.latent.widgets import metrics, region_chart
from ui.shared import item_texts, page, precompute
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: Prompts with more completions have too many pairs.
MAX_COMPLETIONS = 24
_PREFERENCES, _MAP = "What you prefer", "Where you are on the map"


def show(id: str, fitted: FittedRun) -> None:
    """Draw the next question or the summary, what the model believes, and the formats' worth."""
    p = _choose_prompt(fitted)
    if p is None:
        return
    subject = quiz_state.subject(id, p, fitted)
    manner = quiz_formats.choose_manner(subject)
    said = quiz_answers.read(subject.size, len(subject.topics))
    text = quiz_answers.encoded(said, subject.size)
    known = quiz_state.knowledge(id, p, text, manner.silence, subject, said)
    asked_for_more = quiz_answers.asked_for_more()
    why = "" if asked_for_more or not said else quiz_formats.reason_to_stop(known, manner)
    left, right = st.columns([1, 1.3], gap="large")
    with left:
        if quiz_answers.ended() or why:
            quiz_answers.summary(known, subject, said, why, more=True)
        else:
            _ask(known, subject, said, manner, fitted, p)
        if said and said[-1].kind == "words":
            quiz_questions.show_reading(subject, said[-1])
    with right:
        _beliefs(id, known, subject, said, fitted, p)
    quiz_formats.show_worth(known, manner)
    if max(known.bits.values()) < quiz_formats.MIN_BITS and not said:
        page.note(
            "No answer tells anything about the next one here: the model found one kind of rater, "
            "and what it does not know is chance."
        )


def _choose_prompt(fitted: FittedRun) -> int | None:
    """The prompt; None, with a message, where no prompt can be asked about."""
    catalogue = fitted.catalogue
    prompts = [
        p for p, size in enumerate(np.diff(catalogue.offsets)) if 3 <= size <= MAX_COMPLETIONS
    ]
    if not prompts:
        st.info(
            f"The questions need a prompt with 3 to {MAX_COMPLETIONS} answers, and this model has "
            "none. Choose another model above."
        )
        return None
    names = [catalogue.prompts[p] for p in prompts]
    if len(names) == 1:
        return prompts[0]
    return prompts[names.index(st.selectbox("Prompt", names, key="prompt", **IN_URL))]


def _ask(
    known: Knowledge,
    subject: Subject,
    said: Sequence[Answer],
    manner: Manner,
    fitted: FittedRun,
    p: int,
) -> None:
    """The question, how far the model is, and buttons to undo and to end."""
    prompt = fitted.catalogue.prompts[p]
    page.say(f"**{page.escaped(item_texts.prompt_text(fitted.ratings, prompt))}**")
    form = quiz_formats.form_asked(known, manner)
    if form is None:
        quiz_questions.ask_in_words(subject, said)
    else:
        quiz_questions.ask(known.questions[form], subject, said)
    quiz_formats.say_worth(known, manner, form)
    size = subject.size
    with st.container(horizontal=True):
        st.button("Take back", on_click=quiz_answers.write, args=(said[:-1], size), key="back",
                  disabled=not said, icon=":material/undo:", type="tertiary")  # fmt: skip
        st.button("Start again", on_click=quiz_answers.write, args=([], size), key="anew",
                  disabled=not said, icon=":material/restart_alt:", type="tertiary")  # fmt: skip
        st.button("End here", on_click=quiz_answers.end, disabled=not said, key="end",
                  icon=":material/flag:", type="tertiary")  # fmt: skip


def _beliefs(
    id: str,
    known: Knowledge,
    subject: Subject,
    said: Sequence[Answer],
    fitted: FittedRun,
    p: int,
) -> None:
    """How far the model is; probabilities of the visitor's pairs, or the region of the map."""
    top = quiz_answers.likeliest_type(known, subject)
    if top and said:
        page.say(f"So far you are most like **{page.escaped(top[0])}** (chance {top[1]:.0%}).")
    with st.container(horizontal=True):
        metrics({quiz_answers.ACCURACY: quiz_answers.accuracy_text(known)})
        if said:
            share = float(np.exp(min(known.evidence.nats, 0.0)))
            metrics({"People who would answer as you did": f"{share:.0%}"})
    view = st.segmented_control(
        "Shown", (_PREFERENCES, _MAP), default=_PREFERENCES, required=True, key="side",
        label_visibility="collapsed", **IN_URL,
    )  # fmt: skip
    if view == _MAP:
        _map(id, known, said, fitted, p)
        return
    above, names = known.draws.preference_matrix(), subject.names
    order = np.argsort(-above.sum(axis=1), kind="stable")
    page.chart(
        figures.pairwise_probabilities(
            [names[i] for i in order], above[np.ix_(order, order)], None, **page.style()
        ),
        "ask-beliefs", alt="; ".join(names[i] for i in order),
        caption="The chance that you prefer the row to the column, as the model sees it. The "
        "answer that it thinks you like best stands first. You can check it: is it right?",
    )  # fmt: skip


def _map(id: str, known: Knowledge, said: Sequence[Answer], fitted: FittedRun, p: int) -> None:
    """The part of the latent space where the visitor's comparisons place them."""
    page.start_runtime()  # placing compiles
    atoms, drawing = precompute.answer(id, "where", fitted, "Looking at everybody possible")
    first = int(fitted.catalogue.offsets[p])
    pairs = known.evidence.comparisons.T.tolist()
    placed = atoms.given([(p, first + np.array(pair)) for pair in pairs], ERROR_RATE)
    region_chart(
        drawing, placed, "ask-where", "answers", "somebody who answers as you do lies outside"
    )
    if any(answer.kind in ("tie", "words") for answer in said):
        page.note("The map does not use sentences and the answers ‘about the same’.")
