"""The revealed ballots to the lab, to a file, and as a link with the result."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from scrl.classroom import REVEALED, ClassroomError, Room, Teacher, ratings_of
from scrl.data import to_csv
from scrl.types import InputError, Ratings
from ui.classroom import invitation
from ui.shared import page, uploads


def show(teacher: Teacher, room: Room) -> None:
    """Draw the ways out of the page for everything that is revealed."""
    try:
        ratings = _revealed(teacher, room)
    except ClassroomError as error:
        st.error(page.escaped(str(error)))
        return
    if ratings is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Send the ballots to the lab", icon=":material/science:"):
            _to_lab(ratings, room.code)
        st.download_button(
            "Download the ballots (CSV)", to_csv(ratings), f"class-{room.code}.csv",
            "text/csv", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
    link = f"{invitation.chosen().address}/classroom?" + urlencode(
        {"room": room.code, "result": teacher.result_key}
    )
    st.markdown("Link with the results, without the controls:")
    st.code(link, language=None, wrap_lines=True)


def _revealed(teacher: Teacher, room: Room) -> Ratings | None:
    """All revealed ballots of the class; None where nothing is revealed."""
    rounds = [
        (question, r.number, teacher.ballots(question.id, r.number))
        for question in room.questions
        for r in question.rounds
        if r.state == REVEALED
    ]
    return ratings_of(rounds, f"class {room.code}") if rounds else None


def _to_lab(ratings: Ratings, code: str) -> None:
    try:
        id = uploads.cache().add(to_csv(ratings).encode(), f"class-{code}.csv")
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.session_state[page.RESET_CONTROLS] = True
    page.switch_to("pages/lab.py", scenario=id)
