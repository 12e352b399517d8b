"""A run of a sweep in the lab: its scenario, its seed and its rules."""

from __future__ import annotations

import streamlit as st

from scrl.config import DEFAULT_RULES
from scrl.scenarios import Scenario
from scrl.sweeps import SweepRow, scenario_with
from scrl.types import InputError
from scrl.voting import RULES
from ui.shared import page, session, source_ids
from ui.sweeps.chosen_sweep import ShownSweep


def draw(sweep: ShownSweep, row: SweepRow) -> None:
    """A button to the lab with the scenario of a run, where that is of the gallery."""
    scenario = scenario_of(row)
    if scenario is None or source_ids.scenario_id(scenario) is None:
        return
    if st.button("Open in the lab", icon=":material/science:", key="sweep-to-lab"):
        _open(scenario, row)


def scenario_of(row: SweepRow) -> Scenario | None:
    """The scenario of a run with its settings; None where it is a file of somebody else, or the
    settings fit it no longer."""
    stem = str(row.settings.get("scenario", ""))
    if stem not in source_ids.gallery_files():
        return None
    try:
        return scenario_with(source_ids.gallery_scenario(stem), row.settings)
    except InputError:
        return None


def _open(scenario: Scenario, row: SweepRow) -> None:
    rules = row.settings.get("rules", DEFAULT_RULES)
    rules = [rules] if isinstance(rules, str) else list(rules)
    id = source_ids.scenario_id(scenario)
    st.session_state[page.RESET_CONTROLS] = True
    session.hand_over(
        scenario=id, seed=float(row.seed), rules=[rule for rule in rules if rule in RULES.ordinal]
    )
    page.switch_to("pages/lab.py", scenario=id or "")
