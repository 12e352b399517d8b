"""Figures that scroll sideways on a narrow page, where their columns would overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def scrolling(key: str, width: int = 620) -> DeltaGenerator:
    """A container whose figure keeps ``width`` pixels on a narrow page.

    There a line above the figure says so; it takes the keyboard's focus, so that the arrow keys
    scroll the figure.

    Args:
        key: of the container, with letters, digits, "-" and "_" only.
    """
    st.html(
        f"<style>@media (max-width: 640px) {{.st-key-{key} {{overflow-x: auto;}}"
        f".st-key-{key} > div {{min-width: {width}px;}}}}"
        "@media (min-width: 641px) {[data-testid=stElementContainer]:has(.scroll-hint)"
        "{display: none;}}</style>"
    )
    container = st.container(key=key)
    container.html('<span class="scroll-hint" tabindex="0">Scroll sideways to see all.</span>')
    return container
