"""What ``?scenario=`` may name: one of the gallery, a file that the server keeps, or a scenario
whole inside the link."""

from __future__ import annotations

import streamlit as st

from scrl.scenarios import (
    Scenario,
    gallery,
    is_link,
    load_scenario,
    scenario_from_link,
    scenario_to_link,
)
from scrl.types import InputError, Ratings
from ui.shared import page, uploads

DEFAULT_SCENARIO = "tennessee-morristown"


@st.cache_resource(show_spinner=False)
def gallery_scenario(stem: str) -> Scenario:
    return load_scenario(gallery()[stem])


@st.cache_resource(show_spinner=False, max_entries=100)
def _linked_scenario(id: str) -> Scenario:
    return scenario_from_link(id)


@st.cache_resource(show_spinner=False, max_entries=200)
def _stem_by_yaml() -> dict[str, str]:
    return {gallery_scenario(stem).to_yaml(): stem for stem in gallery()}


def read(id: str) -> Scenario | Ratings:
    """What an id stands for.

    Raises:
        InputError: one sentence, where it stands for nothing.
    """
    if id in gallery():
        return gallery_scenario(id)
    if is_link(id):
        return _linked_scenario(id)
    if kept := uploads.cache().get(id):
        return kept[1]
    if id.startswith("file-"):
        raise InputError("This file is no longer kept on the server; choose it again.")
    raise InputError(f"There is no scenario named ‘{id[:60]}’.")


def find(id: str) -> Scenario | Ratings | None:
    """As ``read``; None where it stands for nothing."""
    try:
        return read(id)
    except InputError:
        return None


def display_name(id: str) -> str:
    """What to call it in a list; what is not of the gallery is marked, as names may be the same."""
    if id in gallery():
        return gallery_scenario(id).name
    if is_link(id):
        return f"{read(id).name} (yours)"
    return uploads.cache().get(id)[0]


def scenario_id(scenario: Scenario) -> str | None:
    """The gallery's own name for the scenario, or all of it in a link; None where it is too large
    for one."""
    return _stem_by_yaml().get(scenario.to_yaml()) or scenario_to_link(scenario)


def id_or_upload(scenario: Scenario) -> str:
    """An id under which other pages find the scenario: as ``id_of``, else kept on the server."""
    if id := scenario_id(scenario):
        return id
    return uploads.cache().add(scenario.to_yaml().encode(), f"{scenario.name}.yaml")


def gallery_and_own(stem: str) -> tuple[dict[str, Scenario], int]:
    """The gallery by name and, where the URL or another page names one, the reader's own scenario;
    the number of the one to begin with: the one that the URL names, else ``stem``'s."""
    found = {scenario.name: scenario for scenario in map(gallery_scenario, gallery())}
    first = list(found).index(gallery_scenario(stem).name)
    linked = st.query_params.get("scenario")
    id = linked or st.session_state.get("last")
    if not id:
        return found, first
    try:
        own = read(id)
    except InputError as error:
        if linked:
            st.warning(f"{page.escaped(str(error))} This is another.")
        return found, first
    if own.is_scenario:
        found.setdefault(display_name(id), own)
        first = list(found).index(display_name(id)) if linked else first
    return found, first
