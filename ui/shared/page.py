"""What every page shares: presenter mode, the theme, figures and their captions, URL values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.shared import compilation, glossary, session
from ui.shared.foreign_text import escaped as escaped
from ui.shared.page_index import PAGES

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Keyword of widgets whose value stands in the URL under their key.
IN_URL = {"bind": "query-params"}
#: Scale of type and marks in presenter mode.
PRESENTER_SCALE = 1.3
#: Session key: controls of the next page start from the values of its scenario.
RESET_CONTROLS = "anew"
#: Settings of Plotly in the browser.
PLOTLY_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def switched_on(key: str) -> bool:
    """Whether a switch bound to the URL is on, also before it is drawn."""
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def presenting() -> bool:
    """Whether presenter mode is on; the switch stands in the URL as ``?present=true``."""
    return switched_on("present")


def is_dark() -> bool:
    """Whether the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def style() -> dict[str, Any]:
    """Theme and scale of figures for this viewer, as keywords of ``scrl.figures``."""
    return {"dark": is_dark(), "scale": PRESENTER_SCALE if presenting() else 1.0}


def opening(stem: str, title: str = "", question: bool = True) -> None:
    """Begin a page: its heading, which question it answers, and for whom.

    The settings of the page before are dropped, so this comes before any widget of the page.

    Args:
        stem: of the page in ``PAGES``.
        title: a heading in place of the page's own.
        question: whether to say which question the page answers, and for whom.
    """
    session.enter(stem)
    entry = PAGES[stem]
    st.title(title or entry.title)
    if question and not presenting():
        st.markdown(f"{entry.question} *For {entry.audience}.*")


def say(text: str) -> None:
    """Text of a page as Markdown, with the glossary entries of its terms behind a mark."""
    st.markdown(text, help=glossary.found_in(text) or None)


def note(text: str) -> None:
    """An explanation of a figure or a widget as Markdown, with its glossary entries."""
    st.caption(text, help=glossary.found_in(text) or None)


def chart(figure: go.Figure, key: str, alt: str, caption: str = "") -> None:
    """A figure, its caption, and a description for screen readers."""
    st.plotly_chart(figure, theme=None, key=key, config=PLOTLY_CONFIG, alt=alt)
    if caption:
        note(caption)


def slider(
    label: str,
    key: str,
    low: float,
    high: float,
    value: float,
    step: float,
    format: str,
    **settings: Any,
) -> float:
    """A slider whose value stands in the URL."""
    # Real numbers throughout: for whole ones Streamlit fails on an infinite one in the URL.
    numbers = (float(x) for x in (low, high, value, step))
    return st.slider(label, *numbers, format=format, key=key, bind="query-params", **settings)


def switch_to(target: str, **parameters: str) -> None:
    """Go to another page with these URL parameters; presenter mode stays as it is."""
    if presenting():
        parameters["present"] = "true"
    st.switch_page(target, query_params=parameters)


def go_button(label: str, target: str, parameters: dict[str, str]) -> None:
    """A button to another page, whose controls start from these URL parameters."""
    if st.button(label, type="primary", icon=":material/arrow_forward:", key=f"go-{target}"):
        st.session_state[RESET_CONTROLS] = True
        switch_to(target, **parameters)


def set_url_parameter(key: str, value: str, default: str) -> None:
    """Put a value in the URL unless it is the default and the URL names no other.

    Only a changed value is written: each write sends the whole URL of the last rerun, which would
    undo what the reader has changed since.
    """
    current = st.query_params.get(key)
    if current != value and (current is not None or value != default):
        st.query_params[key] = value


@st.cache_resource(show_spinner=False)
def _device_name() -> str:
    from scrl.runtime import device_name

    return device_name()


@st.cache_resource(ttl=30, show_spinner=False)
def _free_memory_maps() -> None:
    """Free them at most twice a minute: counting them takes as long as a small page."""
    from scrl.runtime import free_memory_maps

    free_memory_maps()


def start_runtime() -> None:
    """Set the compilation cache, and say in the sidebar which device trains.

    It loads JAX, so only pages that train call it, before anything compiles.
    """
    start_counting()
    st.sidebar.caption(f"Trains on {_device_name()}")


def start_counting() -> None:
    """Set the compilation cache without loading JAX: small elections are counted without it."""
    compilation.start()
    _free_memory_maps()
