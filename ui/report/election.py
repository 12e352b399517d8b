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
from ui.voting import profile_picker

#: Seconds for the margin of victory of a rule; a page should not keep its reader waiting longer.
SECONDS = 3.0


def report(profile: Profile, meaning: str, widths: str) -> ElectionReport:
    """The report without margins of victory.

    Args:
        profile: the ballots as they were cast.
        meaning, widths: what candidates left out mean, and what the width of a victory is.
    """
    title = profile_picker.title(st.session_state["profile_good"])
    return _report(profile_picker.cache_key(profile), meaning, widths, title, profile)


@st.cache_data(max_entries=50, show_spinner="Counting")
def _report(key: str, meaning: str, widths: str, title: str, _profile: Profile) -> ElectionReport:
    return election_report(_profile, title=title, left_out=meaning, widths=widths, margins=False)


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
