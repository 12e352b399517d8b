"""The scoreboard of reward models: what is compared, its training and its stored results."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from scrl.scenarios import Scenario
from scrl.studies import load_baked, scoreboard, scoreboard_studies
from scrl.types import InputError, Ratings
from ui.models import scoreboard_result
from ui.models.scoreboard_result import TITLES
from ui.shared import (
    job_progress,
    page,
    run_store,
    source_ids,
    source_picker,
    viewer,
)
from ui.shared.page import IN_URL


@st.cache_data(show_spinner=False)
def load_baked_scoreboard(stem: str) -> dict:
    return load_baked(f"scoreboard-{stem}")


@st.cache_data(show_spinner=False)
def _current_spec_hash(stem: str) -> str:
    return scoreboard_studies.scenario_spec(source_ids.gallery_scenario(stem))


def show() -> None:
    left, right = st.columns([1, 2.6], gap="large")
    with left:
        source = source_picker.pick_source(scoreboard.SCENARIOS[0])
        if source is None:
            return
        models, seeds = _choose(source)
        job = _current_job(source, models, seeds)
        _train(source, models, seeds, job)
    with right:
        if not models:
            st.info("Choose at least one reward model.")
            return
        if job is not None and job.state != "done":
            job_progress.watch(job, lambda progress: None)
        result = _result(source, models, seeds, job)
        if result is not None:
            scoreboard_result.draw(result, "scores")


# -- what is chosen -------------------------------------------------------------------------------


def _choose(source: Scenario | Ratings) -> tuple[tuple[str, ...], int]:
    known = scoreboard.available(source)
    titles = [TITLES[name] for name in known]
    chosen = st.multiselect("Reward models", titles, titles, key="models", **IN_URL)
    # Real, since for whole numbers Streamlit fails on an infinite one in the URL.
    most = float(scoreboard.MAX_SEEDS)
    usual = float(len(scoreboard.SEEDS)) if source.is_scenario else 1.0
    if not page.presenting():
        with st.expander("What they are"):
            st.markdown(
                "\n".join(f"- **{TITLES[m]}**: {scoreboard.MODELS[m].description}" for m in known)
            )
    seeds = int(
        st.number_input("Seeds", 1.0, most, usual, 1.0, format="%.0f", key="seeds", **IN_URL)
    )
    return tuple(name for name in known if TITLES[name] in chosen), seeds


# -- training -------------------------------------------------------------------------------------


def _spec_hash(source: Scenario | Ratings, models: tuple[str, ...], seeds: int) -> str:
    what = source.to_yaml() or st.session_state["scenario"]
    known = repr((what, models, seeds))
    return "models-" + hashlib.sha256(known.encode()).hexdigest()[:16]


def _current_job(source: Scenario | Ratings, models: tuple[str, ...], seeds: int):
    """The run of this very choice that this viewer, or the URL, knows of."""
    spec = _spec_hash(source, models, seeds)
    known = st.session_state.setdefault("model_runs", {})
    for id in (known.get(spec), st.query_params.get("models_run")):
        job = run_store.job_queue().get(id) if id else None
        if job is not None and run_store.spec_hash_of(job) == spec:
            known[spec] = st.query_params["models_run"] = job.id
            return job
    return None


def _train(source: Scenario | Ratings, models: tuple[str, ...], seeds: int, job) -> None:
    busy, done = job is not None and job.active, job is not None and job.state == "done"
    label = "Training" if busy else "Trained" if done else "Train them together"
    pressed = st.button(
        label, type="primary", disabled=busy or done or not models, key="train",
        icon=":material/play_arrow:",
    )  # fmt: skip
    if not page.presenting():
        st.caption(
            "On two cores about a quarter of a minute a seed, after a first one that compiles."
        )
    if not pressed:
        return
    spec = _spec_hash(source, models, seeds)
    try:
        scoreboard.check(source, models, range(seeds))
        id = run_store.job_queue().submit(
            partial(_work, source, models, seeds),
            key=f"{viewer.token()}:{spec}", label=f"Reward models on {source.name}",
        )  # fmt: skip
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    st.session_state["model_runs"][spec] = id
    st.query_params["models_run"] = id
    st.rerun()


def _work(source, models: tuple[str, ...], seeds: int, on_progress) -> dict:
    return scoreboard.run(source, models, range(seeds), on_progress)


def _result(source, models: tuple[str, ...], seeds: int, job) -> dict | None:
    """What was trained, else what was baked where that is what is asked for."""
    if job is not None and job.state == "done":
        return job.result
    stem = source_ids.scenario_id(source) if source.is_scenario else None
    if stem in scoreboard.SCENARIOS and seeds == len(scoreboard.SEEDS):
        try:
            content = load_baked_scoreboard(stem)
        except InputError as error:
            st.info(page.escaped(str(error)))
            return None
        if content["spec"] != _current_spec_hash(stem):
            st.warning(
                "The lab has changed since this was baked; "
                f"`python -m scrl bake scoreboard-{stem}`."
            )
        rows = [row for row in content["result"]["rows"] if row["model"] in models]
        return content["result"] | {"rows": rows}
    if job is None:
        st.info("Nothing is trained yet with these choices.")
    return None
