"""A sweep of one's own: a small one in the background, a large one from the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from scrl.runs import new_id
from scrl.scenarios import Scenario
from scrl.sweeps import SweepProgress
from scrl.types import InputError, Progress
from ui.shared import page, page_jobs, run_store, session, source_ids, viewer
from ui.shared.job_progress import watch
from ui.sweeps import chosen_sweep, expiry

#: Most runs of a sweep that a visitor starts, and most such sweeps that are kept.
MAX_RUNS, MAX_KEPT = 60, 200
RATERS = (30, 100, 300, 1000, 3000)
#: What may vary besides the number of raters -> title and values.
SECOND: dict[str, tuple[str, tuple[float, ...]]] = {
    "scenario.noise": ("Noise of the raters’ choices", (0.0, 0.5, 1.0, 2.0)),
    "scenario.answers": ("Chance that a rater answers a prompt", (0.2, 0.5, 1.0)),
    "scenario.includes": ("Chance that a ballot has a completion", (0.2, 0.5, 1.0)),
}
_JOB = "sweep_job"
session.keep(_JOB)
_FILE = """name: my sweep
scenarios: [{scenario}]
settings:
  scenario.raters: [100, 1000, 10000]
  scenario.noise: {{from: 0, to: 2, steps: 5}}
seeds: 10
"""


def show() -> None:
    """Draw the progress of the visitor's sweep, and a folded form; no form in presenter mode."""
    id = st.session_state.get(_JOB)
    job = run_store.job_queue().get(id) if id else None
    if job is not None:
        watch(job)
    if page.presenting():
        return
    with st.expander("Make a sweep of your own", icon=":material/add:"):
        _form(busy=job is not None and job.active)
        page.say(
            "**A large one** is a file, such as `sweep.yaml`, and a command; it uses all cores of "
            "this machine, or a cluster. Start it again after a stop: it computes only what is "
            "missing."
        )
        st.code(_FILE.format(scenario=st.session_state.get("own_scenario", "pets")), "yaml")
        st.code("scrl sweep sweep.yaml", "sh")
        page.note(
            "The sweep then appears on this page, if the app runs on the same machine as the same "
            "user. `docs/cluster.md` tells how to use a cluster. A sweep that you run from here is "
            f"deleted when nobody has opened it for {expiry.MAX_DAYS} days."
        )


def _form(busy: bool) -> None:
    stems = list(source_ids.gallery_files())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        stem = st.selectbox(
            "Scenario", stems, format_func=lambda s: source_ids.gallery_scenario(s).name,
            key="own_scenario", width=420,
        )  # fmt: skip
        second = st.selectbox(
            "What varies", list(SECOND), format_func=lambda name: SECOND[name][0], key="own_second",
            width=340,
        )  # fmt: skip
    raters = st.segmented_control(
        "Numbers of raters", RATERS, selection_mode="multi", default=[30, 300],
        format_func=lambda n: f"{n:,}", key="own_raters",
    )  # fmt: skip
    values = st.segmented_control(
        SECOND[second][0], SECOND[second][1], selection_mode="multi", default=SECOND[second][1],
        format_func=lambda v: f"{v:g}", key=f"own_values_{second}",
    )  # fmt: skip
    seeds = int(st.slider("Seeds", 1, 10, 3, key="own_seeds"))
    count = len(raters) * len(values) * seeds
    if count > MAX_RUNS:
        page.note(f"These are {count} runs; at most {MAX_RUNS} are run from here.")
    if st.button(
        f"Run {count} times" if count else "Run", type="primary", key="own_run",
        disabled=busy or not 0 < count <= MAX_RUNS, icon=":material/play_arrow:",
    ):  # fmt: skip
        scenario = source_ids.gallery_scenario(stem)
        settings = {"scenario.raters": sorted(raters), second: sorted(values)}
        _start(stem, scenario, settings, seeds)


def _start(stem: str, scenario: Scenario, settings: Mapping[str, Any], seeds: int) -> None:
    """Queue the sweep, and show it."""
    name = f"{expiry.OWN}{new_id()}"
    spec = {"name": scenario.name, "scenarios": [stem], "settings": dict(settings), "seeds": seeds}
    try:
        _check_room()
        st.session_state[_JOB] = run_store.job_queue().submit(
            partial(_work, spec, chosen_sweep.folder() / name),
            key=f"{viewer.token()}:sweep-{page_jobs.choice_hash(spec)}",
            label=f"Sweep of {scenario.name}",
            id=name,
        )  # fmt: skip
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    chosen_sweep.show_next(st.session_state[_JOB])


def _check_room() -> None:
    """Delete old sweeps of visitors, and raise ``InputError`` where there are still too many."""
    kept = expiry.delete_old(chosen_sweep.folder())
    if kept >= MAX_KEPT:
        raise InputError(
            f"{kept} sweeps of visitors are kept on this server, which is the limit; ask its owner "
            "to delete some."
        )


def _work(
    spec: Mapping[str, Any], folder: Path, on_progress: Callable[[Progress], None]
) -> dict[str, Any]:
    """Run the sweep one task at a time: others train on this server too."""
    from scrl.sweeps import sweep

    def listen(state: SweepProgress) -> None:
        done = f"{state.ended} of {state.tasks} runs"
        on_progress(Progress("Running the sweep", state.ended / max(state.tasks, 1), done))

    sweep(spec, folder, "serial", on_progress=listen)
    return {}
