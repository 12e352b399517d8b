"""The scoreboard of reward models: what is compared, its training and its baked results."""

from __future__ import annotations

from functools import partial

import streamlit as st

from scrl.runs import Job
from scrl.scenarios import Scenario
from scrl.studies import load_baked, scoreboard, scoreboard_studies
from scrl.types import InputError, Ratings
from ui.models import scoreboard_result
from ui.models.model_texts import DESCRIPTIONS, TITLES
from ui.shared import (
    job_progress,
    page,
    page_jobs,
    source_ids,
    source_picker,
)
from ui.shared.page import IN_URL
from ui.shared.page_jobs import PageJobs

_JOBS = PageJobs("model_runs", "models_run")


@st.cache_data(show_spinner=False)
def load_baked_scoreboard(stem: str) -> dict:
    """The baked content of one scoreboard."""
    return load_baked(f"scoreboard-{stem}")


@st.cache_data(show_spinner=False)
def _current_spec_hash(stem: str) -> str:
    return scoreboard_studies.scenario_spec(source_ids.gallery_scenario(stem))


def show() -> None:
    """Draw the choice of data and models, and the scoreboard."""
    right, left = st.columns([2.6, 1], gap="large")  # on a phone the picture comes first
    with left:
        source = source_picker.pick_source(scoreboard.SCENARIOS[0])
        if source is None:
            return
        models, seeds = _choose(source)
        job = _JOBS.find(_choice(source, models, seeds))
        _train(source, models, seeds, job)
    with right:
        if not models:
            st.info("Choose at least one reward model.")
            return
        if job is not None and job.state != "done":
            job_progress.watch(job)
        result = _result(source, models, seeds, job)
        if result is not None:
            scoreboard_result.draw(result, "scores")


def _choose(source: Scenario | Ratings) -> tuple[tuple[str, ...], int]:
    """The reward models and the number of seeds."""
    available = scoreboard.available(source)
    titles = [TITLES[name] for name in available]
    chosen = st.multiselect("Reward models", titles, titles, key="models", **IN_URL)
    # Real numbers: for whole ones Streamlit fails on an infinite one in the URL.
    max_seeds = float(scoreboard.MAX_SEEDS)
    initial = float(len(scoreboard.SEEDS)) if source.is_scenario else 1.0
    if not page.presenting():
        with st.expander("What they are"):
            page.say("\n".join(f"- **{TITLES[m]}**: {DESCRIPTIONS[m]}" for m in available))
    seeds = int(
        st.number_input("Seeds", 1.0, max_seeds, initial, 1.0, format="%.0f", key="seeds", **IN_URL)
    )
    return tuple(name for name in available if TITLES[name] in chosen), seeds


def _choice(source: Scenario | Ratings, models: tuple[str, ...], seeds: int) -> str:
    source_key = source.to_yaml() or st.session_state["scenario"]
    return f"models-{page_jobs.choice_hash(source_key, models, seeds)}"


def _train(
    source: Scenario | Ratings, models: tuple[str, ...], seeds: int, job: Job | None
) -> None:
    """The button that trains the models."""
    busy, done = job is not None and job.active, job is not None and job.state == "done"
    label = "Training" if busy else "Trained" if done else "Train them together"
    pressed = st.button(
        label, type="primary", disabled=busy or done or not models, key="train",
        icon=":material/play_arrow:",
    )  # fmt: skip
    if not page.presenting():
        page.note("On two cores each seed takes about 15 seconds, the first one longer.")
    if not pressed:
        return
    try:
        scoreboard.check(source, models, range(seeds))
        _JOBS.submit(
            _choice(source, models, seeds),
            partial(scoreboard.run, source, models, range(seeds)),
            f"Reward models on {source.name}",
        )
    except InputError as error:
        st.error(page.escaped(str(error)))


def _result(
    source: Scenario | Ratings, models: tuple[str, ...], seeds: int, job: Job | None
) -> dict | None:
    """The result of the job, else the baked one of this choice; None without one."""
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
                "The program has changed since this result was stored. To renew it: "
                f"`python -m scrl bake scoreboard-{stem}`."
            )
        rows = [row for row in content["result"]["rows"] if row["model"] in models]
        return content["result"] | {"rows": rows}
    if job is None:
        st.info(
            "Nothing is trained with these choices yet. Press ‘Train them together’, or look at a "
            "stored result."
        )
        for example in scoreboard.SCENARIOS:
            st.button(
                f"Show ‘{page.escaped(source_ids.display_name(example))}’", key=f"show-{example}",
                on_click=_show_stored, args=(example,), icon=":material/arrow_forward:",
            )  # fmt: skip
    return None


def _show_stored(stem: str) -> None:
    """Choose what a stored scoreboard was made of; for callbacks."""
    st.session_state["scenario"] = stem
    st.session_state["seeds"] = float(len(scoreboard.SEEDS))
