"""What a session keeps when the reader goes to another page.

A setting of one page is none of another, even where both have the same name. So the keys of widgets
are dropped on a change of page; only the keys that are declared here or by ``keep`` stay.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

_CURRENT_PAGE, _HANDED_OVER = "current_page", "handed_over"
#: Keys of the session that all pages share.
_SHARED_KEYS = {
    _CURRENT_PAGE, _HANDED_OVER, "framed", "viewer", "present",
    # The run and the scenario that the reader works with.
    "run", "shown", "last", "anew", "gap_from_lab",
    # What the reader has made: a scenario, a map, ballots.
    "draft", "map", "map_good", "map_number", "profile", "profile_good", "profile_fault",
}  # fmt: skip


def keep(key: str) -> None:
    """Declare that the session keeps a key on a change of page, as for the ids of jobs."""
    _SHARED_KEYS.add(key)


def hand_over(**values: Any) -> None:
    """Set these keys of the session for the next page."""
    st.session_state[_HANDED_OVER] = values


def current_page() -> str | None:
    """The stem of the page of the last rerun; None in a new session."""
    return st.session_state.get(_CURRENT_PAGE)


def enter(page: str) -> None:
    """Forget the settings of the page before, where ``page`` is another one."""
    state = st.session_state
    before = current_page()
    state[_CURRENT_PAGE] = page
    if before in (None, page):
        return
    for key in set(state) - _SHARED_KEYS:
        del state[key]
    for key, value in state.pop(_HANDED_OVER, {}).items():
        state[key] = value
