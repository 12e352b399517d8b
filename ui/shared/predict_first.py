"""Guess first, then see: the switch, the question and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.shared import page


def switch() -> None:
    st.toggle("Let me guess first", key="predict", bind="query-params")


def guess(
    question: str, options: Sequence[str], key: str, always: bool = False
) -> tuple[str | None, bool]:
    """The reader's guess, and whether the answer may be shown; asked where the switch is on, or
    ``always``."""
    first = page.switched_on("predict")
    if not (first or always):
        return None, True
    said = st.segmented_control(question, list(options), key=key)
    return said, said is not None or not first


def verdict(said: str | None, right: str) -> str:
    """What to say before the answer."""
    if said is None:
        return ""
    return "Right. " if said == right else "Not quite. "
