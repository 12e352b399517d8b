"""Distortion: what a rule leaves on the table, because ballots say which and not how much."""

import streamlit as st

from ui.shared import asking, page
from ui.voting.distortion import PARTS


def distortion() -> None:
    st.title("What can a choice cost?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
distortion()
