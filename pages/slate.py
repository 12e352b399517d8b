"""Slate: several answers in place of one, by each rule, and whom they serve."""

import streamlit as st

from ui.shared import navigation, page
from ui.slate import slates, stv_stages, verdicts
from ui.voting import candidate_key, profile_picker


def show() -> None:
    page.opening("slate")
    page.start_runtime()
    cast = profile_picker.choose_as_cast("answers")
    settings = slates.pick_settings(cast)
    if settings is None:
        return
    short = candidate_key.shortened(cast, candidate_key.MAX_LETTERS_IN_TEXT)
    profile = slates.by_favourite(short)
    rows, faults = slates.count(profile, *settings)
    slates.say_whom_they_serve(rows, settings, len(profile.names))
    rule = slates.rule_wanted(rows)
    slates.show_rows(profile, rows, rule)
    candidate_key.draw(cast)
    rule = slates.pick_rule(rows, rule)
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        verdicts.show(profile, rows[rule], settings)
    with right:
        st.markdown("**How the transferable vote fills the slate**")
        stv_stages.show(profile, settings.seats)
    slates.show_numbers(profile, rows, faults)


navigation.ensure_navigation()
show()
