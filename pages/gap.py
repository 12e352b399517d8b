"""The gap: why the reward model is not the truth, part by part."""

import streamlit as st

from scrl.types import InputError
from ui.lab import vanilla_gap
from ui.shared import controls, current_run, navigation, page, predict_first


def why(choice: controls.Choice) -> None:
    if not choice.source.is_scenario:
        st.info(
            "Nobody knows what real raters left unsaid, so there is no gap to explain; choose a "
            "scenario."
        )
        return
    prompt, rule = vanilla_gap.pick_prompt_and_rule(choice)
    try:
        vanilla_gap.show(choice, prompt, rule)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    vanilla_gap.show_social(choice, prompt, rule)


def show() -> None:
    page.opening("gap")
    if current_run.says_gone():
        return
    page.start_runtime()
    vanilla_gap.take_over_lab_choice()
    # On a phone the first column comes first: the picture.
    left, right = st.columns([2.2, 1], gap="large")
    with right:
        choice = controls.choose_run()
        predict_first.switch()
    if choice is not None:
        with left:
            why(choice)


navigation.ensure_navigation()
show()
