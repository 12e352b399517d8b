"""The teacher's page: the invitation, the counter, the controls, and the revealed result."""

from __future__ import annotations

from functools import partial

import streamlit as st

from scrl.classroom import REVEALED, Question, Room, Teacher
from ui.classroom import (
    controls,
    hand_over,
    invitation,
    question_picker,
    room_address,
    round_result,
)
from ui.shared import page


def show_start() -> None:
    """Draw what the page does, and the button that opens a class."""
    page.say(
        "1. Open a class. You get a QR code and a short code.\n"
        "2. Choose a question. Everybody ranks the answers on their own phone, without an "
        "account.\n"
        "3. Press *Reveal*. The class sees what each voting rule makes of its ballots, what a "
        "usual reward model would learn from them, and who was silent."
    )
    st.button("Open a class", type="primary", icon=":material/groups:",
              on_click=room_address.open_room)  # fmt: skip
    for code in room_address.known_codes():
        st.button(f"Go on with class {code}", icon=":material/arrow_forward:",
                  on_click=room_address.go_on, args=(code,))  # fmt: skip
    page.note(
        "Nothing personal is stored: no names, no addresses, no times of votes. A class is deleted "
        "two weeks after its last use, or when you delete it."
    )


def show(teacher: Teacher) -> None:
    """Draw the page of a room.

    Raises:
        ClassroomError: the room is gone.
    """
    room = teacher.room()
    question = room.current
    if question is not None and question.current.state == REVEALED:
        _show_revealed(teacher, room, question)
    else:
        _show_vote(teacher, room, question)
    if page.presenting():
        return
    hand_over.show(teacher, room)
    if question is not None:
        _show_other_questions(teacher, room, question)
        controls.show_deletions(teacher, question)
    else:
        controls.show_deletions(teacher, None)
    _show_link(teacher)


def _show_link(teacher: Teacher) -> None:
    """On demand, the address that controls the class from another computer."""
    if st.button("Link for another computer", icon=":material/devices:"):
        st.code(room_address.link(teacher), language=None, wrap_lines=True)
        page.note("Whoever has this link controls the class, so do not show it to the class. It "
                  "leaves the page with your next step.")  # fmt: skip
    page.note(
        "This browser keeps the key of the class. The address above holds only its code, so "
        "pupils may see it. Bookmark it: in this browser it opens the class again."
    )


def _show_vote(teacher: Teacher, room: Room, question: Question | None) -> None:
    """How phones join, beside the question and the counter."""
    left, right = st.columns([1, 1] if page.presenting() else [1, 2], gap="large")
    with left:
        invitation.show(room.code)
    with right:
        if question is not None:
            _show_question(question)
        controls.show_counter(teacher, room)
        if question is not None:
            controls.show_actions(teacher, question)
        else:
            question_picker.show(teacher)


def _show_question(question: Question) -> None:
    st.subheader(page.escaped(question.prompt), anchor=False)
    if not page.presenting():
        with st.expander(f"{len(question.answers)} answers"):
            for number, answer in enumerate(question.answers, 1):
                st.markdown(f"{number}\\. {page.escaped(answer)}")


def _show_revealed(teacher: Teacher, room: Room, question: Question) -> None:
    """The result, then the next step of the class."""
    st.subheader(page.escaped(question.prompt), anchor=False)
    revealed = [r.number for r in question.rounds if r.state == REVEALED]
    rounds = {number: teacher.ballots(question.id, number) for number in revealed}
    controls.show_actions(teacher, question)
    if len(rounds) > 1:
        round_result.compare_rounds(question, rounds)
    number = revealed[-1]
    round_result.show(question, number, rounds[number], room.phones)
    # Another window of the teacher may go on; this one follows.
    controls.show_counter(teacher, room)


def _show_other_questions(teacher: Teacher, room: Room, question: Question) -> None:
    with st.expander("Ask the next question", icon=":material/add:"):
        question_picker.show(teacher, "Ask this question")
    others = [other for other in room.questions if other.id != question.id]
    if others:
        with st.expander(f"Questions asked before ({len(others)})"):
            for other in others:
                st.button(
                    f"Show: {page.escaped(other.prompt[:80])}", key=f"show-{other.id}",
                    on_click=controls.attempt, args=(partial(teacher.show, other.id),),
                )  # fmt: skip
