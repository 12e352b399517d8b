"""Notes on candidates that no ballot orders."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from scrl.voting import Profile
from scrl.voting.explain import supported_orders_notes
from ui.shared import page
from ui.voting import profile_picker


def show(profile: Profile, rules: Iterable[str], meaning: str) -> None:
    """Say which candidates no ballot orders.

    Args:
        profile: the ballots as they were cast.
        rules: whose orders are shown.
        meaning: what candidates left out mean, a key of ``left_out.MEANINGS``.
    """
    for note in _notes(profile_picker.cache_key(profile), tuple(rules), meaning, profile):
        page.note(page.escaped(note))


@st.cache_data(max_entries=300, show_spinner=False)
def _notes(key: str, rules: tuple[str, ...], meaning: str, _profile: Profile) -> list[str]:
    return supported_orders_notes(_profile, rules, meaning)
