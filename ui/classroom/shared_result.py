"""The read-only page of a class: what is revealed, without the controls."""

from __future__ import annotations

import streamlit as st

from ui.classroom import class_store, round_result
from ui.shared import page


def show() -> None:
    """Draw every revealed question of the room that the address names.

    Raises:
        ClassroomError: the room is gone, or the key is another one.
    """
    code, key = st.query_params.get("room", ""), st.query_params["result"]
    store = class_store.store()
    room = store.revealed_room(code, key)
    if not room.questions:
        st.info("Nothing is revealed yet. Reload this page later.")
        return
    ids = [question.id for question in room.questions]
    id = ids[-1]
    if len(ids) > 1:
        id = st.selectbox(
            "Question", ids, len(ids) - 1, format_func=lambda id: room.question(id).prompt[:80]
        )
    question = room.question(id)
    st.subheader(page.escaped(question.prompt), anchor=False)
    rounds = {r.number: store.revealed_ballots(code, key, id, r.number) for r in question.rounds}
    if len(rounds) > 1:
        round_result.compare_rounds(question, rounds)
    round_result.show(question, question.current.number, rounds[question.current.number], 0)
