"""Scenario: a population of raters, built or chosen, and what its silence costs."""

import streamlit as st

from ui.scenario import draft, gallery
from ui.scenario import page as scenario
from ui.scenario.map import space
from ui.scenario.missing_data import silence
from ui.scenario.raters import raters
from ui.shared import asking, page

PARTS = ("Gallery", "Raters", "Silence", "Map")


def build(now: draft.Draft, part: str) -> None:
    """The editor of a part, and beside it what the edit does."""
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        prompt = raters(now) if part == "Raters" else silence(now)
    with right:
        scenario.show_effect(now, prompt)


def scenarios() -> None:
    st.title("Who is asked, and who answers?")
    page.start_runtime()
    # Messages have places of their own: what comes below them would else be drawn anew, and lose
    # what is being typed.
    above = st.container()
    with above:
        now = draft.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", PARTS, default=PARTS[0], required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        scenario.actions(now)
    with st.container(gap="small"):
        draft.say_faults(now)
        if part in ("Raters", "Silence"):
            scenario.story(now, part)
    with st.container(key=f"part-{part}"):
        if part == "Gallery":
            gallery.show(now)
        elif part == "Map":
            space(now)
        else:
            build(now, part)
    if part in ("Raters", "Silence"):
        asking.switch()
        if draft.retold(now):
            st.caption("Changed from the gallery: its story may no longer hold.")


page.ensure_frame()
scenarios()
