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
from ui.shared import page, store

FIRST = "tennessee-morristown"


@st.cache_resource(show_spinner=False)
def of_gallery(stem: str) -> Scenario:
    return load_scenario(gallery()[stem])


@st.cache_resource(show_spinner=False, max_entries=100)
def _of_link(id: str) -> Scenario:
    return scenario_from_link(id)


@st.cache_resource(show_spinner=False, max_entries=200)
def _stems() -> dict[str, str]:
    return {of_gallery(stem).to_yaml(): stem for stem in gallery()}


def read(id: str) -> Scenario | Ratings:
    """What an id stands for.

    Raises:
        InputError: one sentence, where it stands for nothing.
    """
    if id in gallery():
        return of_gallery(id)
    if is_link(id):
        return _of_link(id)
    if kept := store.uploads().get(id):
        return kept[1]
    if id.startswith("file-"):
        raise InputError("This file is no longer kept on the server; choose it again.")
    raise InputError(f"There is no scenario named ‘{id[:60]}’.")


def found(id: str) -> Scenario | Ratings | None:
    """As ``read``; None where it stands for nothing."""
    try:
        return read(id)
    except InputError:
        return None


def name(id: str) -> str:
    """What to call it in a list; what is not of the gallery is marked, as names may be the same."""
    if id in gallery():
        return of_gallery(id).name
    if is_link(id):
        return f"{read(id).name} (yours)"
    return store.uploads().get(id)[0]


def id_of(scenario: Scenario) -> str | None:
    """The gallery's own name for the scenario, or all of it in a link; None where it is too large
    for one."""
    return _stems().get(scenario.to_yaml()) or scenario_to_link(scenario)


def keep(scenario: Scenario) -> str:
    """An id under which other pages find the scenario: as ``id_of``, else kept on the server."""
    if id := id_of(scenario):
        return id
    return store.uploads().add(scenario.to_yaml().encode(), f"{scenario.name}.yaml")


def stories(stem: str) -> tuple[dict[str, Scenario], int]:
    """The gallery by name and, where the URL or another page names one, the reader's own scenario;
    the number of the one to begin with: the one that the URL names, else ``stem``'s."""
    found = {scenario.name: scenario for scenario in map(of_gallery, gallery())}
    first = list(found).index(of_gallery(stem).name)
    linked = st.query_params.get("scenario")
    id = linked or st.session_state.get("last")
    if not id:
        return found, first
    try:
        own = read(id)
    except InputError as error:
        if linked:
            st.warning(f"{page.plain(str(error))} This is another.")
        return found, first
    if own.is_scenario:
        found.setdefault(name(id), own)
        first = list(found).index(name(id)) if linked else first
    return found, first
