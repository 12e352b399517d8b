"""The fitted run that the pages on the latent space are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl.config import DEFAULT_RULES
from scrl.scenarios import gallery, load_scenario
from ui.runs import stored_runs
from ui.shared import current_run, job_progress, page, run_store, viewer
from ui.shared.controls import Choice, spec_hash

if TYPE_CHECKING:
    from scrl.raters import FittedRun
    from scrl.runs import Job

#: Scenarios that this page offers to train.
_OFFERED_SCENARIOS = ("tennessee-inverted-full", "tennessee-morristown", "six-kinds")


def choose(default: str = _OFFERED_SCENARIOS[0]) -> tuple[Job, FittedRun] | tuple[None, None]:
    """The finished run that the page is about, and its fitted models.

    (None, None) without one; the page then offers to train one.

    Args:
        default: of the offered scenarios, the one that is chosen at first.
    """
    job = current_run.current()
    if job is not None:
        job_progress.watch(job)
    labels = _run_labels(current_run.latest_finished(job))
    if not labels:
        if job is None or not job.active:
            _offer_training(default)
        return None, None
    id = next(iter(labels))
    if len(labels) > 1 and not page.presenting():
        id = st.selectbox(
            "Run", list(labels), format_func=labels.get, key="latent_run", index=0,
            on_change=_run_picked,
        )  # fmt: skip
    elif not page.presenting():
        st.caption(page.escaped(labels[id]))
    run = run_store.find(id)
    with st.spinner("Reading the run"):
        fitted = current_run.fitted(run) if run is not None else None
    if fitted is None:
        _links_elsewhere(id)
        return None, None
    return run, fitted


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
        st.page_link("pages/lab.py", label="Train another in the lab", icon=":material/science:")


def _run_picked() -> None:
    st.session_state["run"] = st.query_params["run"] = st.session_state["latent_run"]


def _offer_training(default: str) -> None:
    """A choice of scenarios and a button that trains one."""
    st.markdown(
        "This page looks into a model of raters, and there is none yet. Fit one here, which takes "
        "from ten seconds to two minutes, or anything you like in the lab."
    )
    st.page_link("pages/lab.py", label="The lab", icon=":material/science:")
    scenarios = {s.name: s for s in (load_scenario(gallery()[stem]) for stem in _OFFERED_SCENARIOS)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Scenario",
            list(scenarios),
            _OFFERED_SCENARIOS.index(default),
            key="preset",
            bind="query-params",
        )
        scenario = scenarios[name]
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="train"):
            yaml = scenario.to_yaml()
            spec = spec_hash(yaml, DEFAULT_RULES)
            current_run.start(Choice(scenario, DEFAULT_RULES, 0, "", "", spec, yaml))
    st.caption(page.escaped(scenario.summary))
