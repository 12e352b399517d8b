"""Figures that are drawn once for all visitors: building one takes longer than sending it."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from ui.shared import page


def drawn(draw: Callable[[], go.Figure], *key: Hashable) -> go.Figure:
    """The figure of ``draw``, kept for the theme and scale of this viewer.

    Args:
        key: all that the figure depends on but the theme and the scale.
    """
    return _drawn(repr((key, page.style())), draw)


def figure(function: Callable[..., go.Figure], *arguments: Any, **settings: Any) -> go.Figure:
    """The figure ``function(*arguments, **settings)``, kept for the theme and scale of this viewer.

    Args:
        function: of ``scrl.figures``; it gets ``page.style()`` too.
        arguments, settings: plain data, as JSON takes it, of which the key is made.

    Raises:
        TypeError: an argument is no plain data.
    """
    look = page.style()
    key = json.dumps([function.__name__, arguments, list(settings.items()), look])
    return _drawn(key, lambda: function(*arguments, **settings, **look))


@st.cache_resource(max_entries=300, show_spinner=False)
def _drawn(key: str, _draw: Callable[[], go.Figure]) -> go.Figure:
    figure = _draw()
    _ = figure.layout  # complete before other sessions read it
    return figure
