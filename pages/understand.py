"""The hub: a card for each page that explains, by topic."""

import streamlit as st

from ui.shared import navigation, page
from ui.shared.page_index import PAGES, PEOPLE, REWARDS, VOTING


def show() -> None:
    page.opening("understand")
    for topic in (PEOPLE, REWARDS, VOTING):
        st.subheader(topic, anchor=False)
        with st.container(horizontal=True):
            for stem, entry in PAGES.items():
                if entry.topic == topic:
                    _card(stem)


def _card(stem: str) -> None:
    """The question of a page, for whom it is, and a link."""
    entry = PAGES[stem]
    with st.container(border=True, width=282, height="stretch"):
        st.page_link(
            f"pages/{stem}.py", label=f"**{entry.label}**", icon=f":material/{entry.icon}:"
        )
        st.markdown(entry.question)
        page.note(f"For {entry.audience}.")


navigation.ensure_navigation()
show()
