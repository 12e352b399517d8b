"""The part of the page on scenarios that offers the gallery."""

from __future__ import annotations

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import Scenario, gallery
from ui.scenario import scenario_draft
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import page, source_ids

#: Theme -> scenarios of the gallery; those without a theme come last.
THEMES = {
    "Who rates, and who does not": (
        "blood-pressure", "tennessee-morristown", "tennessee-inverted-missing",
        "tennessee-inverted-partial", "tennessee-inverted-full", "safety-tail", "tennessee-noisy",
    ),
    "What one reward for everybody cannot say": (
        "pets", "detailed-concise", "pairwise-twins-1", "pairwise-twins-2", "condorcet-cycle",
        "noisy-alike", "six-kinds",
    ),
    "What the voting rule decides": (
        "tennessee-four", "tennessee-map", "distortion-minority", "irrelevant-alternative",
        "strategic-raters",
    ),
    "Answers in words, read as texts": ("text-detail", "text-caution", "text-tone"),
}  # fmt: skip
_CARDS_PER_ROW = 3


def themes() -> dict[str, list[str]]:
    """Theme -> stems of the scenarios of the gallery."""
    listed = {theme: [s for s in stems if s in gallery()] for theme, stems in THEMES.items()}
    rest = [s for s in gallery() if not any(s in stems for stems in listed.values())]
    return listed | ({"Others": rest} if rest else {})


def show(draft: ScenarioDraft) -> None:
    """Draw a card for every scenario."""
    page.say("Choose an example. You can then change it, share it, or train on it.")
    for theme, stems in themes().items():
        st.subheader(theme, anchor=False)
        for start in range(0, len(stems), _CARDS_PER_ROW):
            for cell, stem in zip(
                st.columns(_CARDS_PER_ROW, gap="small"),
                stems[start : start + _CARDS_PER_ROW],
                strict=False,
            ):
                with cell:
                    _card(stem, source_ids.gallery_scenario(stem), chosen=draft.id == stem)


def _open(stem: str) -> None:
    """Open a scenario in the editor; for callbacks."""
    scenario_draft.replace(source_ids.gallery_scenario(stem))
    st.session_state["part"] = "Raters"
    for key in ("prompt", "who", "about"):
        st.session_state.pop(key, None)


def _card(stem: str, scenario: Scenario, chosen: bool) -> None:
    """A scenario's name, story, types and buttons."""
    card = st.container(
        border=True, height="stretch", key=f"card-{stem}", vertical_alignment="distribute"
    )
    with card.container(gap="small"):
        st.markdown(f"**{page.escaped(scenario.name)}**")
        st.markdown(page.escaped(scenario.summary), help=page.escaped(scenario.source))
    with card.container(gap="small"):
        _type_bar(scenario)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Open", key=f"open-{stem}", on_click=_open, args=(stem,),
                type="primary" if chosen else "secondary",
            )  # fmt: skip
            if st.button("Train in the lab", key=f"lab-{stem}", type="tertiary"):
                st.session_state[page.RESET_CONTROLS] = True
                present = {"present": "true"} if page.presenting() else {}
                st.switch_page("pages/lab.py", query_params={"scenario": stem, **present})


def _plural(word: str) -> str:
    return "types of rater" if word.startswith("type") else f"{word}s"


def _type_bar(scenario: Scenario) -> None:
    """The shares of types in their colours, and the size of the scenario."""
    parts = "".join(
        f"<span style='width:{share:.2%};background:{colour(i)}'></span>"
        for i, share in enumerate(scenario.type_shares)
    )
    counts = (
        (len(scenario.types), "type of rater"), (len(scenario.completions), "answer"),
        (len(scenario.prompts), "prompt"),
    )  # fmt: skip
    words = " · ".join(f"{n} {_plural(word) if n > 1 else word}" for n, word in counts)
    st.html(
        "<style>.shares{display:flex;height:.5rem;border-radius:.3rem;overflow:hidden;gap:2px}"
        f"</style><div class='shares' role='img' aria-label='shares of the types'>{parts}</div>"
        f"<div style='opacity:.7;font-size:.85rem;margin-top:.3rem'>{words}</div>"
    )
