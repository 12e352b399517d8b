"""The page on ways of hiding ballots: what is compared, its training and its baked results."""

from __future__ import annotations

from functools import partial

import streamlit as st

from scrl.figures import regime_loss_curves
from scrl.runs import Job
from scrl.scenarios import Scenario
from scrl.studies import load_baked, masking_regimes
from scrl.types import InputError, Progress
from ui.models import masking_regime_results
from ui.models.masking_regime_results import TITLES
from ui.shared import job_progress, page, page_jobs, predict_first, run_store, source_ids
from ui.shared.page import IN_URL
from ui.shared.page_jobs import PageJobs

_JOBS = PageJobs("regime_runs", "regime_run")


def choose() -> tuple[Scenario, int]:
    """The scenario and the number of latent dimensions."""
    scenarios, initial = source_ids.gallery_and_own(masking_regimes.SCENARIO)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scenario = scenarios[
            st.selectbox("Scenario", list(scenarios), initial, key="story", width=420, **IN_URL)
        ]
        latent = st.segmented_control(
            "Directions of the map", [f"{n}" for n in masking_regimes.LATENTS],
            default=f"{masking_regimes.LATENTS[0]}", required=True, key="latent", **IN_URL,
            help="How many numbers the network keeps for each rater. With many there is room to "
            "copy a ballot into.",
        )  # fmt: skip
        predict_first.switch()
    return scenario, int(latent)


@st.cache_data(show_spinner=False)
def _load(latent: int) -> dict:
    return load_baked(f"masking-regimes-{latent}")


@st.cache_data(show_spinner=False)
def _current_spec_hash(latent: int) -> str:
    return masking_regimes.spec(latent)


def _choice(scenario: Scenario, latent: int) -> str:
    return f"regimes-{page_jobs.choice_hash(scenario.to_yaml(), latent)}"


def _result(scenario: Scenario, latent: int, job: Job | None) -> dict | None:
    """The result of the job, else the baked one of this choice; None without one."""
    if job is not None and job.state == "done":
        page.note("From a training of this session.")
        return job.result
    if source_ids.scenario_id(scenario) != masking_regimes.SCENARIO:
        return None
    try:
        content = _load(latent)
    except InputError as error:
        st.info(page.escaped(str(error)))
        return None
    if content["spec"] != _current_spec_hash(latent):
        st.warning(
            "The program has changed since this result was stored. To renew it: "
            f"`python -m scrl bake masking-regimes-{latent}`."
        )
    return content["result"]


def show(scenario: Scenario, latent: int) -> None:
    """Draw the result and the button that trains."""
    job = _JOBS.find(_choice(scenario, latent))
    result = _result(scenario, latent, job)
    if result is None:
        st.info(
            "The five ways have not been trained on this scenario yet. Train them below, or look "
            "at the stored result."
        )
        stored = source_ids.gallery_scenario(masking_regimes.SCENARIO).name
        st.button(f"Show ‘{page.escaped(stored)}’", key="show-stored", on_click=_show_stored,
                  args=(stored,), icon=":material/arrow_forward:")  # fmt: skip
    else:
        masking_regime_results.draw(result)
    _train(scenario, latent, job)


def _show_stored(name: str) -> None:
    """Choose the scenario of the stored result; for callbacks."""
    st.session_state["story"] = name


def _train(scenario: Scenario, latent: int, job: Job | None) -> None:
    """The choice of seeds, the button that trains, and the progress."""
    busy = job is not None and job.active
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.segmented_control(
            "Seeds",
            [f"{n}" for n in masking_regimes.SEED_COUNTS],
            default=f"{masking_regimes.SEED_COUNTS[0]}",
            required=True,
            key="seeds",
            **IN_URL,
        )
        spec = f"{_choice(scenario, latent)}-{seeds}"
        done = job is not None and job.state == "done" and run_store.spec_hash_of(job) == spec
        label = "Training" if busy else "Trained" if done else "Train them here"
        pressed = st.button(
            label, type="primary", disabled=busy or done, key="train", icon=":material/play_arrow:"
        )
    if not page.presenting():
        page.note(
            "This trains five networks for each seed. It takes a minute or more; then the page "
            "shows the new result."
        )
    if pressed:
        work = partial(masking_regimes.compare, scenario, range(int(seeds)), latent)
        try:
            _JOBS.submit(
                _choice(scenario, latent), work, f"{scenario.name}, five ways of hiding", spec=spec
            )
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
    if job is not None:
        job_progress.watch(job, live_curves)


def live_curves(progress: Progress | None) -> None:
    """Losses of every way of hiding so far, on held-out raters."""
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
        "Loss of each way of hiding, by steps of training",
        "How badly new raters are predicted (the loss), with half of each ballot hidden. Drawn is "
        "the latest seed of each way.",
    )
