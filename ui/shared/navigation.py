"""The pages of the app, the sidebar, and page settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.shared import page
from ui.shared.page import PRESENTER_SCALE

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

#: The browser tab's icon, a file of ours: Streamlit's symbols would be fetched from the web.
ICON = Path(__file__).with_name("icon.svg")


def navigate() -> StreamlitPage:
    """Set the page settings, declare all pages, and return the page to run."""
    st.set_page_config(
        page_title="Social choice reward lab",
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state="collapsed" if page.presenting() else 240,
    )
    return st.navigation(
        {
            "Reward models": [
                st.Page(
                    "pages/finding.py", title="The finding", icon=":material/flag:", default=True
                ),
                st.Page("pages/scenario.py", title="Scenario", icon=":material/groups:"),
                st.Page("pages/lab.py", title="The lab", icon=":material/science:"),
                st.Page("pages/gap.py", title="Why wrong?", icon=":material/troubleshoot:"),
                st.Page("pages/latent.py", title="Latent space", icon=":material/scatter_plot:"),
                st.Page("pages/ask.py", title="Ask", icon=":material/quiz:"),
                st.Page("pages/training.py", title="Train wrongly", icon=":material/school:"),
                st.Page("pages/models.py", title="Models", icon=":material/scoreboard:"),
                st.Page("pages/policy.py", title="Policies", icon=":material/alt_route:"),
                st.Page("pages/studies.py", title="Studies", icon=":material/query_stats:"),
                st.Page("pages/runs.py", title="Runs", icon=":material/bookmarks:"),
            ],
            "Voting": [
                st.Page("pages/rules.py", title="Rules", icon=":material/how_to_vote:"),
                st.Page("pages/criteria.py", title="Criteria", icon=":material/checklist:"),
                st.Page("pages/distortion.py", title="Distortion", icon=":material/balance:"),
                st.Page("pages/strategy.py", title="Strategy", icon=":material/chess:"),
                st.Page("pages/theorems.py", title="Theorems", icon=":material/lightbulb:"),
            ],
        },
        expanded=True,
    )


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
    if page.presenting():
        # All of Streamlit's sizes are in rem.
        st.html(f"<style>html {{font-size: {16 * PRESENTER_SCALE:.0f}px}}</style>")
