"""Scenario: a population of raters, built or chosen, and what its silence costs."""

import streamlit as st

from ui.scenario import (
    actions,
    effect,
    gallery,
    missing_data,
    rater_types,
    scenario_draft,
    spatial_map,
)
from ui.shared import navigation, page, predict_first

PARTS = ("Gallery", "Raters", "Silence", "Map")


def build(draft: scenario_draft.ScenarioDraft, part: str) -> None:
    """The editor of a part, and beside it what the edit does."""
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        prompt = rater_types.show(draft) if part == "Raters" else missing_data.show(draft)
    with right:
        effect.show(draft, prompt)


def show() -> None:
    page.opening("scenario")
    page.start_runtime()
    # Messages have containers of their own: otherwise a message would move the widgets below it,
    # which then lose what is being typed.
    above = st.container()
    with above:
        draft = scenario_draft.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", PARTS, default=PARTS[0], required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        actions.show(draft)
    with st.container(gap="small"):
        scenario_draft.show_faults(draft)
        if part in ("Raters", "Silence"):
            actions.story(draft, part)
    with st.container(key=f"part-{part}"):
        if part == "Gallery":
            gallery.show(draft)
        elif part == "Map":
            spatial_map.show(draft)
        else:
            build(draft, part)
    if part in ("Raters", "Silence"):
        predict_first.switch()
        if scenario_draft.has_stale_story(draft):
            st.caption("Changed from the gallery: its story may no longer hold.")


navigation.ensure_navigation()
show()
