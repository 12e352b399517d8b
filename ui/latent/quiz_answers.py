"""A visitor's answers to the page that asks: in the URL, and as a summary at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from scrl.elicitation import Answer
from ui.latent.quiz_state import Knowledge, Subject
from ui.latent.widgets import metrics
from ui.shared import page

#: URL parameters: the answers; ``"true"`` once the visitor has ended; ``"true"`` if asked for more.
_SAID, _END, _MORE = "said", "end", "more"
#: Most answers of a link.
MAX_ANSWERS = 60
#: Session key: what is picked of the question that is shown.
PICKED = "picked"
#: Label of the share of pairs that the model expects to predict rightly.
ACCURACY = "Share of your choices it expects to guess right"
_COUNTED = {
    "best": "choices", "ends": "best and worst", "rank": "rankings", "words": "sentences",
    "tie": "‘about the same’", "none": "‘I cannot say’",
}  # fmt: skip


def read(size: int, topics: int) -> list[Answer]:
    """The answers in the URL; none, with a message, where they do not fit.

    Args:
        size: completions of the prompt; topics: what sentences may be about.
    """
    found: list[Answer] = []
    for part in list(filter(None, _text().split("-")))[:MAX_ANSWERS]:
        answer = Answer.decoded(part, size, topics)
        if answer is None:
            st.warning("The answers in this link belong to another model. The page starts again.")
            write([], size)
            return []
        if answer.kind == "words" or all(answer.shown != a.shown for a in found):
            found.append(answer)
    return found


def _text() -> str:
    return st.query_params.get(_SAID, "")


def write(said: Sequence[Answer], size: int) -> None:
    """Put the answers in the URL; for callbacks. Without answers nothing has ended."""
    st.query_params.pop(_END, None)
    st.session_state.pop(PICKED, None)
    if said:
        st.query_params[_SAID] = encoded(said, size)
    else:
        st.query_params.pop(_SAID, None)
        st.query_params.pop(_MORE, None)


def encoded(said: Sequence[Answer], size: int) -> str:
    """The answers as one string."""
    return "-".join(answer.encoded(size) for answer in said)


def end() -> None:
    """End the questions; for callbacks."""
    st.query_params[_END] = "true"


def ended() -> bool:
    """Whether the visitor has ended the questions."""
    return st.query_params.get(_END) == "true"


def _go_on() -> None:
    st.query_params.pop(_END, None)
    st.query_params[_MORE] = "true"


def asked_for_more() -> bool:
    """Whether the visitor wants questions even where they are worth less than they cost."""
    return st.query_params.get(_MORE) == "true"


def accuracy_text(known: Knowledge) -> str:
    """The share of pairs that the model expects to predict rightly."""
    return f"{float(known.draws.expected_accuracy()):.0%}"


def likeliest_type(known: Knowledge, subject: Subject) -> tuple[str, float] | None:
    """The likeliest name of a type and its chance; None where there is one type only."""
    chance = known.draws.type_probabilities(len(subject.types))
    total: dict[str, float] = {}
    for name, value in zip(subject.types, chance.tolist(), strict=True):
        total[name] = total.get(name, 0.0) + value
    if len(total) < 2:
        return None
    name = max(total, key=total.get)
    return name, total[name]


def summary(
    known: Knowledge, subject: Subject, said: Sequence[Answer], why: str, more: bool
) -> None:
    """What the model now believes, how sure it is, the predicted order, and a new start.

    Args:
        why: the page ends here; empty where the visitor has ended.
        more: whether a question is left.
    """
    above = known.draws.preference_matrix()
    order = np.argsort(-above.sum(axis=1), kind="stable")
    st.subheader("What the model now believes", anchor=False)
    if why:
        page.say(why)
    page.say("Your order, best first:")
    st.markdown("\n".join(f"{i}. {page.escaped(subject.names[k])}" for i, k in enumerate(order, 1)))
    top = likeliest_type(known, subject)
    if top:
        page.say(f"You are most like **{page.escaped(top[0])}**, with a chance of {top[1]:.0%}.")
    metrics({ACCURACY: accuracy_text(known)})
    counts = {kind: sum(a.kind == kind for a in said) for kind in _COUNTED}
    page.note(
        f"From your {len(said)} answer{'s' if len(said) != 1 else ''}: "
        + ", ".join(f"{n} {_COUNTED[k]}" for k, n in counts.items() if n or k == "best") + "."
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button("Start again", on_click=write, args=([], subject.size), key="anew",
                  type="primary", icon=":material/restart_alt:")  # fmt: skip
        if more:
            st.button("Ask me more", on_click=_go_on, key="more", icon=":material/add:")
        st.button("Take back", on_click=write, args=(said[:-1], subject.size), key="back",
                  type="tertiary", icon=":material/undo:")  # fmt: skip
