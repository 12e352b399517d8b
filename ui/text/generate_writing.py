"""The part of the page Generate in which the language model answers the visitor's question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from scrl.language_model import INSTALL, is_installed
from scrl.studies import generated_answers
from scrl.types import InputError, Progress
from ui.shared import page, page_jobs
from ui.shared.job_progress import watch
from ui.shared.page import IN_URL
from ui.shared.page_jobs import PageJobs

OWN = "A question of your own …"
#: Letters of a question, answers and tokens of each.
MAX_QUESTION, ANSWERS, TOKENS = 300, 8, 48
_JOBS = PageJobs("written_answers", "written")


def choice(stem: str, prompt: str) -> str:
    """The key of a question's answers."""
    return f"answers-{page_jobs.choice_hash(stem, prompt)}"


def entry(scenarios: Mapping[str, Any]) -> dict[str, Any] | None:
    """The visitor's question, answered and rated; None until it is."""
    if not is_installed():
        st.info(f"The language model is not installed. To install it: `{INSTALL}`.")
        return None
    stem = st.segmented_control(
        "Its raters", list(scenarios), default=next(iter(scenarios)), required=True, key="raters",
        format_func=lambda stem: scenarios[stem]["name"].split(",")[0], **IN_URL,
    )  # fmt: skip
    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        prompt = st.text_input(
            "Your question", "What should I cook tonight?", max_chars=MAX_QUESTION, key="own"
        ).strip()
        pressed = st.form_submit_button("Write eight answers", type="primary")
    if not prompt:
        return None
    key = choice(stem, prompt)
    job = _JOBS.find(key)
    if pressed and (job is None or job.state in ("failed", "cancelled")):
        try:
            _JOBS.submit(key, _work(stem, scenarios[stem]["rewards"], prompt), "Writing answers")
        except InputError as error:
            st.error(page.escaped(str(error)))
    if job is None:
        page.note(
            "A small language model (SmolLM2, 135 million parameters) writes on this computer. It "
            "often talks nonsense; the question here is who prefers which answer."
        )
        return None
    if job.state != "done" or job.result is None:
        watch(job)
        return None
    return job.result["entry"]


def _work(
    stem: str, rewards: Any, prompt: str
) -> Callable[[Callable[[Progress], None]], dict[str, Any]]:
    """The job: write the answers and rate them."""

    def work(on_progress: Callable[[Progress], None]) -> dict[str, Any]:
        on_progress(Progress("compiling", 0.02, "Loading the language model"))
        return {
            "entry": generated_answers.written_answers(
                stem, rewards, prompt, ANSWERS, TOKENS, on_progress
            )
        }

    return work
