"""Rules: one set of ballots, every rule, and how each counted."""

import streamlit as st

from ui.shared import asking, page
from ui.voting import counting, profiles


def rules() -> None:
    st.title("One set of ballots. Who wins?")
    page.start_runtime()
    profile = profiles.choose()
    outcomes, faults = counting.count(profile)
    shown = counting.ask(profile, outcomes)
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        above, below = st.container(), st.container()
    # The ballots first; presented, the orders first, which is what a class looks at.
    with below if page.presenting() and shown else above:
        counting.show_ballots(profile, note=shown)
    if shown:
        with right:
            rule = counting.pick_rule(outcomes)
            told = counting.told(profile, outcomes, rule)
            counting.show_steps(told)
        with above if page.presenting() else below:
            counting.show_standings(profile, outcomes, rule)
        if not page.presenting():
            counting.show_numbers(profile, outcomes, faults, told)
    asking.switch()


page.ensure_frame()
rules()
