"""What the teacher does with the question that phones see, and the live counter."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl.classroom import CLOSED, OPEN, REVEALED, ClassroomError, Question, Room, Teacher
from ui.classroom import counting, room_address
from ui.shared import page

#: What the last click could not do, until the page has shown it.
_PROBLEM = "class_problem"
_STATE = {OPEN: "Voting is open", CLOSED: "Voting is closed", REVEALED: "Revealed"}


def show_counter(teacher: Teacher, room: Room) -> None:
    """Draw the number of ballots, which grows by itself."""
    drawn = False

    @st.fragment(run_every=1.5)
    def counter() -> None:
        nonlocal drawn
        first, drawn = not drawn, True
        try:
            now = teacher.room()
        except ClassroomError as error:
            st.error(page.escaped(str(error)))
            return
        # Another window of the teacher has done something. The run of a whole page goes on to its
        # end all the same: it may have a click to answer below.
        if now.version != room.version and not first:
            st.rerun(scope="app")
        _draw_counter(now)

    counter()


def _draw_counter(room: Room) -> None:
    question = room.current
    if question is not None and question.current.state == REVEALED:
        return
    phones = f"{room.phones} phone{'s' * (room.phones != 1)} joined"
    if question is None:
        st.html(f'<div style="font-size: 1.3rem" role="status">{phones}</div>')
        return
    cast = question.current.ballots
    size = "8rem" if page.presenting() else "4rem"
    st.html(
        f'<div role="status"><span style="font-size: {size}; font-weight: 700; line-height: 1.1">'
        f'{cast}</span> <span style="font-size: 1.3rem">ballot{"s" * (cast != 1)} · {phones}'
        "</span></div>"
    )


def show_actions(teacher: Teacher, question: Question) -> None:
    """Draw the buttons for the state that the question is in."""
    state, id = question.current.state, question.id
    round = f" · round {question.current.number}" if len(question.rounds) > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_STATE[state]}**{round}", width="content")
        if state == OPEN:
            _button("Close voting", ":material/lock:", lambda: teacher.close(id))
        if state == CLOSED:
            _button("Reopen voting", ":material/lock_open:", lambda: teacher.reopen(id))
        if state != REVEALED:
            _button(
                "Reveal", ":material/visibility:",
                lambda: teacher.reveal(id, counting.summarise), primary=True,
            )  # fmt: skip
        else:
            _button(
                "Second round" if question.current.number == 1 else "Another round",
                ":material/replay:", lambda: teacher.start_round(id),
            )  # fmt: skip


def show_deletions(teacher: Teacher, question: Question | None) -> None:
    """Draw the buttons that delete ballots, the question or the class; each asks first."""
    with st.container(horizontal=True):
        if question is not None:
            id = question.id
            _confirmed(
                "Reset this vote", "All ballots of this round will be deleted. Voting opens again.",
                lambda: teacher.reset(id),
            )  # fmt: skip
            _confirmed(
                "Delete this question", "The question and all its ballots will be deleted.",
                lambda: teacher.delete_question(id),
            )  # fmt: skip
        _confirmed(
            "Delete the class", "The class, its questions and all ballots will be deleted.",
            lambda: _delete(teacher),
        )  # fmt: skip


def _delete(teacher: Teacher) -> None:
    teacher.delete()
    room_address.leave()


def _confirmed(label: str, consequence: str, act: Callable[[], object]) -> None:
    with st.popover(label, icon=":material/delete:"):
        st.markdown(consequence)
        _button(f"Yes: {label[0].lower()}{label[1:]}", ":material/delete_forever:", act)


def _button(label: str, icon: str, act: Callable[[], object], primary: bool = False) -> None:
    st.button(label, icon=icon, type="primary" if primary else "secondary",
              on_click=attempt, args=(act,))  # fmt: skip


def attempt(act: Callable[[], object]) -> None:
    """Do what a button says, and keep its error for ``show_problem``; for callbacks.

    A callback runs before anything else on the page, so that no rerun loses the click.
    """
    try:
        act()
    except ClassroomError as error:
        st.session_state[_PROBLEM] = str(error)


def show_problem() -> None:
    """Show once what the last click could not do."""
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(page.escaped(problem))
