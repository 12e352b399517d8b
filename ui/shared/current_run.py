"""The training run that the page is about; its id stands in the URL."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from scrl.runs import Job
from scrl.types import InputError
from ui.shared import page, run_store
from ui.shared.controls import Choice

if TYPE_CHECKING:
    from scrl.raters import FittedRun


def says_gone() -> bool:
    """Say so where the URL names a run that is not kept, and offer ways on; whether it did.

    The page then draws nothing else: other data would look like those of that run.
    """
    id = st.query_params.get("run")
    if not id or run_store.find(id) is not None:
        return False
    st.info(_why_gone(id))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Go on without this run", type="primary", key="without_run"):
            _set_run(None)
            st.rerun()
        st.page_link("pages/runs.py", label="Your runs", icon=":material/inventory_2:")
    return True


def _why_gone(id: str) -> str:
    with suppress(InputError):
        record = run_store.archive().get(id)
        if record is not None and record.state == "unfinished":
            return (
                "The server stopped before the run of this link was done. Whoever started it can "
                "run it again on the page Runs."
            )
        if record is not None:
            return page.escaped(f"The run of this link has no result. {record.error}")
    return (
        "The run of this link is not kept on this server. It was deleted, or it was never stored. "
        "Nothing of it can be shown."
    )


def current() -> Job | None:
    """The run that the URL names, or this session after a visit to another page.

    None where none is named, or where the named run is gone, with a message.
    """
    id = st.query_params.get("run") or st.session_state.get("run")
    if not id:
        return None
    job = run_store.find(id)
    if job is None:
        st.info("Your last run is no longer kept on the server. Press Train to run it again.")
        _set_run(None)
        return None
    _set_run(id)
    return job


def _set_run(id: str | None) -> None:
    st.session_state["run"] = id
    if id is None:
        st.query_params.pop("run", None)
    elif st.query_params.get("run") != id:
        st.query_params["run"] = id


def latest_finished(job: Job | None) -> Job | None:
    """The run whose result is shown: the current run once it is done, else the one before."""
    if job is not None and job.state == "done":
        st.session_state["shown"] = job.id
        return job
    shown = st.session_state.get("shown")
    return run_store.find(shown) if shown else None


def fitted(job: Job) -> FittedRun | None:
    """The fitted models of a finished run; None where they were not stored, with a message."""
    try:
        fitted = job.result.get("learnt")
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return None
    if fitted is None:
        st.info(
            "The model that this run fitted to its raters is not stored. Train again to see it."
        )
    return fitted


def start(choice: Choice) -> None:
    """Queue a training run of this choice and put its id in the URL."""
    try:
        id = run_store.start_training(
            choice.source, choice.rules, choice.seed, choice.spec, choice.yaml, seeds=choice.seeds
        )
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    _set_run(id)
    st.rerun()
