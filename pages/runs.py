"""Runs: what this viewer has trained, kept when the server stops."""

import streamlit as st

from ui.runs import example, run_comparison, stored_runs
from ui.shared import navigation, page, predict_first


def show() -> None:
    page.opening("runs")
    stored_runs.bring()
    runs = stored_runs.of_viewer()
    if not runs:
        example.show()
        return
    stored_runs.show_table(runs)
    stored_runs.show_actions(stored_runs.choose(runs))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Compare", anchor=False, width="content")
        predict_first.switch()
    run_comparison.show(runs)


navigation.ensure_navigation()
show()
