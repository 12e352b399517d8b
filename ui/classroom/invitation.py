"""How phones join: the QR code, the address and the code of the class."""

from __future__ import annotations

from html import escape

import segno
import streamlit as st

from ui.classroom.addresses import Reach, reach
from ui.shared import page, session

_OTHER_ADDRESS, _FIELD = "class_address", "class_address_field"
session.keep(_OTHER_ADDRESS)


def show(code: str) -> None:
    """Draw the QR code with the address below it, and hints where phones cannot reach it."""
    found = chosen()
    link = f"{found.address}/join/{code}"
    # Black on white in the dark theme too: many phones read no other.
    picture = segno.make(link, error="m").svg_data_uri(border=3, dark="#000", light="#fff")
    width, size = ("44vh", "4.2rem") if page.presenting() else ("15rem", "2.6rem")
    st.html(
        f'<div style="font-size: 1.2rem; overflow-wrap: anywhere">{escape(_short(link, code))}'
        "/join</div>"
        f'<div style="font-size: {size}; font-weight: 700; letter-spacing: .1em; '
        f'line-height: 1.2">{code}</div>'
        f'<div><img src="{picture}" alt="QR code of {escape(link)}" '
        f'style="width: min(100%, {width}); border-radius: 8px"></div>'
    )
    if found.hint:
        st.warning(found.hint)
    if not page.presenting():
        _help(found, link)


def chosen() -> Reach:
    """The address for phones: the one that the teacher wrote, else the one that was found."""
    own = st.session_state.get(_OTHER_ADDRESS, "").strip().rstrip("/")
    if not own:
        return reach()
    return Reach(own if own.lower().startswith(("http://", "https://")) else f"http://{own}")


def _remember() -> None:
    # The field is gone where the page was left in the same moment.
    st.session_state[_OTHER_ADDRESS] = st.session_state.get(
        _FIELD, st.session_state.get(_OTHER_ADDRESS, "")
    )


def _short(link: str, code: str) -> str:
    return link.removesuffix(f"/join/{code}").removeprefix("http://")


def _help(found: Reach, link: str) -> None:
    with st.expander("A phone cannot open the page?"):
        st.markdown(
            "- The phone must be in the **same network** as this computer.\n"
            "- Guest networks and school networks often **keep devices apart**. Then use another "
            "network, or the hotspot of a phone, for this computer and the phones.\n"
            "- The computer’s **firewall** may ask whether Python may take connections. Allow "
            "it.\n"
            "- If the address above is the wrong one of several, write the right one here."
        )
        # Presenter mode does not draw the field, and Streamlit then forgets what it held.
        st.text_input(
            "Another address for phones", st.session_state.get(_OTHER_ADDRESS, ""),
            placeholder=found.address, key=_FIELD, on_change=_remember,
            max_chars=200,
        )  # fmt: skip
        st.link_button("Open the phone’s page here", link, icon=":material/smartphone:")
