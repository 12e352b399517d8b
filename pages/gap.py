"""Why the reward model differs from everyone's complete ballots, cause by cause."""

import streamlit as st

from scrl.scenarios import STORIES
from scrl.types import InputError
from ui.lab import ratings_gap, vanilla_gap
from ui.shared import controls, current_run, navigation, page, predict_first


def why(choice: controls.Choice) -> None:
    try:
        if not choice.source.is_scenario:
            ratings_gap.show(choice)
            return
        prompt, rule = vanilla_gap.pick_prompt_and_rule(choice)
        shown = vanilla_gap.show(choice, prompt, rule)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    if shown:
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
        choice = controls.choose_run(default=st.session_state.get("last", STORIES[0].stem))
        predict_first.switch()
    if choice is not None:
        with left:
            why(choice)


navigation.ensure_navigation()
show()
