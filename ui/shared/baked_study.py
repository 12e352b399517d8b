"""A baked study: its stored result at once, and a button that runs it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from scrl.runs import Job
from scrl.studies import Study, load_baked
from scrl.types import InputError, Progress
from ui.shared import page, run_store, session, viewer
from ui.shared.job_progress import watch


@st.cache_data(show_spinner=False)
def _load(name: str) -> dict[str, Any]:
    return load_baked(name)


@st.cache_data(show_spinner=False)
def _spec(name: str, _study: Study) -> str:
    return _study.spec()


def show(
    study: Study,
    draw: Callable[[dict[str, Any], str], None],
    note: str = "This trains every model for every seed and takes some minutes.",
    draw_progress: Callable[[Progress | None], None] | None = None,
) -> None:
    """Draw the result of this session's latest run, else the baked one, and offer to run again.

    Args:
        draw: given the result and an id of it.
        note: stands below the button.
        draw_progress: as of ``job_progress.watch``.
    """
    session.keep(study.name)
    id = st.session_state.get(study.name)
    job = run_store.job_queue().get(id) if id else None
    if job is not None and job.state == "done":
        page.note("From a run of this session.")
        draw(job.result, job.id)
    else:
        try:
            content = _load(study.name)
        except InputError as error:
            st.info(page.escaped(str(error)))
        else:
            if content["spec"] != _spec(study.name, study):
                st.warning("The program has changed since this result was stored. To renew it: "
                           f"`python -m scrl bake {study.name}`.")  # fmt: skip
            draw(content["result"], "baked")
    _run_again_button(study, note, job)
    if job is not None:
        watch(job, draw_progress)


def _run_again_button(study: Study, note: str, job: Job | None) -> None:
    if page.presenting():
        return
    busy = job is not None and job.active
    label = "Running" if busy else "Run it again"
    if st.button(label, disabled=busy, key=f"again-{study.name}", icon=":material/replay:"):
        try:
            st.session_state[study.name] = run_store.job_queue().submit(
                lambda on_progress: study.run(on_progress)["result"],
                key=f"{viewer.token()}:{study.name}", label=study.title,
            )  # fmt: skip
        except InputError as error:
            st.error(page.escaped(str(error)))
        else:
            st.rerun()
    page.note(note)


def caption_progress(progress: Progress | None) -> None:
    """The message of the latest report as a caption."""
    st.caption(page.escaped(progress.message) if progress else "")
