"""The first screen: what the assistant says after the usual training, and if everyone is heard."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from ui.start import bubbles, path, story

_FORWARD = "How can that happen?"


def show() -> None:
    """One sentence, one picture, one button."""
    usual, heard = (
        story.winner(order)
        for order in (story.trained_order(story.STORED_RATE), story.complete_order())
    )
    page.say(
        f"**{story.dislikers(usual)} of 100 people like the {usual.lower()} answer least. An "
        "assistant that is trained in the usual way gives it to everyone.**"
    )
    if page.presenting():  # a projector shows little of a page
        path.buttons(0, _FORWARD)
    left, right = st.columns(2, gap="medium")
    for column, name, title in (
        (left, usual, "After the usual training"),
        (right, heard, "If everyone is heard"),
    ):
        with column, st.container(border=True, height="stretch"):
            st.subheader(title, anchor=False)
            bubbles.conversation(story.question(), story.answer_text(name), name)
            st.markdown(story.served_sentence(name))
    if not page.presenting():
        path.buttons(0, _FORWARD)
        with st.container(horizontal=True):
            path.links(
                [
                    (
                        "pages/finding.py",
                        "The classic story: a capital for Tennessee",
                        "location_city",
                    )
                ]
            )
