"""Policies: what is made of a reward, for whom, and how far it can be trusted."""

import streamlit as st

from ui import asking, page
from ui.policy import PARTS


def policy() -> None:
    st.title("What would a policy make of it?")
    page.start_runtime()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(PARTS), default=next(iter(PARTS)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        asking.switch()
    PARTS[part]()


page.ensure_frame()
policy()
