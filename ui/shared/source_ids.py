"""Ids of scenarios and ratings, as ``?scenario=`` states them.

An id names a scenario of the gallery or an uploaded file, or it holds a whole scenario.
"""

from __future__ import annotations

from pathlib import Path

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
from ui.shared import page, scenario_yaml, uploads

DEFAULT_SCENARIO = "tennessee-morristown"


@st.cache_resource(show_spinner=False)
def gallery_files() -> dict[str, Path]:
    """The gallery's files by their stem, listed once: a rerun asks dozens of times."""
    return gallery()


@st.cache_resource(show_spinner=False)
def gallery_scenario(stem: str) -> Scenario:
    """A scenario of the gallery by the stem of its file."""
    return load_scenario(gallery_files()[stem])


@st.cache_resource(show_spinner=False, max_entries=100)
def _linked_scenario(id: str) -> Scenario:
    return scenario_from_link(id)


@st.cache_resource(show_spinner=False, max_entries=200)
def _stem_by_yaml() -> dict[str, str]:
    return {gallery_scenario(stem).to_yaml(): stem for stem in gallery_files()}


def read(id: str) -> Scenario | Ratings:
    """The scenario or ratings of an id.

    Raises:
        InputError: the id names nothing.
    """
    if id in gallery_files():
        return gallery_scenario(id)
    if is_link(id):
        return _linked_scenario(id)
    if id.startswith("file-"):
        return uploads.cache().read(id)[1]
    raise InputError(f"There is no scenario named ‘{id[:60]}’.")


def find(id: str) -> Scenario | Ratings | None:
    """As ``read``; None where the id names nothing."""
    try:
        return read(id)
    except InputError:
        return None


def display_name(id: str) -> str:
    """The name in a list; a scenario in a link is marked, as its name may be in the gallery too."""
    if id in gallery_files():
        return gallery_scenario(id).name
    if is_link(id):
        return f"{read(id).name} (yours)"
    upload = uploads.cache().get(id)
    return upload[0] if upload else "A file that is no longer kept"


def own_files() -> dict[str, str]:
    """Id -> a name of each file that this visitor has brought; no two have the same name."""
    names: dict[str, str] = {}
    for id, name in uploads.cache().own_names().items():
        label, n = name, 2
        while label in names.values():
            label, n = f"{name} ({n})", n + 1
        names[id] = label
    return names


def own_scenario_files() -> dict[str, str]:
    """As ``own_files``, of files that hold a scenario."""
    suffixes = tuple(f".{suffix}" for suffix in uploads.SCENARIO_SUFFIXES)
    stored = uploads.cache().own_names()
    return {id: label for id, label in own_files().items() if stored[id].lower().endswith(suffixes)}


def own_ratings_files() -> dict[str, str]:
    """As ``own_files``, of files that hold ratings."""
    scenarios = own_scenario_files()
    return {id: label for id, label in own_files().items() if id not in scenarios}


def scenario_id(scenario: Scenario) -> str | None:
    """The stem of a gallery scenario, else the link that holds it; None where it is too large."""
    yaml = scenario_yaml.of(scenario)
    return _stem_by_yaml().get(yaml) or _link_of(yaml, scenario)


@st.cache_resource(max_entries=200, show_spinner=False)
def _link_of(yaml: str, _scenario: Scenario) -> str | None:
    return scenario_to_link(_scenario)


def id_or_upload(scenario: Scenario) -> str:
    """As ``scenario_id``; a scenario too large for a link is stored as an upload."""
    if id := scenario_id(scenario):
        return id
    return uploads.cache().add(scenario_yaml.of(scenario).encode(), f"{scenario.name}.yaml")


def gallery_and_own(stem: str) -> tuple[dict[str, Scenario], int]:
    """The scenarios of the gallery by name, and the reader's own ones.

    Those are the files that the reader has brought, and the one that the URL or else another page
    of this session names.

    Returns:
        The scenarios, and the index of the initial one: the URL's, else that of ``stem``.
    """
    scenarios = {scenario.name: scenario for scenario in map(gallery_scenario, gallery_files())}
    initial = list(scenarios).index(gallery_scenario(stem).name)
    for own, label in own_scenario_files().items():
        if (source := find(own)) is not None and source.is_scenario:
            scenarios.setdefault(label, source)
    linked = st.query_params.get("scenario")
    id = linked or st.session_state.get("last")
    if not id:
        return scenarios, initial
    try:
        own_source = read(id)
    except InputError as error:
        if linked:
            st.warning(page.escaped(f"{error} Another scenario is shown instead."))
        return scenarios, initial
    if own_source.is_scenario:
        scenarios.setdefault(display_name(id), own_source)
        initial = list(scenarios).index(display_name(id)) if linked else initial
    return scenarios, initial
