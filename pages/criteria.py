"""Criteria: what one may ask of a rule, and the ballots on which a rule fails it."""

import streamlit as st

from scrl.voting.criteria import CRITERIA
from ui.shared import navigation, page, predict_first
from ui.voting import candidate_key, criteria, profile_picker


def show() -> None:
    page.opening("criteria")
    page.start_runtime()
    predict_first.switch()
    if not criteria.guess_condorcet_rule():
        return
    left, right = st.columns([1.5, 1], gap="medium")
    rule, criterion = criteria.selected_cell()
    with left:
        criteria.show_table(rule, criterion)
    with right:
        criteria.cell_pickers(rule, criterion)
        page.say(f"{CRITERIA[criterion].statement}")
        source = criteria.ballot_source()
        if source == criteria.OWN_BALLOTS:
            cast = profile_picker.choose("majority")
            candidate_key.draw(cast)
            in_words = candidate_key.shortened(cast, candidate_key.MAX_LETTERS_IN_TEXT)
            criteria.show_own(in_words, rule, criterion)
        else:
            criteria.show_cell(rule, criterion)
    criteria.show_numbers()


navigation.ensure_navigation()
show()
