"""The prompt, the reference policy and the utilities that a policy faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl.policies import (
    REFERENCES,
    build_prompt_problem,
    observed_prompt_problem,
)
from scrl.scenarios import STORIES
from scrl.types import InputError
from ui.shared import controls, item_texts, page
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from scrl.scenarios import Scenario
    from scrl.types import Ratings

#: Completions of a prompt; more make a row of proposals unreadable.
MAX_COMPLETIONS = 16
_REFERENCES = dict(zip(("Every answer equally often", "Answers as raters’ first choices"),
                       REFERENCES, strict=True))  # fmt: skip


@st.cache_resource(max_entries=60, show_spinner=False)
def _build_problem(yaml: str, prompt: str, rule: str, kind: str, _scenario: Scenario) -> tuple:
    """The problem of the prompt, the reference policy and the families of policies."""
    problem = build_prompt_problem(_scenario, prompt, rule)
    reference = problem.reference(kind)
    return problem, reference, problem.families(reference)


@st.cache_resource(max_entries=60, show_spinner="Counting the ballots")
def _build_observed(spec: str, prompt: str, rule: str, kind: str, _ratings: Ratings) -> tuple:
    """As ``_build_problem``, of a file's ballots."""
    problem = observed_prompt_problem(_ratings, prompt, rule)
    reference = problem.reference(kind)
    return problem, reference, problem.families(reference)


def choose(left: DeltaGenerator, right: DeltaGenerator) -> tuple | None:
    """Controls: the population on the left, the prompt and reference on the right.

    Returns:
        The ``PromptProblem``, the reference, the families and the rule; None where there is nothing
        to show, which is then said.
    """
    with left:
        choice = controls.choose_run(
            trains=False, default=st.session_state.get("last", STORIES[0].stem)
        )
    if choice is None:
        return None
    with right:
        return _choose_problem(choice)


def _choose_problem(choice: controls.Choice) -> tuple | None:
    """The prompt, the rule and the reference; None, with a message, without a problem to show."""
    catalogue = choice.source.catalogue
    sizes = dict(zip(catalogue.prompts, np.diff(catalogue.offsets), strict=True))
    prompts = [prompt for prompt, size in sizes.items() if 2 <= size <= MAX_COMPLETIONS]
    if not prompts:
        st.info(
            f"This part shows prompts with 2 to {MAX_COMPLETIONS} answers, and this file has none. "
            "Choose other data, or the part ‘Optimised too hard’ above."
        )
        return None
    prompt, rule = prompts[0], choice.rules[0]
    with st.container(horizontal=True):
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
        rule = st.selectbox(
            "Rule of the social model", choice.rules, format_func=rule_title, key="rule", **IN_URL
        )
        kind = st.selectbox(
            "Before training, the assistant gives", list(_REFERENCES), key="reference", **IN_URL
        )
    build, key = (
        (_build_problem, choice.yaml)
        if choice.source.is_scenario
        else (_build_observed, choice.spec)
    )
    try:
        problem = build(key, prompt, rule, _REFERENCES[kind], choice.source)
    except InputError as error:
        st.info(f"{page.escaped(str(error))} Choose another prompt.")
        return None
    item_texts.show_texts(choice.source, prompt)
    if not choice.source.is_scenario:
        page.note(
            "Nobody knows how much these raters care. Here an answer is worth the share of a "
            "group’s comparisons that it wins. The groups are those of the file; without any, "
            "raters are grouped by their first choice."
        )
    return *problem, rule
