"""The run of this viewer: its id in the URL, its progress while it trains."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl import figures
from scrl.types import InputError
from ui.shared import page, store
from ui.shared.controls import Choice

_PHASES = {
    "compiling": "Compiling",
    "individual": "Learning individual raters",
    "density": "Fitting a density to them",
    "voters": "Simulating voters",
    "social": "Training the social model",
    "evaluating": "Evaluating",
}


#: What the individual model's curves are called in its config, and for a reader.
_CURVES = {"watched": "hidden part", "visible loss": "visible part", "KL": "KL"}


def current():
    """The run that the URL (or, after a visit to another page, this session) names, in memory or
    kept; None without one, or where there is none, which is then said."""
    id = st.query_params.get("run") or st.session_state.get("run")
    if not id:
        return None
    job = store.find(id)
    if job is None:
        st.info("That run is no longer kept on the server; press Train to run it again.")
        _point_at(None)
        return None
    _point_at(id)
    return job


def _point_at(id: str | None) -> None:
    st.session_state["run"] = id
    if id is None:
        st.query_params.pop("run", None)
    elif st.query_params.get("run") != id:
        st.query_params["run"] = id


def finished(job):
    """The run whose result is shown: the current one once it is done, else the one before."""
    if job is not None and job.state == "done":
        st.session_state["shown"] = job.id
        return job
    shown = st.session_state.get("shown")
    return store.find(shown) if shown else None


def learnt(job):
    """What a finished run learnt of its raters, a ``Learnt``; None where it was not kept, which is
    then said."""
    try:
        found = job.result.get("learnt")
    except InputError as error:
        st.warning(page.plain(str(error)))
        return None
    if found is None:
        st.info("What this run learnt of its raters is no longer there; run it again.")
    return found


def start(choice: Choice) -> None:
    try:
        id = store.start_training(
            choice.source, choice.rules, choice.seed, choice.spec, choice.yaml, seeds=choice.seeds
        )
    except InputError as error:
        st.error(str(error))
        return
    _point_at(id)
    st.rerun()


def watch(job, live: Callable | None = None) -> None:
    """Progress of a queued or running job, drawn again twice a second, and its end if it is not
    a good one; ``live`` draws what it reports, else that is taken for a run of the lab."""
    if job.active:
        with st.container(border=True, key="progress"):
            st.fragment(run_every=0.5)(_panel)(job.id, live or _live)
    elif job.state == "failed":
        st.error(f"The run stopped. {job.error}")
    elif job.state == "cancelled":
        st.info("The run was cancelled.")
    elif job.result is not None and job.result.get("unkept"):
        st.warning(page.plain(job.result["unkept"]))


def _panel(id: str, live: Callable) -> None:
    job = store.jobs().get(id)
    if job is None or not job.active:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.progress(job.fraction, text=_line(job))
    with right:
        if st.button("Cancel", key="cancel", disabled=job.cancelling, width="stretch"):
            store.cancel(id)
            st.rerun(scope="fragment")
    live(job.progress)


def _line(job) -> str:
    if job.cancelling:
        return "Stopping at the next report"
    if job.state == "queued":
        ahead = f", {job.position} before it" if job.position else ""
        return f"Waiting for a free place{ahead}"
    if job.progress is None:
        return "Starting"
    phase = _PHASES.get(job.progress.phase, job.progress.phase)
    left = f" · about {job.seconds_left:.0f} s left" if job.seconds_left is not None else ""
    return f"**{phase}** · {job.fraction:.0%}{left}"


def _live(progress) -> None:
    if progress is None or not progress.curves:
        return
    loss, latent = st.columns(2)
    with loss:
        curves = {_CURVES.get(name, name): curve for name, curve in progress.curves.items()}
        figure = figures.loss_curves(curves, height=200, **page.look())
        page.chart(
            figure, "live-loss", "Loss against steps",
            "Loss on the hidden and the visible part of ballots, and KL, in nats",
        )  # fmt: skip
    if progress.embedding is not None:
        with latent:
            payload = _payload(progress)
            figure = figures.latent_map(payload, height=200, **page.look())
            page.chart(figure, "live-map", "Raters' latents", "Raters as the model sees them now")


def _payload(progress) -> dict:
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
