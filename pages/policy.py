"""Policies: what is made of a reward, for whom, and how far it can be trusted."""

import streamlit as st

from ui.policies.page import PARTS
from ui.shared import asking, page


def policy() -> None:
    st.title("What would a policy make of it?")
    page.start_runtime()
    asking.part_of(PARTS)()


page.ensure_frame()
policy()
