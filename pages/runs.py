"""Runs: what this viewer has trained, kept when the server stops."""

import streamlit as st

from ui.runs import kept
from ui.shared import asking, page


def runs() -> None:
    st.title("What have I trained?")
    found = kept.mine()
    if not found:
        st.info("No runs yet. Train one in the lab; it is then listed here.")
        st.page_link("pages/lab.py", label="The lab", icon=":material/science:")
        return
    kept.table(found)
    kept.actions(kept.chosen(found))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Compare", anchor=False, width="content")
        asking.switch()
    kept.compare(found)


page.ensure_frame()
runs()
