"""Runs: what this viewer has trained, kept when the server stops."""

import streamlit as st

from ui import kept, page


def runs() -> None:
    st.title("What have I trained?")
    found = kept.mine()
    if not found:
        st.info("No runs yet. Train one in the lab; it is then listed here.")
        return
    kept.table(found)
    kept.actions(kept.chosen(found))
    st.subheader("Compare", anchor=False)
    kept.compare(found)


page.ensure_frame()
runs()
