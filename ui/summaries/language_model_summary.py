"""The option by which the language model writes the summary of the shown person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from scrl.language_model import INSTALL, is_installed
from scrl.studies import summary_people
from scrl.types import InputError, Progress
from ui.shared import page, page_jobs
from ui.shared.job_progress import watch
from ui.shared.page import IN_URL
from ui.shared.page_jobs import PageJobs

_JOBS = PageJobs("written_summaries", "written_summary")


def option(example: Mapping[str, Any], person: int, model: str) -> list[str]:
    """The sentences that the language model wrote; none unless the visitor asks for them.

    Args:
        example: the stored example of the study.
        person: index of the shown person.
        model: name of the model that reads.
    """
    if not st.toggle("Let the language model write it", key="by_model", **IN_URL):
        return []
    if not is_installed():
        st.info(f"The language model is not installed. To install it: `{INSTALL}`.")
        return []
    key = f"summary-{page_jobs.choice_hash(person, model)}"
    job = _JOBS.find(key)
    if job is None or job.state in ("failed", "cancelled"):
        page.note("The first summary takes about a minute, while the model is read and compiled.")
        if st.button("Write a summary", key="write_summary", icon=":material/edit:"):
            try:
                _JOBS.submit(key, _work(example, person, model), "Writing a summary")
            except InputError as error:
                st.error(page.escaped(str(error)))
    if job is None:
        return []
    if job.state != "done" or job.result is None:
        watch(job)
        return []
    _show(job.result)
    return job.result["sentences"]


def _show(found: Mapping[str, Any]) -> None:
    """The summary, and how it was chosen."""
    with st.container(border=True):
        st.markdown(page.escaped(" ".join(found["sentences"]) or "It wrote no sentence."))
        page.note(
            f"Written by SmolLM2 (135 million parameters) from {found['shown']} of this person's "
            f"pairs. It is the best of {found['candidates']} by how well the reader predicts all "
            f"{found['pairs']} pairs from it: log σ is {found['log_sigma']:.2f} a pair, and "
            f"{found['without']:.2f} without any summary. In the study's populations a "
            "first summary by a model of this size misleads the reader, the best of several is "
            "hardly better than none, and the summariser's templates are far ahead."
        )


def _work(
    example: Mapping[str, Any], person: int, model: str
) -> Callable[[Callable[[Progress], None]], dict[str, Any]]:
    """The job: find the person's pairs again, and write."""

    def work(on_progress: Callable[[Progress], None]) -> dict[str, Any]:
        on_progress(Progress("compiling", 0.02, "Loading the language model"))
        return summary_people.written_for(example, person, model, on_progress)

    return work
