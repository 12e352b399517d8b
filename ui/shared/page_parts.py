"""The parts of a page, of which the reader opens one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from ui.shared import predict_first


def choose(parts: Mapping[str, Callable]) -> Callable:
    """The part of a page that the reader has chosen, the first where none is, with the switch to
    guess first beside the choice."""
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(parts), default=next(iter(parts)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        predict_first.switch()
    return parts[part]
