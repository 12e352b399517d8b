"""The part of the page on scenarios that places raters and completions on a map."""

from __future__ import annotations

import streamlit as st

from scrl.scenarios import (
    SPATIAL_MODELS,
    Location,
    Scenario,
    SpatialModel,
    distance_orders,
    distances,
    editing,
    scenario_of_spatial_model,
    spatial_model_from_link,
    spatial_model_to_link,
)
from scrl.types import InputError
from ui.scenario import map_editor, scenario_draft
from ui.scenario.scenario_draft import ScenarioDraft
from ui.shared import data_tables, page, result_tables

DEFAULT_MAP = "tennessee"
_METRICS = {"plane": "a plane", "earth": "the earth"}
_STATES = {"orders": "Orders", "utilities": "Utilities"}


def show(draft: ScenarioDraft) -> None:
    """Draw the fields and the picture of the map, and a button that makes it the scenario."""
    page.say(
        "Each rater prefers what is nearest. Drag raters or answers, or type their coordinates; "
        "then make a scenario of the map."
    )
    # On a phone the first column comes first: the map.
    left, right = st.columns([1.25, 1.15], gap="large")
    start = _initial_map()
    with right:
        _preset_picker()
        try:
            model = _map_fields(start)
            scenario = scenario_of_spatial_model(model)
        except InputError as error:
            st.error(page.escaped(f"{error} The map before is shown."))
            model = st.session_state["map_good"]
            scenario = scenario_of_spatial_model(model)
        else:
            _remember(model)
    with left:
        _draw_map(model)
        is_draft = draft.good == scenario
        st.button(
            "This is the scenario now" if is_draft else "Make it the scenario", key="use-map",
            type="primary", icon=":material/check:", on_click=_use, args=(scenario,),
            disabled=is_draft,
        )  # fmt: skip
        _order_table(model)


def _use(scenario: Scenario) -> None:
    """Make the map's scenario the draft; for callbacks."""
    scenario_draft.replace(scenario)
    st.session_state["part"] = "Raters"
    for key in ("prompt", "who", "about"):
        st.session_state.pop(key, None)


# -- which map ------------------------------------------------------------------------------------


def _initial_map() -> SpatialModel:
    """The map that the fields start from; another where the URL names another."""
    state = st.session_state
    id_wanted = st.query_params.get("map") or state.get("map") or DEFAULT_MAP
    fresh = "map_start" not in state or f"places-{state['map_number']}" not in state
    if id_wanted != state.get("map") or fresh:
        try:
            start = spatial_model_from_link(id_wanted)
            scenario_of_spatial_model(start)
        except InputError as error:
            st.warning(f"{page.escaped(str(error))} Another map is shown.")
            id_wanted, start = DEFAULT_MAP, SPATIAL_MODELS[DEFAULT_MAP]
        state["map"], state["map_start"] = id_wanted, start
        state["map_number"] = state.get("map_number", 0) + 1
        state["map_good"] = start
    return state["map_start"]


def _remember(model: SpatialModel) -> None:
    """Put the valid map in the URL and in the session."""
    st.session_state["map_good"] = model
    id = _id_of(model)
    st.session_state["map"] = id
    page.set_url_parameter("map", id, DEFAULT_MAP)


def _id_of(model: SpatialModel) -> str:
    """The preset's name, or the map as a link."""
    preset = next((name for name, space in SPATIAL_MODELS.items() if space == model), None)
    return preset or spatial_model_to_link(model)


def _preset_picker() -> None:
    """Maps to start with."""

    def picked() -> None:
        if (name := st.session_state["map_preset"]) is not None:
            st.query_params["map"] = name
            st.session_state.pop("map_start", None)

    names = list(SPATIAL_MODELS)
    st.session_state["map_preset"] = (
        st.session_state["map"] if st.session_state["map"] in names else None
    )
    st.segmented_control(
        "Start with", names, format_func=lambda n: SPATIAL_MODELS[n].name,
        key="map_preset", on_change=picked,
    )  # fmt: skip


# -- its fields -----------------------------------------------------------------------------------


def _map_fields(start: SpatialModel) -> SpatialModel:
    """The map as edited.

    Raises:
        InputError: the fields make no map.
    """
    number = st.session_state["map_number"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.segmented_control(
            "The map is", list(_METRICS), default=start.metric, format_func=_METRICS.get,
            required=True, key=f"metric-{number}",
        )  # fmt: skip
        states = st.segmented_control(
            "Raters give", list(_STATES), default=start.states, format_func=_STATES.get,
            required=True, key=f"states-{number}",
            help="Orders have the nearest first. Utilities say how near: minus the distance.",
        )  # fmt: skip
        unit = start.unit
        if states == "utilities":
            unit = st.number_input(
                f"Distance worth 1, in {'km' if metric == 'earth' else 'units'}", 1e-6, 1e6,
                float(start.unit), 1.0, format="%g", key=f"unit-{number}", width=140,
                help="An answer that is farther by this distance is worth 1 less.",
            )  # fmt: skip
    raters = _place_table(
        "Types of rater", [(p.name, p.share * 100, p.x, p.y) for p in start.raters],
        f"places-{number}", metric, shared=True,
    )  # fmt: skip
    completions = _place_table(
        "Answers", [(p.name, p.x, p.y) for p in start.completions], f"options-{number}",
        metric, shared=False,
    )  # fmt: skip
    return SpatialModel(
        tuple(Location(n, x, y, share / 100) for n, share, x, y in raters),
        tuple(Location(n, x, y) for n, x, y in completions),
        metric, states, unit, start.prompt, start.name,
    )  # fmt: skip


def _place_table(title: str, rows: list[tuple], key: str, metric: str, shared: bool) -> list[tuple]:
    """Places as edited: name, share in % where ``shared``, x, y."""
    number = st.column_config.NumberColumn
    words = ("east, °", "north, °") if metric == "earth" else ("x", "y")
    names = ["name", *(["share"] if shared else []), "x", "y"]
    columns = {
        "name": st.column_config.TextColumn("name"),
        "share": number("share", format="%g %%", min_value=0.0, max_value=100.0, width=70),
        "x": number(words[0], format="%g", width=78), "y": number(words[1], format="%g", width=78),
    }  # fmt: skip
    st.markdown(f"**{title}**")
    table = st.data_editor(
        [dict(zip(names, row, strict=True)) for row in rows], num_rows="dynamic", hide_index=True,
        key=key, column_config={n: columns[n] for n in names}, alt=title,
    )  # fmt: skip
    model = []
    for row in table:
        values = [row.get(n) for n in names]
        if all(v is None or v == "" for v in values):
            continue  # a row just added
        if shared and values[1] is None:
            values[1] = 0.0
        name = editing.limited(str(values[0] or ""), editing.MAX_NAME, "The name of a place")
        model.append((name, *values[1:]))
    return model


# -- what it shows --------------------------------------------------------------------------------


def _draw_map(model: SpatialModel) -> None:
    """The map, whose points can be moved."""
    map_editor.show(model, "map_editor", _take_over)
    page.note(
        "Discs are types of rater; a larger disc is a larger share. Rings are answers; the filled "
        "ring wins. A dotted line leads to the nearest answer. Tab chooses a point, arrow keys "
        "move it."
    )


def _take_over(model: SpatialModel) -> None:
    """Go on with this map; for callbacks."""
    state = st.session_state
    state["map_start"] = state["map_good"] = model
    state["map_number"] += 1  # other tables, as theirs keep what was typed
    state["map"] = st.query_params["map"] = _id_of(model)


def _order_table(model: SpatialModel) -> None:
    """Orders and distances of each type of rater."""
    length = "km" if model.metric == "earth" else "distance"
    rows = [
        {
            "raters": p.name,
            "order": result_tables.order_text(order),
            **{
                f"{c.name}, {length}": float(d) for c, d in zip(model.completions, row, strict=True)
            },
        }
        for p, order, row in zip(
            model.raters, distance_orders(model), distances(model), strict=True
        )
    ]
    if page.presenting():
        return
    st.dataframe([{k: row[k] for k in ("raters", "order")} for row in rows], hide_index=True)
    data_tables.numbers_expander(rows, "map", number="%.1f")
