"""Progress of a background job, and its end where it is not a good one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl import figures
from ui.shared import page, run_store

_PHASE_TITLES = {
    "compiling": "Compiling",
    "individual": "Learning individual raters",
    "density": "Fitting a density to them",
    "voters": "Simulating voters",
    "social": "Training the social model",
    "evaluating": "Evaluating",
}


#: What the individual model's curves are called in its config, and for a reader.
_CURVE_TITLES = {"watched": "hidden part", "visible loss": "visible part", "KL": "KL"}


def watch(job, live: Callable | None = None) -> None:
    """Progress of a queued or running job, drawn again twice a second, and its end if it is not
    a good one; ``live`` draws what it reports, else that is taken for a run of the lab."""
    if job.active:
        with st.container(border=True, key="progress"):
            st.fragment(run_every=0.5)(_panel)(job.id, live or _training_figures)
    elif job.state == "failed":
        st.error(f"The run stopped. {job.error}")
    elif job.state == "cancelled":
        st.info("The run was cancelled.")
    elif job.result is not None and job.result.get("unkept"):
        st.warning(page.escaped(job.result["unkept"]))


def _panel(id: str, live: Callable) -> None:
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
    live(job.progress)


def _status_text(job) -> str:
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


def _training_figures(progress) -> None:
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
            payload = _live_map(progress)
            figure = figures.latent_map(payload, height=200, **page.style())
            page.chart(figure, "live-map", "Raters' latents", "Raters as the model sees them now")


def _live_map(progress) -> dict:
    """The live map in the shape of ``report.latent_map``."""
    points, kinds = progress.embedding, progress.embedding_type
    kinds = [-1] * len(points) if kinds is None else list(kinds)
    types = st.session_state.get("types", [])
    return {
        "x": points[:, 0], "y": points[:, 1], "type": kinds, "types": types,
        "marked": [True] * len(points), "marked_label": "", "unmarked_label": "",
    }  # fmt: skip


def remember_types(source) -> None:
    """The live map's names; a report carries numbers alone."""
    st.session_state["types"] = list(source.type_names)
