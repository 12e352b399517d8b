"""How many raters does it take? Two studies of many runs, from baked results."""

import streamlit as st

from ui import asking, page, studies

PARTS = {"How many raters": studies.raters, "Where voters come from": studies.voters}


def show() -> None:
    st.title("How many raters does it take?")
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(PARTS), default=next(iter(PARTS)), required=True, key="part",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        asking.switch()
    PARTS[part]()


page.ensure_frame()
show()
