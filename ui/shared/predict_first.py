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
        The guess, None without one, and whether the answer may be shown.
    """
    required = page.switched_on("predict")
    if not (required or always):
        return None, True
    choice = st.segmented_control(question, list(options), key=key)
    return choice, choice is not None or not required


def verdict(guess: str | None, right: str) -> str:
    """``"Right. "`` or ``"Not quite. "``; "" without a guess."""
    if guess is None:
        return ""
    return "Right. " if guess == right else "Not quite. "
