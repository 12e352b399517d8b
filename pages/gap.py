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
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        choice = controls.choose_run()
        predict_first.switch()
    if choice is not None:
        with right:
            why(choice)


navigation.ensure_navigation()
show()
