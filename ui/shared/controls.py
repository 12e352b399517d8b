"""The lab's choices: which data, how it is changed, how it is run. All but files stand in the URL.

Widget keys are the names of URL parameters: ``scenario``, ``share1`` …, ``missing``, ``says1`` …,
``raters``, ``noise``, ``seed``, ``seeds``, ``rules``. Another scenario sets them all to its own
values; what ``scenario`` may name is in ``ui/sources.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from scrl.config import DEFAULT_RULES
from scrl.scenarios import Scenario
from scrl.types import InputError, Ratings
from scrl.voting import RULES
from ui.shared import page, scenario_sliders, source_ids, source_picker
from ui.shared.page import IN_URL

#: Runs that may be asked for together.
MAX_SEEDS = 20


@dataclass(frozen=True, eq=False)
class Choice:
    """What the reader has chosen.

    Attributes:
        source: the scenario with the sliders' numbers, or uploaded ratings.
        seed, seeds: of the first run, and how many runs there are, each with the next seed.
        follow: the completion that may be left out, "" where it is a prompt.
        about: the prompt that may go unanswered, "" where it is a completion.
        spec: a short hash of everything that a run depends on.
        yaml: the scenario as a file; empty for ratings.
    """

    source: Scenario | Ratings
    rules: tuple[str, ...]
    seed: int
    follow: str
    about: str
    spec: str
    yaml: str
    seeds: int = 1


def rule_title(rule: str) -> str:
    return getattr(RULES[rule], "title", rule)


def choose_run(trains: bool = True) -> Choice | None:
    """Draw all controls and return what they say; None where it makes no run, with the reason
    shown in its place.

    Args:
        trains: whether the page draws raters or trains, and so has seeds.
    """
    source = source_picker.pick_source()
    if source is None:
        return None
    follow = about = ""
    try:
        if source.is_scenario:
            source, follow, about = scenario_sliders.draw(source)
    except InputError as error:
        st.error(str(error))
        return None
    seed, seeds = _seed_inputs() if trains else (0, 1)
    rules = st.multiselect(
        "Rules", RULES.ordinal, list(DEFAULT_RULES), format_func=rule_title, key="rules", **IN_URL
    )
    if not rules:
        st.info("Choose at least one rule.")
        return None
    if source.is_scenario:
        with st.container(horizontal=True):
            st.button(
                "Reset the sliders",
                on_click=scenario_sliders.reset,
                type="tertiary",
                icon=":material/undo:",
            )
            if st.button("Edit the scenario", type="tertiary", icon=":material/edit:"):
                _open_in_editor(source)
    yaml = source.to_yaml()
    spec = spec_hash(yaml or st.session_state["scenario"], rules, seed, seeds)
    return Choice(source, tuple(rules), seed, follow, about, spec, yaml, seeds)


def _seed_inputs() -> tuple[int, int]:
    # Real, since for whole numbers Streamlit fails on an infinite one in the URL.
    first, count = st.columns(2)
    seed = int(
        first.number_input("Seed", 0.0, 2.0**31, 0.0, 1.0, format="%.0f", key="seed", **IN_URL)
    )
    seeds = int(
        count.number_input(
            "Seeds", 1.0, float(MAX_SEEDS), 1.0, 1.0, format="%.0f", key="seeds",
            help="So many runs at once, each with the next seed; the charts then show how far "
            "apart they lie.", **IN_URL,
        )
    )  # fmt: skip
    return seed, seeds


def spec_hash(what: str, rules: Sequence[str], seed: int = 0, seeds: int = 1) -> str:
    """A short hash of all that a run depends on; ``what`` is a scenario's YAML or a file's id."""
    known = repr((what, tuple(rules), seed) + ((seeds,) if seeds > 1 else ()))
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _open_in_editor(scenario: Scenario) -> None:
    """Take the scenario, with what the sliders say, to the page that builds scenarios."""
    try:
        id = source_ids.id_or_upload(scenario)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/scenario.py", query_params={"scenario": id, "part": "Raters", **present})
