"""The lab: choose a population, guess, train, compare."""

import streamlit as st

from ui.lab import workbench
from ui.shared import controls, current_run, navigation, page


def show() -> None:
    page.opening("lab")
    if current_run.says_gone():
        return
    page.start_runtime()
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        choice = controls.choose_run(sliders=False)
    if choice is not None:
        with right:
            workbench.show(choice)


navigation.ensure_navigation()
show()
