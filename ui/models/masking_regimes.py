"""The page of masking regimes: what is chosen, the trainings and their stored results."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from scrl.figures import regime_loss_curves
from scrl.scenarios import Scenario
from scrl.studies import load_baked
from scrl.studies import masking_regimes as regimes
from scrl.types import InputError
from ui.models import masking_regime_results
from ui.models.masking_regime_results import TITLES
from ui.shared import job_progress, page, predict_first, run_store, source_ids, viewer
from ui.shared.page import IN_URL


def choose() -> tuple[Scenario, int]:
    """The scenario and the size of the latent."""
    stories, first = source_ids.gallery_and_own(regimes.SCENARIO)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scenario = stories[
            st.selectbox("Scenario", list(stories), first, key="story", width=420, **IN_URL)
        ]
        latent = st.segmented_control(
            "Latent dimensions", [f"{n}" for n in regimes.LATENTS],
            default=f"{regimes.LATENTS[0]}", required=True, key="latent", **IN_URL,
            help="The post has an ‘arbitrarily large’ latent in mind: room enough to copy a ballot "
            "into.",
        )  # fmt: skip
        predict_first.switch()
    return scenario, int(latent)


# -- results --------------------------------------------------------------------------------------


@st.cache_data(show_spinner=False)
def _load(latent: int) -> dict:
    return load_baked(f"masking-regimes-{latent}")


@st.cache_data(show_spinner=False)
def _current_spec_hash(latent: int) -> str:
    return regimes.MaskingRegimesStudy(latent).spec()


def _spec_hash(scenario: Scenario, latent: int, seeds: int = 0) -> str:
    known = hashlib.sha256(repr((scenario.to_yaml(), latent)).encode()).hexdigest()[:16]
    return f"regimes-{known}" + (f"-{seeds}" if seeds else "")


def _current_job(scenario: Scenario, latent: int):
    """The trainings on this choice that this viewer, or the URL, knows of."""
    spec = _spec_hash(scenario, latent)
    known = st.session_state.setdefault("regime_runs", {})
    for id in (known.get(spec), st.query_params.get("regime_run")):
        job = run_store.job_queue().get(id) if id else None
        if job is not None and run_store.spec_hash_of(job).startswith(spec):
            known[spec] = st.query_params["regime_run"] = job.id
            return job
    return None


def _result(scenario: Scenario, latent: int, job) -> dict | None:
    """What this choice's own trainings found, else what is baked, else None."""
    if job is not None and job.state == "done":
        st.caption("From a run of this session.")
        return job.result
    if source_ids.scenario_id(scenario) != regimes.SCENARIO:
        return None
    try:
        content = _load(latent)
    except InputError as error:
        st.info(str(error))
        return None
    if content["spec"] != _current_spec_hash(latent):
        st.warning(
            "The lab has changed since this was baked; "
            f"`python -m scrl bake masking-regimes-{latent}`."
        )
    return content["result"]


def show(scenario: Scenario, latent: int) -> None:
    job = _current_job(scenario, latent)
    result = _result(scenario, latent, job)
    if result is None:
        st.markdown("Nobody has trained the five on this scenario yet.")
    else:
        masking_regime_results.draw(result)
    _train(scenario, latent, job)


def _train(scenario: Scenario, latent: int, job) -> None:
    busy = job is not None and job.active
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.segmented_control(
            "Seeds", [f"{n}" for n in regimes.SEED_COUNTS], default=f"{regimes.SEED_COUNTS[0]}",
            required=True, key="seeds", **IN_URL,
        )  # fmt: skip
        spec = _spec_hash(scenario, latent, int(seeds))
        done = job is not None and job.state == "done" and run_store.spec_hash_of(job) == spec
        label = "Training" if busy else "Trained" if done else "Train them here"
        pressed = st.button(
            label, type="primary", disabled=busy or done, key="train", icon=":material/play_arrow:"
        )
    if not page.presenting():
        st.caption(
            "Five regimes times so many seeds, two at a time: a minute or more, after which the "
            "page shows these."
        )
    if pressed:
        work = partial(_work, scenario, int(seeds), latent)
        try:
            id = run_store.job_queue().submit(
                work, key=f"{viewer.token()}:{spec}", label=f"{scenario.name}, five regimes"
            )
        except InputError as error:
            st.error(str(error))
            return
        st.session_state["regime_runs"][_spec_hash(scenario, latent)] = id
        st.query_params["regime_run"] = id
        st.rerun()
    if job is not None:
        job_progress.watch(job, _live_curves)


def _work(scenario: Scenario, seeds: int, latent: int, on_progress) -> dict:
    return regimes.compare(scenario, range(seeds), latent, on_progress)


def _live_curves(progress) -> None:
    if progress is None or not progress.curves:
        return
    curves = [
        {kind: (steps, values, values, values) for kind in ("hidden", "visible")
         for steps, values in [progress.curves.get(f"{regime}, {kind}", ([], []))]}
        for regime in TITLES
    ]  # fmt: skip
    page.chart(
        regime_loss_curves(list(TITLES.values()), curves, height=220, **page.style()),
        "live-regimes",
        "Held-out losses of each regime against steps",
        "Loss on held-out raters of whom half of each ballot is hidden; each regime’s latest seed.",
    )
