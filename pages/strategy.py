"""Strategy: who gains by lying, how often, and what it does to a reward model."""

import streamlit as st

from ui import asking, page
from ui.misreport import reward_model
from ui.strategy import how_often, one_lie, two_camps

PARTS = {
    "One lie": one_lie,
    "Both sides lie": two_camps,
    "How often it pays": how_often,
    "Lying to a reward model": reward_model,
}


def strategy() -> None:
    st.title("Who gains by lying?")
    page.start_runtime()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(PARTS), default="One lie", required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        asking.switch()
    PARTS[part]()


page.ensure_frame()
strategy()
