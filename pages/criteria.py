"""Criteria: what one may ask of a rule, and the ballots on which a rule fails it."""

import streamlit as st

from scrl.voting.criteria import CRITERIA
from ui.shared import page
from ui.voting import criteria as shown
from ui.voting import profiles


def criteria() -> None:
    st.title("Every rule breaks a promise. Which one?")
    page.start_runtime()
    if not shown.ask():
        return
    left, right = st.columns([1.2, 1], gap="medium")
    rule, criterion = shown.chosen()
    with left:
        shown.show_table(rule, criterion)
    with right:
        shown.pick(rule, criterion)
        st.markdown(f"{CRITERIA[criterion].statement}")
        source = shown.source()
        if source == shown.OWN:
            shown.show_own(profiles.choose("majority"), rule, criterion)
        else:
            shown.show_cell(rule, criterion)
    shown.show_numbers()


page.ensure_frame()
criteria()
