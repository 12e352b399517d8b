"""Reward models side by side: one scenario, one scoreboard; and what raters are asked for."""

import streamlit as st

from ui.models import formats, hidden_context, maze, people
from ui.models import page as models
from ui.shared import asking, page

PARTS = {
    "Scoreboard": models.board,
    "The maze": maze.show,
    "Real people": people.show,
    "Feedback formats": formats.show,
    "Hidden context": hidden_context.show,
}


def show() -> None:
    st.title("Which reward model serves whom?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
show()
