"""The controls of a run: the data, changes of the scenario, seeds and rules.

All but files stand in the URL. Widget keys are the names of URL parameters: ``scenario``,
``share1`` …, ``missing``, ``says1`` …, ``raters``, ``noise``, ``seed``, ``seeds``, ``rules``.
Choosing another scenario sets them all to its own values; ``source_ids`` defines what ``scenario``
may name.
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

#: Seeds of one run.
MAX_SEEDS = 20


@dataclass(frozen=True, eq=False)
class Choice:
    """The settings of a run that the reader has chosen.

    Attributes:
        source: the scenario with the sliders' values, or uploaded ratings.
        seed, seeds: the first seed and the number of seeds.
        completion: the completion that raters may leave out; "" where they skip a prompt.
        prompt: the prompt that raters may skip; "" where they leave out a completion.
        spec: a short hash of everything that a run depends on.
        yaml: the scenario as a file; empty for ratings.
    """

    source: Scenario | Ratings
    rules: tuple[str, ...]
    seed: int
    completion: str
    prompt: str
    spec: str
    yaml: str
    seeds: int = 1


def rule_title(rule: str) -> str:
    """The title of a rule; its name where it is not registered."""
    return getattr(RULES[rule], "title", rule)


def choose_run(trains: bool = True) -> Choice | None:
    """Draw all controls.

    Args:
        trains: whether the page samples raters or trains, and so has seeds.

    Returns:
        The choice; None, with a message on the page, where it makes no run.
    """
    source = source_picker.pick_source()
    if source is None:
        return None
    completion = prompt = ""
    try:
        if source.is_scenario:
            source, completion, prompt = scenario_sliders.draw(source)
    except InputError as error:
        st.error(page.escaped(str(error)))
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
    return Choice(source, tuple(rules), seed, completion, prompt, spec, yaml, seeds)


def _seed_inputs() -> tuple[int, int]:
    """The first seed and the number of seeds."""
    # Real numbers: for whole ones Streamlit fails on an infinite one in the URL.
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


def spec_hash(source: str, rules: Sequence[str], seed: int = 0, seeds: int = 1) -> str:
    """A short hash of everything that a run depends on; ``source`` is a YAML or a file's id."""
    spec = repr((source, tuple(rules), seed) + ((seeds,) if seeds > 1 else ()))
    return hashlib.sha256(spec.encode()).hexdigest()[:16]


def _open_in_editor(scenario: Scenario) -> None:
    """Open the scenario with the sliders' values on the page that edits scenarios."""
    try:
        id = source_ids.id_or_upload(scenario)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    page.switch_to("pages/scenario.py", scenario=id, part="Raters")
