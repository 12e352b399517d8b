"""The prompt, the reference policy and the utilities that a policy faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl.policies import (
    REFERENCES,
    build_prompt_problem,
    observe_prompt,
)
from scrl.types import InputError
from ui.shared import controls, page
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from scrl.scenarios import Scenario

#: Completions of a prompt; more make a row of proposals unreadable.
MAX_COMPLETIONS = 16
_REFERENCES = dict(zip(("Every completion alike", "As raters' first choices"), REFERENCES,
                       strict=True))  # fmt: skip


@st.cache_resource(max_entries=60, show_spinner=False)
def _build_problem(yaml: str, prompt: str, rule: str, kind: str, _scenario: Scenario) -> tuple:
    """The problem of the prompt, the reference policy and the families of policies."""
    problem = build_prompt_problem(_scenario, prompt, rule)
    reference = problem.reference(kind)
    return problem, reference, problem.families(reference)


def choose(left: DeltaGenerator, right: DeltaGenerator, needs_utility: bool = True) -> tuple | None:
    """Controls: the population on the left, the prompt and reference on the right.

    Returns:
        The ``PromptProblem`` (``ObservedPrompt`` for real raters), the reference, the families and
        the rule; None where there is nothing to show, which is then said.

    Args:
        needs_utility: whether the utilities of completions have to be known.
    """
    with left:
        choice = controls.choose_run(trains=False)
    if choice is None:
        return None
    with right:
        return _choose_problem(choice, needs_utility)


def _choose_problem(choice: controls.Choice, needs_utility: bool) -> tuple | None:
    """The prompt, the rule and the reference; None, with a message, without a problem to show."""
    if needs_utility and not choice.source.is_scenario:
        st.info("Nobody knows what completions are worth to real raters; choose a scenario.")
        return None
    catalogue = choice.source.catalogue
    prompts = list(catalogue.prompts)
    prompt, rule = prompts[0], choice.rules[0]
    with st.container(horizontal=True):
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
        if needs_utility:
            rule = st.selectbox(
                "Social reward by", choice.rules, format_func=rule_title, key="rule", **IN_URL
            )
        kind = st.selectbox("The reference proposes", list(_REFERENCES), key="reference", **IN_URL)
    names = catalogue.names(prompts.index(prompt))
    if len(names) > MAX_COMPLETIONS:
        st.info(f"This page shows prompts of up to {MAX_COMPLETIONS} completions.")
        return None
    try:
        if not choice.source.is_scenario:
            problem = observe_prompt(choice.source, prompt)
            return problem, problem.reference(_REFERENCES[kind]), [], rule
        problem = _build_problem(choice.yaml, prompt, rule, _REFERENCES[kind], choice.source)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return None
    return *problem, rule
