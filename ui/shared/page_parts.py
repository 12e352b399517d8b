"""The parts of a page, of which the reader opens one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ui.shared import predict_first


def choose(parts: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Draw the choice of a part and, beside it, the switch of guessing first.

    Returns:
        The function of the chosen part; by default the first.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(parts), default=next(iter(parts)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        predict_first.switch()
    return parts[part]
