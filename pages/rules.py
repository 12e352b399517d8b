"""Rules: one set of ballots, the winner by each rule, and how each rule counts."""

import streamlit as st

from ui.shared import navigation, page, predict_first
from ui.voting import candidate_key, left_out, rules, supported_orders


def show() -> None:
    page.opening("rules")
    page.start_counting()
    profile, meaning, widths = rules.choose_ballots()
    in_words = candidate_key.shortened(profile, candidate_key.MAX_LETTERS_IN_TEXT)
    every, faults = rules.count(profile, meaning, widths)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        outcomes = rules.pick_rules(every)
        predict_first.switch()
    shown = rules.guess_winners(in_words, outcomes)
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        above, below = st.container(), st.container()
    # In presenter mode the orders stand first: a class looks at them.
    with below if page.presenting() and shown else above:
        rules.show_ballots(profile, note=shown)
        candidate_key.draw(profile)
    if shown:
        with right:
            rule = rules.pick_rule(every)
            explanation = rules.explanation(in_words, every, rule, meaning, widths)
            rules.show_steps(explanation, profile, meaning, widths)
        with above if page.presenting() else below:
            rules.show_outcomes(profile, outcomes, rule)
            supported_orders.show(profile, outcomes, meaning)
            left_out.show_notes_of_widths(profile, every, meaning, widths)
        if not page.presenting():
            rules.show_numbers(profile, outcomes, faults, explanation)


navigation.ensure_navigation()
show()
