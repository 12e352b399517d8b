"""The lab: choose a population, guess, train, compare."""

import streamlit as st

from ui.lab import workbench
from ui.shared import controls, current_run, navigation, page


def show() -> None:
    page.opening("lab")
    if current_run.says_gone():
        return
    page.start_runtime()
    # On a phone the first column comes first: the picture.
    left, right = st.columns([2.2, 1], gap="large")
    with right:
        choice = controls.choose_run(sliders=False)
    if choice is not None:
        with left:
            workbench.show(choice)


navigation.ensure_navigation()
show()
