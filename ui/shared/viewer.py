"""The viewer's token: an unguessable string in a cookie of this site, which owns their runs.

A viewer's runs are listed after a reload and after a restart of the server; a shared link gives
access to one run only. Streamlit reads cookies but cannot set them, so a line of script does.
Without cookies the token lasts as long as the tab, and links still find runs.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st

_COOKIE_NAME = "scrl_viewer"
_TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{20,64}")


def token() -> str:
    """The token of this viewer."""
    state = st.session_state
    if "viewer" not in state:
        state["viewer"] = _token_in_cookie() or secrets.token_urlsafe(24)
    return state["viewer"]


def _token_in_cookie() -> str:
    """The token in the cookie; "" without one or with a malformed one."""
    cookie = st.context.cookies.get(_COOKIE_NAME)
    return cookie if isinstance(cookie, str) and _TOKEN_PATTERN.fullmatch(cookie) else ""


def remember() -> None:
    """Store the token in the browser for a year, unless it has one."""
    if _token_in_cookie():
        return
    st.html(
        f"<script>if (!document.cookie.includes('{_COOKIE_NAME}=')) document.cookie = "
        f"'{_COOKIE_NAME}={token()}; path=/; max-age=31536000; SameSite=Strict'</script>",
        unsafe_allow_javascript=True,
    )
