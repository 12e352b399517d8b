"""The part of the page on scenarios that makes ratings missing, by four mechanisms."""

from __future__ import annotations

import streamlit as st

from scrl.scenarios import (
    MISSING_PATTERNS,
    MissingRatings,
    Scenario,
    editing,
    missing_overrides,
    missing_ratings,
    rating_probabilities,
)
from ui.scenario import draft_widgets
from ui.scenario.draft_widgets import edit_button, fits_in_fields, pick_prompt, show_too_large
from ui.scenario.effect import coverage_figure
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import page
from ui.shared.page import IN_URL

#: Cases of a mechanism that are listed; the figure shows all.
MAX_LISTED = 3


def show(draft: ScenarioDraft) -> str:
    """Draw the mechanisms, the response rates and their table.

    Returns:
        The prompt that the part is about.
    """
    scenario = draft.good
    if not fits_in_fields(scenario):
        show_too_large()
        return next(iter(scenario.prompts))
    type, prompt, completion, rate = _choose_target(scenario)
    _mechanism_buttons(scenario, (type, prompt, completion, rate))
    _list_mechanisms(missing_ratings(scenario))
    items = [(p, c) for p in scenario.prompts for c in scenario.offered(p)]
    mark = (scenario.type_names.index(type), items.index((prompt, completion)))
    chance = rating_probabilities(scenario)
    page.chart(
        coverage_figure(scenario, chance, mark), "coverage",
        alt="; ".join(
            f"{t}: " + ", ".join(f"{c} {v:.0%}" for (_, c), v in zip(items, row, strict=True))
            for t, row in zip(scenario.type_names, chance, strict=True)
        ),
        caption="Each cell says how many of 100 raters of a type rate an answer. A dotted frame "
        "means nobody. The outlined cell is the one chosen above.",
    )  # fmt: skip
    if not page.presenting():
        _response_rate_grid(draft.content, prompt)
    return prompt


def _choose_target(scenario: Scenario) -> tuple[str, str, str, float]:
    """The type, prompt, completion and response rate that the mechanisms apply to."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        prompt = pick_prompt(list(scenario.prompts))
        options = {"who": list(scenario.type_names), "about": list(scenario.offered(prompt))}
        for key, names in options.items():
            if key in state and state[key] not in names:
                del state[key]
        first = _default_target(scenario, prompt)
        type = st.selectbox(
            "Raters of the type",
            options["who"],
            options["who"].index(first[0]),
            key="who",
            **IN_URL,
        )
        completion = st.selectbox(
            "Answer", options["about"], options["about"].index(first[1]), key="about", **IN_URL
        )
        rate = 10.0
        if not page.presenting():
            rate = st.number_input(
                "‘Some’ means (%)", 1.0, 99.0, 10.0, 1.0, format="%g", key="some", width=130,
                **IN_URL,
            )  # fmt: skip
    return type, prompt, completion, rate / 100


def _default_target(scenario: Scenario, prompt: str) -> tuple[str, str]:
    """The type and completion with the lowest response rate, else the first and the second."""
    missing = [s for s in missing_ratings(scenario) if s.prompt == prompt]
    if missing:
        lowest = min(missing, key=lambda s: s.response_rate)
        return lowest.type, lowest.completion or scenario.offered(prompt)[0]
    return scenario.type_names[0], scenario.offered(prompt)[1]


def _mechanism_buttons(scenario: Scenario, target: tuple[str, str, str, float]) -> None:
    """A button for each mechanism, and one for complete ballots."""
    type, prompt, completion, rate = target
    missing = missing_ratings(scenario)

    def silenced(content: dict, kind: str) -> dict:
        # The session's choice, which the page may not have drawn yet.
        chosen = [st.session_state.get(k, v) for k, v in zip(("who", "prompt", "about"), target,
                                                          strict=False)]  # fmt: skip
        return editing.with_chances(content, **missing_overrides(kind, *chosen, rate))

    with st.container(horizontal=True, gap="small"):
        for name, kind in MISSING_PATTERNS.items():
            case = MissingRatings(
                name, type, prompt, completion if kind.unit == "completion" else "",
                0.0 if kind.all_raters else rate,
            )  # fmt: skip
            edit_button(
                kind.title, name, lambda c, name=name: silenced(c, name),
                type="primary" if case in missing else "secondary", help=kind.definition,
            )  # fmt: skip
        edit_button(
            "Everyone answers",
            "heard",
            editing.fully_observed,
            type="tertiary",
            icon=":material/undo:",
            disabled=not missing,
        )


def _list_mechanisms(missing: list[MissingRatings]) -> None:
    """The mechanisms that apply now."""
    if not missing:
        st.markdown(
            "Everyone rates everything. Choose a group, an answer, and how ratings go missing."
        )
        return
    parts = []
    for name, kind in MISSING_PATTERNS.items():
        cases = [
            f"{s.type} on {s.completion or f'‘{s.prompt}’'}" for s in missing if s.pattern == name
        ]
        if cases:
            more = f" and {len(cases) - MAX_LISTED} more" if len(cases) > MAX_LISTED else ""
            listed = page.escaped(", ".join(cases[:MAX_LISTED]))
            parts.append(f"**{kind.title.lower()}** ({listed}{more})")
    st.markdown(f"Missing now: {'; '.join(parts)}.")


def _response_rate_grid(content: dict, prompt: str) -> None:
    """Response rates in per cent, to be edited."""
    names, types = editing.offered(content, prompt), list(content["types"])
    rows = []
    for t in content["types"].values():
        includes = t.get("includes", {}).get(prompt, {})
        chances = [t.get("answers", {}).get(prompt, 1.0), *(includes.get(c, 1.0) for c in names)]
        rows.append([round(100 * chance, 6) for chance in chances])

    def edit(content: dict, cells: list[list]) -> dict:
        answers, includes = {}, {}
        for type, old, new in zip(types, rows, cells, strict=True):
            # A cleared cell is an unstated probability: 1.
            new = [100.0 if v is None else v for v in new]
            if new[0] != old[0]:
                answers[type] = {prompt: new[0] / 100}
            moved = {c: v / 100 for c, v, o in zip(names, new[1:], old[1:], strict=True) if v != o}
            if moved:
                includes[type] = {prompt: moved}
        return editing.with_chances(content, answers, includes)

    percent = {"min_value": 0.0, "max_value": 100.0, "format": "%g %%", "width": 84}
    st.markdown(f"**How many rate what, on ‘{page.escaped(prompt)}’** (you can edit this table)")
    draft_widgets.number_grid(
        f"chances-{prompt}", rows, types,
        [st.column_config.NumberColumn(n, **percent) for n in ("answer it", *names)], edit,
        "Chances that raters of each type answer, and include each completion",
    )  # fmt: skip
