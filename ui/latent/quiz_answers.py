"""A visitor's answers to the page that asks: in the URL, and as a summary at the end."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.studies import Belief, Quiz
from ui.latent.widgets import metrics
from ui.shared import page

#: Pairs, and what was said of each: ``"1"`` the first is preferred, ``"0"`` the second, ``"t"``
#: they are about the same, ``"s"`` no answer.
Said = list[tuple[int, str]]

#: URL parameters: the answers; ``"true"`` once the visitor has ended; ``"true"`` if asked for more.
_SAID, _END, _MORE = "said", "end", "more"
#: The page ends where the best question is worth less than this, in bits.
ENOUGH_BITS = 0.02
#: Label of the share of pairs that the model expects to predict rightly.
ACCURACY = "Your choices it can guess"
_FIRST = {"1": True, "0": False, "t": None}


def read(quiz: Quiz) -> Said:
    """The answers in the URL, ``2.0-5.1-7.t``; none, with a message, where they do not fit."""
    said: Said = []
    answered = set()
    for part in filter(None, st.query_params.get(_SAID, "").split("-")):
        pair, _, code = part.partition(".")
        if pair.isdecimal() and code in (*_FIRST, "s") and int(pair[:6]) < len(quiz.pairs):
            if int(pair) not in answered:
                said.append((int(pair), code))
                answered.add(int(pair))
        else:
            st.warning("The answers in this link belong to another model. The page starts again.")
            write([])
            return []
    return said


def write(said: Said) -> None:
    """Put the answers in the URL; for callbacks. Without answers nothing has ended."""
    st.query_params.pop(_END, None)
    if said:
        st.query_params[_SAID] = "-".join(f"{pair}.{code}" for pair, code in said)
    else:
        st.query_params.pop(_SAID, None)
        st.query_params.pop(_MORE, None)


def known(said: Said) -> list[tuple[int, bool | None]]:
    """The answers that say something, as ``Quiz.posterior`` takes them."""
    return [(pair, _FIRST[code]) for pair, code in said if code in _FIRST]


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
    """Whether the visitor wants questions even where they tell next to nothing."""
    return st.query_params.get(_MORE) == "true"


def accuracy_text(quiz: Quiz, belief: Belief, said: Said) -> str:
    """The share of pairs that the model expects to predict rightly."""
    return f"{quiz.expected_accuracy(belief, known(said)):.0%}"


def summary(
    quiz: Quiz,
    belief: Belief,
    said: Said,
    names: list[str],
    clusters: dict[str, float],
    more: bool,
) -> None:
    """What the model now believes, how sure it is, the predicted order, and a new start.

    Args:
        more: whether a question is left.
    """
    above = quiz.preference_matrix(belief, known(said))
    order = np.argsort(-above.sum(axis=1), kind="stable")
    st.subheader("What the model now believes", anchor=False)
    page.say("Your order, best first:")
    st.markdown("\n".join(f"{i}. {page.escaped(names[k])}" for i, k in enumerate(order, 1)))
    if clusters:
        top = max(clusters, key=clusters.get)
        page.say(
            f"You are most like **{page.escaped(top)}**, with a chance of {clusters[top]:.0%}."
        )
    metrics({ACCURACY: accuracy_text(quiz, belief, said)})
    counts = [(sum(code in "01" for _, code in said), "choices"),
              (sum(code == "t" for _, code in said), "‘about the same’"),
              (sum(code == "s" for _, code in said), "‘I cannot say’")]  # fmt: skip
    page.note(
        f"From your {len(said)} answer{'s' if len(said) != 1 else ''}: "
        + ", ".join(f"{n} {what}" for n, what in counts if n or what == "choices")
        + f". There are {len(quiz.pairs)} pairs in all."
    )
    with st.container(horizontal=True):
        st.button("Start again", on_click=write, args=([],), key="anew", type="primary",
                  icon=":material/restart_alt:")  # fmt: skip
        if more or len(said) < len(quiz.pairs):
            st.button("Ask me more", on_click=_go_on, key="more", icon=":material/add:")
        st.button("Take back", on_click=write, args=(said[:-1],), key="back", type="tertiary",
                  icon=":material/undo:")  # fmt: skip
