"""A study that was baked, shown at once, and run again by whoever doubts it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl.studies import load_baked
from scrl.types import InputError
from ui.shared import page, run_store, viewer
from ui.shared.job_progress import watch


@st.cache_data(show_spinner=False)
def _load(stem: str) -> dict:
    return load_baked(stem)


def show(
    stem: str, option: str, label: str, make: Callable, spec: str,
    draw: Callable[[dict, str], None],
) -> None:  # fmt: skip
    """Draw it, of this session's latest run where there is one, and offer another.

    Args:
        stem: name of the study, and the session's key of its run; option: of the button.
        make: what a run does; spec: of today's settings.
        draw: called with the result and an id of it.
    """
    job = run_store.job_queue().get(id) if (id := st.session_state.get(stem)) else None
    if job is not None and job.state == "done":
        st.caption("From a run of this session.")
        draw(job.result, job.id)
    else:
        try:
            content = _load(stem)
        except InputError as error:
            st.info(str(error))
        else:
            if content["spec"] != spec:
                st.warning("The lab has changed since this was baked; "
                           f"`python -m scrl bake {stem}`.")  # fmt: skip
            draw(content["result"], "baked")
    _run_again_button(stem, option, label, make, job)


def _run_again_button(stem: str, option: str, label: str, make: Callable, job) -> None:
    busy = job is not None and job.active
    if not page.presenting():
        words = "Running" if busy else "Run it again"
        if st.button(words, disabled=busy, key=f"again-{option}", icon=":material/replay:"):
            try:
                st.session_state[stem] = run_store.job_queue().submit(
                    make, key=f"{viewer.token()}:{stem}", label=label
                )
            except InputError as error:
                st.error(str(error))
            else:
                st.rerun()
        st.caption("Trains every model for every seed: some minutes.")
    if job is not None:
        watch(job, lambda progress: st.caption(progress.message if progress else ""))
