"""Progress of a background job, and its message where it fails or is cancelled."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl import figures
from scrl.runs import Job
from scrl.types import Progress, Source
from ui.shared import page, run_store

_PHASE_TITLES = {
    "compiling": "Compiling",
    "individual": "Learning individual raters",
    "density": "Fitting a density to them",
    "voters": "Simulating voters",
    "social": "Training the social model",
    "evaluating": "Evaluating",
}

#: Curve of the individual model's training -> its title.
_CURVE_TITLES = {"watched": "hidden part", "visible loss": "visible part", "KL": "KL"}


def watch(job: Job, draw: Callable[[Progress | None], None] | None = None) -> None:
    """Progress of a queued or running job, twice a second; a message where it failed.

    Args:
        draw: draws the latest progress report; by default the figures of a training run.
    """
    if job.active:
        with st.container(border=True, key="progress"):
            st.fragment(run_every=0.5)(_panel)(job.id, draw or _training_figures)
    elif job.state == "failed":
        st.error(page.escaped(f"The run stopped. {job.error}"))
    elif job.state == "cancelled":
        st.info("The run was cancelled.")
    elif job.result is not None and job.result.get("unkept"):
        st.warning(page.escaped(job.result["unkept"]))


def _panel(id: str, draw: Callable[[Progress | None], None]) -> None:
    job = run_store.job_queue().get(id)
    if job is None or not job.active:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.progress(job.fraction, text=_status_text(job))
    with right:
        if st.button("Cancel", key="cancel", disabled=job.cancelling, width="stretch"):
            run_store.cancel(id)
            st.rerun(scope="fragment")
    draw(job.progress)


def _status_text(job: Job) -> str:
    if job.cancelling:
        return "Stopping at the next report"
    if job.state == "queued":
        ahead = f", {job.position} before it" if job.position else ""
        return f"Waiting for a free place{ahead}"
    if job.progress is None:
        return "Starting"
    phase = _PHASE_TITLES.get(job.progress.phase, job.progress.phase)
    left = f" · about {job.seconds_left:.0f} s left" if job.seconds_left is not None else ""
    return f"**{phase}** · {job.fraction:.0%}{left}"


def _training_figures(progress: Progress | None) -> None:
    if progress is None or not progress.curves:
        return
    loss, latent = st.columns(2)
    with loss:
        curves = {_CURVE_TITLES.get(name, name): curve for name, curve in progress.curves.items()}
        figure = figures.loss_curves(curves, height=200, **page.style())
        page.chart(
            figure, "live-loss", "Loss against steps",
            "Loss on the hidden and the visible part of ballots, and KL, in nats",
        )  # fmt: skip
    if progress.embedding is not None:
        with latent:
            figure = figures.latent_map(_live_map(progress), height=200, **page.style())
            page.chart(figure, "live-map", "Raters' latents", "Raters as the model sees them now")


def _live_map(progress: Progress) -> dict:
    """The embedding of a progress report, in the shape of ``figures.latent_map``."""
    points, kinds = progress.embedding, progress.embedding_type
    kinds = [-1] * len(points) if kinds is None else list(kinds)
    types = st.session_state.get("types", [])
    return {
        "x": points[:, 0], "y": points[:, 1], "type": kinds, "types": types,
        "marked": [True] * len(points), "marked_label": "", "unmarked_label": "",
    }  # fmt: skip


def remember_types(source: Source) -> None:
    """Keep the names of the types for the live map, as progress reports carry numbers alone."""
    st.session_state["types"] = list(source.type_names)
