"""The choice of the data: a scenario of the gallery, a linked scenario or an uploaded file."""

from __future__ import annotations

import streamlit as st

from scrl.scenarios import Scenario
from scrl.types import InputError, Ratings
from ui.shared import (
    column_mapping,
    file_preview,
    page,
    run_links,
    run_store,
    scenario_sliders,
    source_ids,
    uploads,
)
from ui.shared.source_ids import DEFAULT_SCENARIO

#: Before the id of an imported run.
_RUN = "run:"
#: Session key: whether the columns of the next table are chosen by hand.
_BY_HAND = "columns_by_hand"


def pick_source(default: str | None = None, summary: bool = True) -> Scenario | Ratings | None:
    """Draw the choice of a scenario or a file, and return it.

    Args:
        default: the id that the page starts with; by default the one chosen on another page.
        summary: whether the story of a scenario is shown; not where the page changes the scenario.
    """
    picker, uploader = st.container(), st.container()
    if not page.presenting():
        with uploader:
            run_links.show_imported()
            _take_file()
    with picker:
        return _select_source(default, summary)


def _select_source(default: str | None, summary: bool) -> Scenario | Ratings | None:
    # Kept in the URL by hand: a bound widget would write the title there, not the id.
    state = st.session_state
    id_wanted = state.get("scenario") or st.query_params.get("scenario")
    id_wanted = id_wanted or default or state.get("last", DEFAULT_SCENARIO)
    own = source_ids.own_files()
    options = [*source_ids.gallery_files(), *own]
    if id_wanted not in options:
        try:
            source_ids.read(id_wanted)
        except InputError as error:
            id_wanted = default or DEFAULT_SCENARIO
            other = source_ids.display_name(id_wanted)
            st.warning(page.escaped(f"{error} ‘{other}’ is shown instead; it is another scenario."))
        else:
            options.append(id_wanted)
    state["scenario"] = id_wanted
    if state.pop(page.RESET_CONTROLS, False):
        scenario_sliders.reset(in_url=False)

    id = st.selectbox(
        "Scenario",
        options,
        format_func=lambda id: own.get(id) or source_ids.display_name(id),
        key="scenario",
        on_change=scenario_sliders.reset,
    )
    state["last"] = id  # a widget's own state goes when the reader visits another page
    page.set_url_parameter("scenario", id, default or DEFAULT_SCENARIO)
    try:
        source = source_ids.read(id)
    except InputError as error:  # it went while the page was drawn
        st.warning(page.escaped(str(error)))
        return None
    if not page.presenting():
        _describe(id, source, summary)
    return source


def _describe(id: str, source: Scenario | Ratings, summary: bool) -> None:
    """What the reader chose, in words; of a file also what is in it."""
    if source.is_scenario:
        if summary:
            st.markdown(page.escaped(source.summary))
    elif not source.individuals:
        st.markdown(
            f"{file_preview.summary(source)} No row names its rater. So there is no model of "
            "raters; the page **Rules** counts these ballots, and the **Lab** trains rewards on "
            "the counts."
        )
    else:
        st.markdown(
            f"{file_preview.summary(source)} Nobody knows what all of these raters would say "
            "about everything. So Bradley–Terry is compared with the social model only."
        )
    if not id.startswith("file-"):
        return
    with st.container(horizontal=True):
        if st.button("What is in this file", icon=":material/table_view:", key="preview"):
            _preview(source)
        if uploads.cache().owns(id) and st.button(
            "Remove it from the server", icon=":material/delete:", key="remove_file",
            type="tertiary",
        ):  # fmt: skip
            _remove(id)


@st.dialog("What is in this file", width="large")
def _preview(source: Scenario | Ratings) -> None:
    file_preview.show(source)


def _remove(id: str) -> None:
    """Delete an uploaded file, and go back to the first scenario."""
    uploads.cache().remove(id)
    for key in ("scenario", "last"):
        st.session_state.pop(key, None)
    st.query_params.pop("scenario", None)
    scenario_sliders.reset()
    st.session_state[page.RESET_CONTROLS] = True
    st.rerun()


def _take_file() -> None:
    with st.expander("Bring a file"):
        id = uploads.take_file(
            "Ratings (tables, JSON, Parquet, PrefLib), a scenario (YAML) or an exported run (ZIP)",
            [*uploads.RATINGS_SUFFIXES, *uploads.SCENARIO_SUFFIXES, run_links.SUFFIX],
            "file",
            _accept,
        )
        st.toggle("Choose the columns of a table myself", key=_BY_HAND)
        chosen = column_mapping.choose_columns()
    if chosen:
        uploads.clear_fault("file")
        st.session_state["scenario"] = chosen
        scenario_sliders.reset()
        st.rerun()
    if not id:
        return
    if id.startswith(_RUN):
        _open_run(id.removeprefix(_RUN))
    else:
        st.session_state["scenario"] = id
        scenario_sliders.reset()


def _accept(data: bytes, filename: str) -> str:
    if filename.lower().endswith(f".{run_links.SUFFIX}"):
        return _RUN + run_links.import_run(data, filename)
    if st.session_state.get(_BY_HAND):
        column_mapping.drop()
        if column_mapping.keep(data, filename):
            return ""
    return column_mapping.add_or_keep(data, filename)


def _open_run(id: str) -> None:
    try:
        record = run_store.archive().get(id)
        if record is not None:
            run_links.open_in_lab(record, imported=True)
    except InputError as error:
        st.error(page.escaped(str(error)))
