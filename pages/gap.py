"""Why is the reward model wrong? The gap to the truth, part by part."""

import streamlit as st

from ui import asking, controls, gap, page


def why() -> None:
    st.title("Why is the reward model wrong?")
    page.start_runtime()
    gap.arrive()
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        asking.switch()
        choice = controls.choose()
    if choice is not None:
        with right:
            gap.show(choice)


page.ensure_frame()
why()
