"""What every page shares: presenter mode, the theme, figures and their captions, URL values."""

from __future__ import annotations

import re

import streamlit as st

#: Keyword of widgets whose value stands in the URL under their key.
IN_URL = {"bind": "query-params"}
#: Of type and marks, in presenter mode.
PRESENTER_SCALE = 1.3
#: Session key: the next page's controls start from the values of what it is given.
RESET_CONTROLS = "anew"
#: How charts behave in the browser.
PLOTLY_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def switched_on(key: str) -> bool:
    """Whether a switch bound to the URL is on, also before it is drawn."""
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def presenting() -> bool:
    """Whether presenter mode is on; the switch stands in the URL as ``?present=true``."""
    return switched_on("present")


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def style() -> dict:
    """How figures are to be drawn for this viewer."""
    return {"dark": is_dark(), "scale": PRESENTER_SCALE if presenting() else 1.0}


def chart(figure, key: str, alt: str, caption: str = "") -> None:
    """A figure, the sentence that says what it shows, and a description for screen readers."""
    st.plotly_chart(figure, theme=None, key=key, config=PLOTLY_CONFIG, alt=alt)
    if caption:
        st.caption(caption)


def slider(label: str, key: str, low, high, value, step, form: str, **more) -> float:
    """A slider whose value stands in the URL."""
    # Real numbers throughout: for whole ones Streamlit fails on an infinite one in the URL.
    numbers = (float(x) for x in (low, high, value, step))
    return st.slider(label, *numbers, format=form, key=key, bind="query-params", **more)


def go_button(label: str, target: str, params: dict[str, str]) -> None:
    """A button to another page with these choices; presenter mode stays as it is."""
    if st.button(label, type="primary", icon=":material/arrow_forward:", key=f"go-{target}"):
        st.session_state[RESET_CONTROLS] = True
        st.switch_page(
            target, query_params={**params, **({"present": "true"} if presenting() else {})}
        )


def escaped(text: str) -> str:
    """Text from a file as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+!|$<>~:])", r"\\\1", text)


@st.cache_resource(show_spinner=False)
def _runtime() -> str:
    from scrl.runtime import device_name, start

    start()
    return device_name()


def start_runtime() -> None:
    """Set the compilation cache before anything compiles, and say in the sidebar what models are
    trained on. Loads JAX, so only pages that train or count call it."""
    from scrl.runtime import make_room

    name = _runtime()
    make_room()
    st.sidebar.caption(f"Trains on {name}")


def set_url_parameter(key: str, value: str, usual: str) -> None:
    """Put a value in the URL, unless it is the usual one and nothing stands there. Only what
    differs is written: every write sends the whole URL of the last run, and would take back what
    the reader has changed since."""
    known = st.query_params.get(key)
    if known != value and (known is not None or value != usual):
        st.query_params[key] = value
