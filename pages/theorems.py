"""Theorems: small claims about preferences and reward models, each alive."""

import streamlit as st

from ui.shared import navigation, page, predict_first
from ui.voting.theorem_cards import (
    CARDS,
    GROUPS,
    back_button,
    choose_group,
    show_alone,
    show_card,
)


def show() -> None:
    chosen = st.query_params.get("card")
    single = chosen in CARDS
    page.opening("theorems", CARDS[chosen].title if single else "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = "" if single else choose_group()
        predict_first.switch()
        if single:
            back_button(chosen)
    page.start_runtime()
    if single:
        show_alone(chosen)
        return
    if chosen is not None:
        st.warning(f"There is no card named ‘{page.escaped(chosen[:60])}’; these are all.")
    keys = GROUPS[group]
    for row in range(0, len(keys), 2):
        for column, key in zip(st.columns(2, gap="small"), keys[row : row + 2], strict=False):
            with column:
                show_card(key)


navigation.ensure_navigation()
show()
