"""The fitted run that the pages on the latent space are about: a run of the lab, or an example."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from scrl.diagnostics import with_found_types
from scrl.runs import Job
from scrl.studies import example_runs
from scrl.types import InputError
from ui.runs import stored_runs
from ui.shared import current_run, job_progress, page, run_store, source_ids, viewer

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: URL parameter that names a stored example, by the stem of its scenario.
EXAMPLE = "example"
_PREFIX = "example-"


def choose(first: str = example_runs.SCENARIOS[0]) -> tuple[Job, FittedRun] | tuple[None, None]:
    """The finished run that the page is about, and its fitted models.

    The run that the URL names, else the latest run of this viewer, else a stored example.
    (None, None), with a message, where the fitted models of the chosen run cannot be read.

    Args:
        first: the stem of the example on which the page opens.
    """
    example = st.query_params.get(EXAMPLE)
    job = None if example in example_runs.SCENARIOS else _current_run()
    if job is not None:
        job_progress.watch(job)
    stems = sorted(example_runs.SCENARIOS, key=lambda stem: stem != first)
    examples = {_PREFIX + stem: _example_label(stem) for stem in stems}
    labels = _run_labels(current_run.latest_finished(job)) | examples
    id = _PREFIX + example if example in example_runs.SCENARIOS else next(iter(labels))
    id = _pick(labels, id)
    if id.startswith(_PREFIX):
        return _example(id)
    run = run_store.find(id)
    with st.spinner("Reading the run"):
        fitted = current_run.fitted(run) if run is not None else None
    if fitted is None:
        _links_elsewhere(id)
        return None, None
    return run, _read_types(id, fitted)


@st.cache_resource(show_spinner=False, max_entries=16)
def _read_types(id: str, _fitted: FittedRun) -> FittedRun:
    """The run with the types that the model found, where the file states none."""
    return with_found_types(_fitted)


def _current_run() -> Job | None:
    """The run of the URL or of this session; None, with a message, where it is gone."""
    id = st.query_params.get("run") or st.session_state.get("run")
    if id and run_store.find(id) is None:
        st.info("The run of this link is no longer kept. The page shows another model instead.")
        st.session_state["run"] = None
        st.query_params.pop("run", None)
    return current_run.current()


def _pick(labels: dict[str, str], id: str) -> str:
    """Draw the choice of the run; in presenter mode its name only."""
    if page.presenting():
        st.markdown(page.escaped(labels[id]))
        return id
    st.session_state["latent_run"] = id
    left, right = st.columns([2.4, 1], vertical_alignment="bottom")
    with left:
        id = st.selectbox(
            "The model shown was fitted to", list(labels), format_func=labels.get, key="latent_run",
            on_change=_run_picked,
        )  # fmt: skip
    with right:
        st.page_link("pages/lab.py", label="Fit a model to other data", icon=":material/science:")
    return id


def _run_picked() -> None:
    id = st.session_state["latent_run"]
    if id.startswith(_PREFIX):
        st.query_params.pop("run", None)
        st.query_params[EXAMPLE] = id.removeprefix(_PREFIX)
    else:
        st.query_params.pop(EXAMPLE, None)
        st.session_state["run"] = st.query_params["run"] = id


def _example_label(stem: str) -> str:
    return f"Example: {source_ids.gallery_scenario(stem).name}"


@cache
def _load_example(stem: str) -> FittedRun:
    return example_runs.load_example_run(stem)


def first_example() -> tuple[str, FittedRun]:
    """The id and the fitted models of the example that pages open on.

    Raises:
        InputError: as ``load_example_run``.
    """
    stem = example_runs.SCENARIOS[0]
    return _PREFIX + stem, _load_example(stem)


def _example(id: str) -> tuple[Job, FittedRun] | tuple[None, None]:
    """A stored example as a finished run; (None, None), with a message, where it is missing."""
    stem = id.removeprefix(_PREFIX)
    try:
        fitted = _load_example(stem)
    except InputError as error:
        st.error(page.escaped(str(error)))
        return None, None
    return Job(id, id, _example_label(stem), state="done", result={"learnt": fitted}), fitted


def _run_labels(shown: Job | None) -> dict[str, str]:
    """id -> label of the run that is shown, of this viewer's runs in memory, and of stored runs.

    The latest stand first; labels differ.
    """
    in_memory = [*([shown] if shown else []), *run_store.job_queue().done(f"{viewer.token()}:")]
    done = [run for run in stored_runs.of_viewer() if run.state == "done"]
    stored = stored_runs.unique_labels(done)  # a run in memory may have been renamed
    labels: dict[str, str] = {}
    for job in in_memory:
        if job.id not in labels and _is_lab_run(job):
            label, n = stored.get(job.id, job.label), 2
            while label in labels.values():
                label, n = f"{job.label} ({n})", n + 1
            labels[job.id] = label
    return labels | stored


def _is_lab_run(job: Job) -> bool:
    """Whether a job is a run of the lab; other pages queue other work."""
    return job.result is not None and "latent" in job.result


def _links_elsewhere(id: str) -> None:
    """Links from a run whose fitted models are gone."""
    with st.container(horizontal=True):
        page.go_button("Your runs", "pages/runs.py", {"run": id})
        st.page_link("pages/lab.py", label="Fit a model in the lab", icon=":material/science:")
