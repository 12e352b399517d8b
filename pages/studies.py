"""How many raters does it take? Two studies of many runs, from baked results."""

import streamlit as st

from ui.runs import run_studies
from ui.shared import navigation, page_parts

PARTS = {
    "How many raters": run_studies.show_accuracy,
    "Where voters come from": run_studies.show_voter_sources,
}


def show() -> None:
    st.title("How many raters does it take?")
    page_parts.choose(PARTS)()


navigation.ensure_navigation()
show()
