"""Whose a run is: an unguessable token in a cookie of this site.

A person's runs are listed after a reload and after a restart, while a link that is passed on gives
away one run and not all. Streamlit reads cookies but cannot set them, so a line of script does.
Where cookies are refused, the token lasts as long as the tab, and links still find runs.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st

# -- whose a run is -------------------------------------------------------------------------------

_COOKIE_NAME = "scrl_viewer"
_TOKEN_PATTERN = re.compile(r"[A-Za-z0-9_-]{20,64}")


def token() -> str:
    """The token of this viewer."""
    state = st.session_state
    if "viewer" not in state:
        state["viewer"] = _token_in_cookie() or secrets.token_urlsafe(24)
    return state["viewer"]


def _token_in_cookie() -> str:
    """The token that the browser keeps; "" for none, or one that is not ours."""
    found = st.context.cookies.get(_COOKIE_NAME)
    return found if isinstance(found, str) and _TOKEN_PATTERN.fullmatch(found) else ""


def remember() -> None:
    """Have the browser keep the token for a year, where it has none yet."""
    if _token_in_cookie():
        return
    st.html(
        f"<script>if (!document.cookie.includes('{_COOKIE_NAME}=')) document.cookie = "
        f"'{_COOKIE_NAME}={token()}; path=/; max-age=31536000; SameSite=Strict'</script>",
        unsafe_allow_javascript=True,
    )
