"""The path: which step is open, the row of steps, and the buttons to the next and the last one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.shared import page

#: Steps after the first screen.
STEPS = ("Guess", "Who is silent", "Train", "Who is served", "Choose the rule")
_NUMBERS = {str(i) for i in range(len(STEPS) + 1)}


def current() -> int:
    """The open step by ``?step=``; 0 is the first screen."""
    text = st.query_params.get("step", "0")
    return int(text) if text in _NUMBERS else 0


def explain_unknown_step() -> None:
    """Say so where the link names a step that there is not."""
    if st.query_params.get("step", "0") not in _NUMBERS:
        st.info(
            f"The link names a step that does not exist; the steps are 1 to {len(STEPS)}. So the "
            "story is shown from its beginning."
        )


def go_to(step: int) -> None:
    """Open a step; a callback of buttons."""
    if step:
        st.query_params["step"] = str(step)
    else:
        st.query_params.pop("step", None)


def row(step: int) -> None:
    """The row of all steps, of which the reader may open any."""

    def chosen() -> None:
        picked = st.session_state["path_row"]
        go_to(step if picked is None else picked)

    st.session_state["path_row"] = step
    # A projector shows little of a page, so the way on also stands above. Beside it the row cannot
    # wrap, as it must on a phone.
    presenting = page.presenting() and step < len(STEPS)
    with st.container(horizontal=presenting, vertical_alignment="center"):
        st.segmented_control(
            "Steps", range(len(STEPS) + 1), key="path_row", on_change=chosen,
            label_visibility="collapsed",
            format_func=lambda i: f"{i} {STEPS[i - 1]}" if i else "The story",
        )  # fmt: skip
        if presenting:
            _next_button(step, "Next", "next_top")


def sentence(text: str) -> None:
    """The sentence of a step that a student could repeat, as the heading of the page."""
    st.html("<style>[data-testid='stMain'] h1 {font-size: 1.75rem; padding: .25rem 0}</style>")
    st.title(text, anchor=False)


def buttons(step: int, forward: str = "", first: bool = True) -> None:
    """*Next*, or ``forward`` in its place, and *Back*.

    Args:
        first: whether to go on is what most readers will want; else another button is.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        if step < len(STEPS):
            _next_button(step, forward or f"Next: {STEPS[step]}", "next", first)
        if step:
            st.button(
                "Back", type="tertiary", icon=":material/arrow_back:", key="back",
                on_click=go_to, args=(step - 1,),
            )  # fmt: skip


def _next_button(step: int, label: str, key: str, first: bool = True) -> None:
    st.button(
        label, type="primary" if first else "secondary", icon=":material/arrow_forward:", key=key,
        on_click=go_to, args=(step + 1,),
    )  # fmt: skip


def begin_at_the_top(step: int) -> None:
    """Scroll to the top where another step has been opened, as a new page would be shown there."""
    if st.session_state.get("path_step", step) != step:
        st.html(
            f"<script data-step='{step}'>document.querySelector('[data-testid=\"stMain\"]')"
            "?.scrollTo(0, 0)</script>",
            unsafe_allow_javascript=True,
        )
    st.session_state["path_step"] = step


def links(targets: Sequence[tuple[str, str, str]], **parameters: str) -> None:
    """Links to other pages: file, label, icon; all with these URL parameters."""
    if page.presenting():
        parameters["present"] = "true"
    for target, label, icon in targets:
        st.page_link(
            target, label=label, icon=f":material/{icon}:", query_params=parameters or None
        )
