"""Reward models side by side: one scenario, one scoreboard; and what raters are asked for."""

import streamlit as st

from ui import asking, page
from ui.models import PARTS


def models() -> None:
    st.title("Which reward model serves whom?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
models()
