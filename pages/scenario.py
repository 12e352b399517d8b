"""Scenario: a population of raters, built or chosen, and what its silence costs."""

import streamlit as st

from ui import asking, draft, page, scenario, scenario_gallery
from ui.scenario_map import space
from ui.scenario_raters import raters
from ui.scenario_silence import silence

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
    now = draft.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", PARTS, default=PARTS[0], required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        scenario.actions(now)
    draft.say_faults(now)
    if part == "Gallery":
        scenario_gallery.show(now)
    elif part == "Map":
        st.markdown("Raters prefer what is near: a map becomes an ordinary scenario.")
        space(now)
    else:
        if page.presenting():
            st.markdown(f"**{page.plain(now.good.name)}**")
        elif part == "Silence":
            st.markdown(f"**{page.plain(now.good.name)}.** {page.plain(now.good.summary)}")
        if draft.retold(now):
            st.caption("Changed from the gallery: its story may no longer hold.")
        build(now, part)
        asking.switch()


page.ensure_frame()
scenarios()
