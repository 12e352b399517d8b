"""The class of a page's address: ``?room=`` with the teacher's ``key`` or the ``result`` key."""

from __future__ import annotations

import streamlit as st

from scrl.classroom import Teacher
from ui.classroom import class_store
from ui.shared import session

_OPENED = "class_opened"
session.keep(_OPENED)


def teacher() -> Teacher | None:
    """The room whose teacher opens this page; None without one.

    Raises:
        ClassroomError: the address names a room that is gone, or has another token.
    """
    query = st.query_params
    if "room" not in query and (opened := st.session_state.get(_OPENED)):
        query["room"], query["key"] = opened
    if not ("room" in query and "key" in query):
        return None
    found = class_store.store().teacher(query["room"], query["key"])
    st.session_state[_OPENED] = (found.code, found.token)
    return found


def open_room() -> None:
    """Open a room and put it in the address; for callbacks.

    Raises:
        ClassroomError: the server takes no more rooms.
    """
    made = class_store.store().create_room()
    st.query_params["room"], st.query_params["key"] = made.code, made.token
    st.session_state[_OPENED] = (made.code, made.token)


def leave() -> None:
    """Take the room out of the address and of the session."""
    for key in ("room", "key", "result"):
        st.query_params.pop(key, None)
    st.session_state.pop(_OPENED, None)
