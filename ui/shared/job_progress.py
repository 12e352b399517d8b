"""Progress of a background job, and its message where it fails or is cancelled."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from scrl.runs import Job
from scrl.types import Progress
from ui.shared import page, run_store

#: Phase of a run -> its title, where the report has no message.
_PHASE_TITLES = {
    "compiling": "Preparing",
    "individual": "Fitting the model of raters",
    "density": "Placing the raters in the latent space",
    "voters": "Simulating voters",
    "social": "Training the social reward models",
    "evaluating": "Evaluating",
}
#: The fraction of a job from which its pace says how long the rest takes.
_MIN_FRACTION = 1 / 3


def watch(job: Job, draw: Callable[[Progress | None], None] | None = None) -> None:
    """Progress of a queued or running job, twice a second; a message where it failed.

    Args:
        draw: draws the latest progress report below the bar.
    """
    if job.active:
        with st.container(border=True, key="progress"):
            st.fragment(run_every=0.5)(_panel)(job.id, draw)
    elif job.state == "failed":
        st.error(page.escaped(f"The run stopped. {job.error}"))
    elif job.state == "cancelled":
        st.info("The run was cancelled.")
    elif job.result is not None and job.result.get("unkept"):
        st.warning(page.escaped(job.result["unkept"]))


def _panel(id: str, draw: Callable[[Progress | None], None] | None) -> None:
    job = run_store.find_job(id)
    if job is None or not job.active:
        st.rerun()
    if run_store.is_own(job):
        st.progress(job.fraction, text=_status_text(job))
        # Below the bar: beside it, a narrow column would cut the word.
        if st.button("Cancel", key="cancel", disabled=job.cancelling, icon=":material/close:"):
            run_store.cancel(id)
            st.rerun(scope="fragment")
    else:
        st.progress(job.fraction, text=_status_text(job))
        st.markdown("Somebody else started this run. Only they can cancel it.")
    if draw is not None:
        draw(job.progress)


def _status_text(job: Job) -> str:
    if job.cancelling:
        return "Stopping"
    if job.state == "queued":
        ahead = f"; {job.position} before it" if job.position else ""
        return f"Waiting until other runs end{ahead}"
    if job.progress is None:
        return "Starting"
    left = time_left_text(job.fraction, job.elapsed, job.seconds_left)
    return f"{_stage(job.progress)} · {job.fraction:.0%}" + (f" · {left}" if left else "")


def time_left_text(fraction: float, elapsed: float, seconds: float | None) -> str:
    """How much longer a job takes, in round words; "" while its pace says too little.

    Steps take unequally long, so an estimate from the pace is far off early in a job. What is left
    then never exceeds what the job has taken so far in proportion to what it has done.

    Args:
        fraction: done. elapsed: seconds since the start. seconds: left at the pace so far.
    """
    if seconds is None or fraction < _MIN_FRACTION:
        return ""
    seconds = min(seconds, elapsed * (1 - fraction) / fraction)
    if seconds < 10:
        return "a few seconds more"
    if seconds < 45:
        return "less than a minute more"
    minutes = round(seconds / 60)
    return "about a minute more" if minutes <= 1 else f"about {minutes} minutes more"


def _stage(progress: Progress) -> str:
    """What is being done: the message of a phase of a run; of other work also its phase."""
    phase, message = progress.phase, page.escaped(progress.message)
    if phase in _PHASE_TITLES:
        return f"**{message or _PHASE_TITLES[phase]}**"
    return f"**{page.escaped(phase)}**" + (f" · {message}" if message not in ("", phase) else "")
