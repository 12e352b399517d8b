"""The choice of the data: a scenario of the gallery, a linked scenario or an uploaded file."""

from __future__ import annotations

import streamlit as st

from scrl.scenarios import Scenario, gallery
from scrl.types import InputError, Ratings
from ui.shared import page, scenario_sliders, source_ids, uploads
from ui.shared.source_ids import DEFAULT_SCENARIO


def pick_source(default: str | None = None) -> Scenario | Ratings | None:
    """Draw the choice of a scenario or a file, and return it.

    Args:
        default: the id that the page starts with; by default the one chosen on another page.
    """
    picker, uploader = st.container(), st.container()
    if not page.presenting():
        with uploader:
            _upload_file()
    with picker:
        return _select_source(default)


def _select_source(default: str | None) -> Scenario | Ratings | None:
    # Kept in the URL by hand: a bound widget would write the title there, not the id.
    state = st.session_state
    id_wanted = state.get("scenario") or st.query_params.get("scenario")
    id_wanted = id_wanted or default or state.get("last", DEFAULT_SCENARIO)
    options = list(gallery())
    if id_wanted not in options:
        try:
            source_ids.read(id_wanted)
        except InputError as error:
            st.warning(f"{page.escaped(str(error))} This is another.")
            id_wanted = default or DEFAULT_SCENARIO
        else:
            options.append(id_wanted)
    state["scenario"] = id_wanted
    if state.pop(page.RESET_CONTROLS, False):
        scenario_sliders.reset()

    id = st.selectbox(
        "Scenario",
        options,
        format_func=source_ids.display_name,
        key="scenario",
        on_change=scenario_sliders.reset,
    )
    state["last"] = id  # a widget's own state goes when the reader visits another page
    page.set_url_parameter("scenario", id, default or DEFAULT_SCENARIO)
    source = source_ids.find(id)
    if source.is_scenario:
        if not page.presenting():
            st.caption(page.escaped(source.summary))
    else:
        st.caption(
            f"{len(source.raters):,} raters, {source.ballots:,} ballots, "
            f"{len(source.catalogue.prompts):,} prompts. Nobody knows the truth about real raters, "
            "so vanilla is compared with the social model."
        )
        for note in source.notes[:3]:
            st.caption(page.escaped(note))
    return source


def _upload_file() -> None:
    with st.expander("Bring a file"):
        file = st.file_uploader(
            "A scenario (YAML) or ratings (CSV, JSONL, PrefLib), 200 MB at the most",
            type=[*uploads.SCENARIO_SUFFIXES, *uploads.RATINGS_SUFFIXES],
            key="file",
        )
        if file is not None and file.file_id != st.session_state.get("file_read"):
            st.session_state["file_read"] = file.file_id
            try:
                with st.spinner("Reading the file"):
                    id = uploads.cache().add(file.getvalue(), file.name)
            except InputError as error:
                st.session_state["file_fault"] = str(error)
            else:
                st.session_state["file_fault"] = None
                st.session_state["scenario"] = id
                scenario_sliders.reset()
    if file is not None and st.session_state.get("file_fault"):
        st.error(page.escaped(st.session_state["file_fault"]))
