"""How to make a sweep of one's own."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from ui.sweeps import chosen_sweep


def show() -> None:
    """Draw a folded note; nothing in presenter mode."""
    if page.presenting():
        return
    with st.expander("Make a sweep of your own", icon=":material/add:"):
        page.note(f"Sweeps in the folder {page.escaped(str(chosen_sweep.folder()))} are shown.")
