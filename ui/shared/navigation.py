"""The pages of the app, the sidebar, and page settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.shared import page, session
from ui.shared.page import PRESENTER_SCALE
from ui.shared.page_index import PAGES

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

#: The browser tab's icon, a file of ours: Streamlit's symbols would be fetched from the web.
ICON = Path(__file__).with_name("icon.svg")
#: Captions carry the explanations, so they have the contrast of text. A closed sidebar keeps no
#: keyboard focus. The colour of buttons, on which white is legible, is too dark for text.
_STYLE = """
[data-testid="stCaptionContainer"] { opacity: 1; }
[data-testid="stSidebar"][data-collapsed="true"],
[data-testid="stSidebar"][data-collapsed="true"] * { visibility: hidden; }
[data-testid^="stBaseButton-segmented_controlActive"], [data-testid^="stBaseButton-pillsActive"],
[data-testid="stButtonGroup"] [data-selected="true"], [data-testid="stSliderThumbValue"]
{ color: inherit !important; }
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] * { white-space: normal; }
[data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; }
"""


def navigate() -> StreamlitPage:
    """Set the page settings, declare all pages, and return the page to run.

    The sidebar shows the pages without a topic, and the page that is open. The others stand on the
    hub and in links.
    """
    # The icon comes first: a page without one gets Streamlit's symbol, fetched from the web.
    st.set_page_config(page_icon=str(ICON))
    before = session.current_page()
    current = st.navigation(_sections(before), expanded=True)
    if PAGES[_stem(current)].topic and _stem(current) != before:
        current = st.navigation(_sections(_stem(current)), expanded=True)
    st.set_page_config(
        page_title=f"{current.title} · Social choice reward lab",
        layout="wide",
        initial_sidebar_state="collapsed" if page.presenting() else 240,
    )
    return current


def _stem(current: StreamlitPage) -> str:
    """The stem of the file of a page."""
    return current.url_path or next(iter(PAGES))


def _sections(shown: str | None) -> dict[str, list[StreamlitPage]]:
    """The pages by section; of those with a topic only ``shown`` is visible."""
    sections: dict[str, list[StreamlitPage]] = {}
    for stem, entry in PAGES.items():
        sections.setdefault(entry.section, []).append(
            st.Page(
                f"pages/{stem}.py",
                title=entry.label,
                icon=f":material/{entry.icon}:",
                default=stem == next(iter(PAGES)),
                visibility="visible" if not entry.topic or stem == shown else "hidden",
            )
        )
    return sections


def ensure_navigation() -> None:
    """Declare the navigation where ``app.py`` has not; every page file begins with this.

    When the first request to a server is for a page other than the first, Streamlit finds the
    folder ``pages`` and runs the page file without ``app.py``.
    """
    if "framed" not in st.session_state:
        navigate()
        st.rerun()


def draw_sidebar() -> None:
    """Draw the sidebar of every page, and enlarge type in presenter mode."""
    st.session_state["framed"] = True
    with st.sidebar:
        st.toggle(
            "Presenter mode",
            key="present",
            bind="query-params",
            help="Larger type, and only what a class needs to see. The switch is part of the URL.",
        )
    st.html(f"<style>{_STYLE}</style>")
    if page.presenting():
        # All of Streamlit's sizes are in rem. A projector has no room to waste above the heading.
        st.html(
            f"<style>html {{font-size: {16 * PRESENTER_SCALE:.0f}px}}"
            "@media (min-width: 800px) {[data-testid='stMainBlockContainer'] {padding-top: 1rem}"
            "[data-testid='stHeader'] {background: transparent; pointer-events: none}"
            "[data-testid='stHeader'] button {pointer-events: auto}}"
            "</style>"
        )
