"""The frame around every page: presenter mode, theme, figures with their alternatives."""

from __future__ import annotations

import re

import streamlit as st

#: Of type and marks, in presenter mode.
LARGE = 1.3
#: Session key: the next page's controls start from the values of what it is given.
ANEW = "anew"
#: How charts behave in the browser.
PLOTLY = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def switched_on(key: str) -> bool:
    """Whether a switch bound to the URL is on, also before it is drawn."""
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def presenting() -> bool:
    """Whether presenter mode is on; the switch stands in the URL as ``?present=true``."""
    return switched_on("present")


def dark() -> bool:
    return st.context.theme.type == "dark"


def look() -> dict:
    """How figures are to be drawn for this viewer."""
    return {"dark": dark(), "scale": LARGE if presenting() else 1.0}


def navigate():
    """Page settings, all pages, and the one to run."""
    st.set_page_config(
        page_title="Social choice reward lab",
        page_icon=":material/how_to_vote:",
        layout="wide",
        initial_sidebar_state="collapsed" if presenting() else 240,
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


def ensure_frame() -> None:
    """Every page begins with this. Where the first request to a server is for a page other than
    the first, Streamlit finds the folder ``pages`` and runs the file without ``app.py``; declaring
    the navigation puts that right for good."""
    if "framed" not in st.session_state:
        navigate()
        st.rerun()


def frame() -> None:
    """What stands in the sidebar of every page."""
    st.session_state["framed"] = True
    with st.sidebar:
        st.toggle(
            "Presenter mode",
            key="present",
            bind="query-params",
            help="Larger type, and only what a class needs to see. The switch is part of the URL.",
        )
    if presenting():
        # All of Streamlit's sizes are in rem.
        st.html(f"<style>html {{font-size: {16 * LARGE:.0f}px}}</style>")


def chart(figure, key: str, alt: str, caption: str = "") -> None:
    """A figure, the sentence that says what it shows, and a description for screen readers."""
    st.plotly_chart(figure, theme=None, key=key, config=PLOTLY, alt=alt)
    if caption:
        st.caption(caption)


def numbers(rows: list[dict]) -> None:
    """A table of numbers with three decimals under a column of names."""
    real = st.column_config.NumberColumn(format="%.3f")
    names = [name for name in rows[0] if isinstance(rows[0][name], float)]
    st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(names, real))


def slider(label: str, key: str, low, high, value, step, form: str, **more) -> float:
    """A slider whose value stands in the URL."""
    # Real numbers throughout: for whole ones Streamlit fails on an infinite one in the URL.
    numbers = (float(x) for x in (low, high, value, step))
    return st.slider(label, *numbers, format=form, key=key, bind="query-params", **more)


def go(label: str, target: str, params: dict[str, str]) -> None:
    """A button to another page with these choices; presenter mode stays as it is."""
    if st.button(label, type="primary", icon=":material/arrow_forward:", key=f"go-{target}"):
        st.session_state[ANEW] = True
        st.switch_page(
            target, query_params={**params, **({"present": "true"} if presenting() else {})}
        )


def plain(text: str) -> str:
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
