"""Theorems: small claims about preferences and reward models, each alive."""

import streamlit as st

from ui import asking, page
from ui.theorems import CARDS, card


def theorems() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("What can a reward not say?")
        asking.switch()
    page.start_runtime()
    chosen = st.query_params.get("card")
    if chosen in CARDS:
        card(chosen, large=True)
        return
    if chosen is not None:
        st.warning(f"There is no card named ‘{page.plain(chosen[:60])}’; these are all.")
    keys = list(CARDS)
    for row in range(0, len(keys), 2):
        for column, key in zip(st.columns(2, gap="small"), keys[row : row + 2], strict=False):
            with column:
                card(key)


page.ensure_frame()
theorems()
