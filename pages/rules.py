"""Rules: one set of ballots, every rule, and how each counted."""

import streamlit as st

from ui.shared import navigation, page, predict_first
from ui.voting import rules


def show() -> None:
    page.opening("rules")
    page.start_runtime()
    profile, meaning = rules.choose_ballots()
    outcomes, faults = rules.count(profile, meaning)
    shown = rules.guess_winners(profile, outcomes)
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        above, below = st.container(), st.container()
    # In presenter mode the orders stand first: a class looks at them.
    with below if page.presenting() and shown else above:
        rules.show_ballots(profile, note=shown)
    if shown:
        with right:
            rule = rules.pick_rule(outcomes)
            explanation = rules.explanation(profile, outcomes, rule, meaning)
            rules.show_steps(explanation)
        with above if page.presenting() else below:
            rules.show_outcomes(profile, outcomes, rule)
        if not page.presenting():
            rules.show_numbers(profile, outcomes, faults, explanation)
    predict_first.switch()


navigation.ensure_navigation()
show()
