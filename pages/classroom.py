"""Class: a class votes from its phones, and sees itself."""

import streamlit as st

from scrl.classroom import ClassroomError
from ui.classroom import controls, room_address, shared_result, teacher_view
from ui.shared import navigation, page


def show() -> None:
    page.opening("classroom")
    controls.show_problem()
    try:
        if "result" in st.query_params:
            page.start_runtime()
            shared_result.show()
        elif teacher := room_address.teacher():
            page.start_runtime()
            teacher_view.show(teacher)
            room_address.remember(teacher)
        else:
            teacher_view.show_start()
    except ClassroomError as error:
        st.error(page.escaped(str(error)))
        st.button("Open a new class", on_click=room_address.leave)


navigation.ensure_navigation()
show()
