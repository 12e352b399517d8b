"""The class that this browser controls.

The address names the class by its code, ``?room=``, which stands on the board anyway. The teacher's
key stays in the session and in a cookie, so that a pupil who copies the address from the wall
controls nothing. A link with the key opens the class in another browser; the key is taken out of
the address at once.
"""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from scrl.classroom import ClassroomError, Teacher, read_code
from ui.classroom import class_store, invitation
from ui.shared import session

_OPENED, _COOKIE = "class_opened", "scrl_class_"
#: Seconds for which the browser keeps the key: a class is deleted two weeks after its last use.
_LIFETIME = 60 * 86_400
session.keep(_OPENED)


def teacher() -> Teacher | None:
    """The room whose teacher opens this page; None without one.

    Raises:
        ClassroomError: the address names a room that is gone, or that this browser does not
            control, or has another token.
    """
    query = st.query_params
    opened = st.session_state.get(_OPENED)
    if "room" not in query:
        if not opened:
            return None
        query["room"] = opened[0]
    code = read_code(query["room"])
    key = query.get("key") or (opened[1] if opened and opened[0] == code else _cookies().get(code))
    if not key:
        raise ClassroomError(
            "This browser does not control the class. Open the class page where it was opened, "
            "and press ‘Link for another computer’ there. "
            f"To vote, open {invitation.chosen().address}/join/{code}",
            403,
        )
    found = class_store.store().teacher(code, key)
    st.session_state[_OPENED] = (found.code, found.token)
    query.pop("key", None)
    return found


def remember(teacher: Teacher) -> None:
    """Store the key in this browser, unless it has it."""
    if _cookies().get(teacher.code) == teacher.token:
        return
    # Both are made of letters, digits, "-" and "_" only: the store has just recognised them.
    st.html(
        f"<script>document.cookie = '{_COOKIE}{teacher.code}={teacher.token}; path=/; "
        f"max-age={_LIFETIME}; SameSite=Strict'</script>",
        unsafe_allow_javascript=True,
    )


def known_codes() -> list[str]:
    """The codes of the classes that this browser controls and that still exist."""
    found = []
    for code, token in list(_cookies().items())[:20]:
        try:
            found.append(class_store.store().teacher(code, token).code)
        except ClassroomError:
            continue
    return found


def go_on(code: str) -> None:
    """Open a class of ``known_codes``; for callbacks."""
    st.session_state[_OPENED] = (code, _cookies()[code])
    st.query_params["room"] = code


def link(teacher: Teacher) -> str:
    """The address that opens the class in another browser, with its controls."""
    query = urlencode({"room": teacher.code, "key": teacher.token})
    return f"{invitation.chosen().address}/classroom?{query}"


def open_room() -> None:
    """Open a room and put its code in the address; for callbacks.

    Raises:
        ClassroomError: the server takes no more rooms.
    """
    made = class_store.store().create_room()
    st.query_params["room"] = made.code
    st.session_state[_OPENED] = (made.code, made.token)


def leave() -> None:
    """Take the room out of the address and of the session."""
    for key in ("room", "key", "result"):
        st.query_params.pop(key, None)
    st.session_state.pop(_OPENED, None)


def _cookies() -> dict[str, str]:
    """Code -> the teacher's key, as this browser keeps them."""
    return {
        name.removeprefix(_COOKIE): value
        for name, value in st.context.cookies.items()
        if name.startswith(_COOKIE)
    }
