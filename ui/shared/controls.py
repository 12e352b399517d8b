"""The controls of a run: the data, changes of the scenario, seeds and rules.

All but files stand in the URL. Keys are the names of URL parameters: ``scenario``, ``share1`` …,
``missing``, ``says1`` …, ``raters``, ``noise``, ``seed``, ``seeds``, ``rules``.
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
from ui.shared import glossary, page, scenario_sliders, scenario_yaml, source_ids, source_picker
from ui.shared.page import IN_URL
from ui.shared.scenario_sliders import SliderChoice

#: Chosen rules stand below each other where the column is narrow; Streamlit cuts them off.
_WRAP_RULES = """<style>
.st-key-rules [role="group"]:has(> [data-testid="stMultiSelectTagsContainer"])
{ height: auto; max-height: 12rem; }
.st-key-rules [data-testid="stMultiSelectTagsContainer"]
{ flex-wrap: wrap; height: auto; max-height: 12rem; overflow: hidden auto; padding-block: 4px;
  mask-image: none; }
</style>"""
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
        sliders: how the scenario was changed; None for ratings.
    """

    source: Scenario | Ratings
    rules: tuple[str, ...]
    seed: int
    completion: str
    prompt: str
    spec: str
    yaml: str
    seeds: int = 1
    sliders: SliderChoice | None = None


def rule_title(rule: str) -> str:
    """The title of a rule; its name where it is not registered."""
    return getattr(RULES[rule], "title", rule)


def choose_run(
    trains: bool = True, sliders: bool = True, default: str | None = None
) -> Choice | None:
    """Draw all controls.

    Args:
        trains: whether the page samples raters or trains, and so has seeds.
        sliders: whether shares and response rates are drawn here; else the page draws those of the
            choice itself.
        default: the id of the data that the page opens with, as ``source_picker`` takes it.

    Returns:
        The choice; None, with a message on the page, where it makes no run.
    """
    source = source_picker.pick_source(default, summary=False)
    if source is None:
        return None
    story, seed, seeds = st.container(), 0, 1
    if source.is_scenario:
        scenario_sliders.draw_missing(source)
    rules = st.multiselect(
        "Rules to compare", RULES.ordinal, list(DEFAULT_RULES), format_func=rule_title, key="rules",
        help=glossary.entries("rule"), **IN_URL,
    )  # fmt: skip
    st.html(_WRAP_RULES)
    if trains or source.is_scenario:
        with st.expander("More settings", icon=":material/tune:"):
            if source.is_scenario:
                scenario_sliders.draw_size(source)
            if trains:
                seed, seeds = _seed_inputs()
    chosen = None
    if source.is_scenario:
        try:
            chosen = scenario_sliders.chosen(source)
        except InputError as error:
            st.error(page.escaped(str(error)))
            return None
        source = chosen.scenario
        if not page.presenting():
            story.markdown(page.escaped(source.summary))
        if sliders:
            scenario_sliders.draw(chosen)
        if st.button("Edit this scenario", type="tertiary", icon=":material/edit:", key="edit"):
            _open_in_editor(source)
    if not rules:
        st.info("Choose at least one rule.")
        return None
    yaml = scenario_yaml.of(source)
    spec = spec_hash(yaml or st.session_state["scenario"], rules, seed, seeds)
    completion, prompt = (chosen.completion, chosen.prompt) if chosen else ("", "")
    return Choice(source, tuple(rules), seed, completion, prompt, spec, yaml, seeds, chosen)


def _seed_inputs() -> tuple[int, int]:
    """The first seed and the number of seeds."""
    # Real numbers: for whole ones Streamlit fails on an infinite one in the URL.
    first, count = st.columns(2)
    seed = int(
        first.number_input(
            "Seed",
            0.0,
            2.0**31,
            0.0,
            1.0,
            format="%.0f",
            key="seed",
            help="Chance has a number: the same seed draws the same raters again.",
            **IN_URL,
        )
    )
    seeds = int(
        count.number_input(
            "Number of runs", 1.0, float(MAX_SEEDS), 1.0, 1.0, format="%.0f", key="seeds",
            help="Each run has the next seed. The charts then show how much the results differ by "
            "chance.", **IN_URL,
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
