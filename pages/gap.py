"""The gap: why the reward model is not the truth, part by part."""

import streamlit as st

from scrl.types import InputError
from ui.lab import gap
from ui.shared import asking, controls, page, runs


def why(choice: controls.Choice) -> None:
    if not choice.source.is_scenario:
        st.info(
            "Nobody knows what real raters left unsaid, so there is no gap to explain; choose a "
            "scenario."
        )
        return
    runs.remember_types(choice.source)
    prompt, rule = gap.pick(choice)
    try:
        gap.show(choice, prompt, rule)
    except InputError as error:
        st.error(str(error))
        return
    gap.social(choice, prompt, rule)


def explained() -> None:
    st.title("Why is the reward model wrong?")
    page.start_runtime()
    gap.arrive()
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        choice = controls.choose()
        asking.switch()
    if choice is not None:
        with right:
            why(choice)


page.ensure_frame()
explained()
