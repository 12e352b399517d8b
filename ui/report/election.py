"""The report on the chosen ballots, computed once for all visitors."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from scrl.election_reports import (
    MARGIN_RULES,
    ElectionReport,
    MarginEntry,
    election_report,
    margin_entry,
)
from scrl.voting import RULES, Profile
from ui.shared.page import IN_URL
from ui.voting import profile_picker, record_upload

#: Seconds for the margin of victory of a rule; a page should not keep its reader waiting longer.
SECONDS = 3.0


def pick_seats(profile: Profile) -> int:
    """The choice of how many candidates are elected; a file that says it sets it."""
    most = len(profile.names)
    if most < 2:
        return 1
    state, key = st.session_state, record_upload.SEATS_KEY
    state[key] = min(max(int(state.get(key, 1)), 1), most)
    help = "More than one seat is also filled by the single transferable vote, stage by stage."
    return int(st.number_input("Seats", 1, most, key=key, width=140, help=help, **IN_URL))


def report(profile: Profile, meaning: str, widths: str, seats: int) -> ElectionReport:
    """The report without margins of victory.

    Args:
        profile: the ballots as they were cast.
        meaning, widths: what candidates left out mean, and what the width of a victory is.
        seats: how many candidates are elected.
    """
    title = profile_picker.title(st.session_state["profile_good"])
    return _report(profile_picker.cache_key(profile), meaning, widths, title, seats, profile)


@st.cache_data(max_entries=50, show_spinner="Counting")
def _report(
    key: str, meaning: str, widths: str, title: str, seats: int, _profile: Profile
) -> ElectionReport:
    return election_report(
        _profile, title=title, left_out=meaning, widths=widths, margins=False, seats=seats
    )


def margins(profile: Profile) -> Iterator[MarginEntry]:
    """The margins of victory one after another, under a message that names the rule."""
    key = profile_picker.cache_key(profile)
    for rule in MARGIN_RULES:
        with st.spinner(f"How many ballots would change the winner by {RULES[rule].title}?"):
            entry = _margin(key, rule, profile)
        yield entry


@st.cache_data(max_entries=300, show_spinner=False)
def _margin(key: str, rule: str, _profile: Profile) -> MarginEntry:
    return margin_entry(_profile, rule, SECONDS)
