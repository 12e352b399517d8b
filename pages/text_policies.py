"""Policies on text: a language model trained on people's choices, and whom it then serves."""

import streamlit as st

from scrl.types import InputError
from ui.shared import navigation, page, page_parts
from ui.text_policies import before_and_after, live_writing, whom_it_serves, without_training

PARTS = {
    "Whom does it serve?": whom_it_serves.show,
    "Before and after": before_and_after.show,
    "Without training": without_training.show,
    "Write now": live_writing.show,
}


def show() -> None:
    page.opening("text_policies")
    try:
        page_parts.choose(PARTS)()
    except InputError as error:
        st.info(page.escaped(str(error)))


navigation.ensure_navigation()
show()
