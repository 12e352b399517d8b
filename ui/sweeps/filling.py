"""How far a sweep is, and what failed."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from ui.shared import page
from ui.shared.job_progress import time_left_text
from ui.sweeps.chosen_sweep import EXAMPLE, QUIET_SECONDS, ShownSweep
from ui.sweeps.setting_texts import settings_text

#: Failed runs that are listed.
MAX_FAILURES = 50


def show(sweep: ShownSweep) -> None:
    """Draw the progress of a sweep that fills, one line for a whole one, and the failures."""
    states = Counter(row.state for row in sweep.rows)
    done, failed, total = states["done"], states["failed"], len(sweep.rows)
    counts = f"{done:,} of {total:,} runs are there" + (f", {failed:,} failed" if failed else "")
    if sweep.finished:
        if sweep.id != EXAMPLE:
            page.note(f"{counts}.")
    elif sweep.filling:
        ended = done + failed
        elapsed = (sweep.latest or 0.0) - (sweep.first or 0.0)
        pace = elapsed / (ended - 1) if ended > 1 else None
        left = "" if pace is None else _left(ended / total, elapsed, pace * sweep.missing)
        st.progress(ended / total, text=f"{counts}{f' · {left}' if left else ''}")
    else:
        st.info(
            f"{counts}, and no new one has come for {QUIET_SECONDS // 60} minutes. Start the same "
            "`scrl sweep` again: it computes only what is missing."
        )
    if failed:
        _failures(sweep, failed)


def _left(fraction: float, elapsed: float, seconds: float) -> str:
    """How long the rest takes; runs take alike long, so the pace holds from the first ones on."""
    return time_left_text(max(fraction, 1 / 3), max(elapsed, 2 * seconds), seconds)


def _failures(sweep: ShownSweep, failed: int) -> None:
    """The failed runs with their sentences, those with one sentence together."""
    if page.presenting():
        return
    by_error: dict[str, list[str]] = {}
    for row in sweep.rows:
        if row.state == "failed":
            text = f"{settings_text(sweep.varied(row))}, seed {row.seed}"
            by_error.setdefault(row.error or "It failed.", []).append(text)
    runs = "One run failed" if failed == 1 else f"{failed:,} runs failed"
    others = "" if sweep.finished else "; the others go on"
    with st.expander(f"{runs}{others}", icon=":material/error:"):
        for error, texts in list(by_error.items())[:MAX_FAILURES]:
            more = f", and {len(texts) - 3:,} more" if len(texts) > 3 else ""
            st.markdown(f"**{page.escaped(error)}**  \n{page.escaped('; '.join(texts[:3]) + more)}")
