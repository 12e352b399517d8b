"""Reward models side by side: one scenario, one scoreboard; and what raters are asked for."""

import streamlit as st

from ui import asking, formats, hidden, maze, models, page, people

PARTS = {
    "Scoreboard": models.board,
    "The maze": maze.show,
    "Real people": people.show,
    "Feedback formats": formats.show,
    "Hidden context": hidden.show,
}


def show() -> None:
    st.title("Which reward model serves whom?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
show()
