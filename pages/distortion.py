"""Distortion: what a rule leaves on the table, because ballots say which and not how much."""

import streamlit as st

from ui import asking, page
from ui.distortion import PARTS


def distortion() -> None:
    st.title("What can a choice cost?")
    page.start_runtime()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(PARTS), default=next(iter(PARTS)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        asking.switch()
    PARTS[part]()


page.ensure_frame()
distortion()
