"""Guess first, then see: the switch, the question and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.shared import page


def switch() -> None:
    """The switch of guessing first; it stands in the URL as ``?predict=true``."""
    st.toggle("Let me guess first", key="predict", bind="query-params")


def guess(
    question: str, options: Sequence[str], key: str, always: bool = False
) -> tuple[str | None, bool]:
    """Ask the reader for a guess where the switch is on, or ``always``.

    Returns:
        The guess, None without one, and whether the answer may be shown: after a guess, or after
        the reader has asked for the answer.
    """
    if not (page.switched_on("predict") or always):
        return None, True
    shown = st.session_state.setdefault(f"{key}_given_up", False)
    choice = st.segmented_control(question, list(options), key=key)
    if choice is None and not shown:
        st.button(
            "Show the answer", type="tertiary", icon=":material/visibility:",
            key=f"{key}_show", on_click=_give_up, args=(key,),
        )  # fmt: skip
    return choice, choice is not None or shown


def _give_up(key: str) -> None:
    st.session_state[f"{key}_given_up"] = True


def verdict(guess: str | None, right: str) -> str:
    """``"Right. "`` or ``"Not quite. "``; "" without a guess."""
    if guess is None:
        return ""
    return "Right. " if guess == right else "Not quite. "
