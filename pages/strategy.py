"""Strategy: who gains by lying, how often, and what it does to a reward model."""

import streamlit as st

from ui.shared import asking, page
from ui.voting.misreport import reward_model
from ui.voting.strategy import how_often, one_lie, two_camps

PARTS = {
    "One lie": one_lie,
    "Both sides lie": two_camps,
    "How often it pays": how_often,
    "Lying to a reward model": reward_model,
}


def strategy() -> None:
    st.title("Who gains by lying?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
strategy()
