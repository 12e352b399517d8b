"""Step 4: whom an answer serves, one dot for each of a hundred people."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from ui.shared import page
from ui.start import path, silence, story


def people_chart(name: str, key: str) -> None:
    """A hundred people, coloured by the place of an answer in their own order."""
    page.chart(
        figures.people_served(
            story.people(name), len(story.scenario().completions), **page.style()
        ),
        key,
        alt="; ".join(
            f"{group}, {n} of 100: place {place:g}" for group, n, place in story.people(name)
        ),
    )


def show() -> None:
    """The answer of the usual training beside one that the reader picks."""
    path.sentence("One answer for everyone serves some people well and others badly.")
    usual = story.winner(story.trained_order(silence.rate()))
    best = story.winner(story.complete_order())
    other = best if best != usual else story.STORY.completion
    names = list(story.scenario().completions)
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with right:
        picked = st.segmented_control(
            "The assistant gives everyone this answer instead", names, default=other, key="given",
            required=True,
        )  # fmt: skip
        people_chart(picked, "served_picked")
        page.say(f"**{picked}**: {story.served_sentence(picked)}")
    with left:
        st.markdown(f"The usual training gives everyone this answer: **{usual}**")
        people_chart(usual, "served_usual")
        page.say(f"**{usual}**: {story.served_sentence(usual)}")
    page.note(
        f"The number in a dot is the place of the answer on that person’s own list, 1 for the best "
        f"and {len(names)} for the worst. Blue is good and orange is bad."
    )
    path.buttons(4)
