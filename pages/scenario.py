"""Scenario: raters, built or chosen, and what their missing ratings do."""

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

PARTS = ("Gallery", "Raters", "Missing ratings", "Map")
#: Parts in links of earlier versions.
_RENAMED = {"Silence": "Missing ratings"}


def build(draft: scenario_draft.ScenarioDraft, part: str) -> None:
    """What the edit does, first on a phone, and the editor of a part beside it."""
    left, right = st.columns([1, 1.25], gap="large")
    with right:
        prompt = rater_types.show(draft) if part == "Raters" else missing_data.show(draft)
    with left:
        effect.show(draft, prompt, part)


def show() -> None:
    page.opening("scenario")
    page.start_runtime()
    # Messages have containers of their own: otherwise a message would move the widgets below it,
    # which then lose what is being typed.
    above = st.container()
    with above:
        draft = scenario_draft.current()
    if "part" not in st.session_state and st.query_params.get("part") in _RENAMED:
        st.session_state["part"] = _RENAMED[st.query_params["part"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", PARTS, default=PARTS[0], required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        actions.show(draft)
    with st.container(gap="small"):
        scenario_draft.show_faults(draft)
        if part in PARTS[1:3]:
            actions.story(draft, part)
    with st.container(key=f"part-{part}"):
        if part == "Gallery":
            gallery.show(draft)
        elif part == "Map":
            spatial_map.show(draft)
        else:
            build(draft, part)
    if part in PARTS[1:3]:
        predict_first.switch()


navigation.ensure_navigation()
show()
