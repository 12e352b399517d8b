"""The whole of one sweep, drawn again while it fills."""

from __future__ import annotations

import streamlit as st

from scrl.types import InputError
from ui.shared import page, predict_first
from ui.sweeps import axes_choice, chosen_sweep, filling, one_run, overview, own_sweep

#: Seconds between two looks at a sweep that fills.
INTERVAL = 3.0


def show() -> None:
    """Draw the choice of a sweep, and that sweep."""
    chosen_sweep.await_started()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        id = chosen_sweep.choose()
        predict_first.switch()
    try:
        sweep = chosen_sweep.read(id)
    except InputError as error:
        chosen_sweep.show_fault(error)
        return
    if sweep.filling:
        st.fragment(run_every=INTERVAL)(_watch)(id)
    else:
        _draw(id)
    own_sweep.show()


def _watch(id: str) -> None:
    """Draw a sweep that fills; the whole page once it is whole."""
    if not chosen_sweep.read(id).filling:
        st.rerun()
    _draw(id)


def _draw(id: str) -> None:
    try:
        sweep = chosen_sweep.read(id)
    except InputError as error:
        chosen_sweep.show_fault(error)
        return
    st.subheader(page.escaped(sweep.name), anchor=False)
    filling.show(sweep)
    if not sweep.measures:
        st.info(_without_results(sweep))
        return
    choice = axes_choice.choose(sweep.axes, sweep.measures)
    found = overview.show(sweep, choice)
    overview.numbers(choice, found, sweep)
    one_run.show(sweep, choice, found)


def _without_results(sweep: chosen_sweep.ShownSweep) -> str:
    """What to say of a sweep of which no run has a measure."""
    failed = sum(row.state == "failed" for row in sweep.rows)
    if sweep.finished:
        return "Every run has failed, so there is nothing to draw. What each said stands above."
    coming = "The first results appear here by themselves."
    return (
        f"No run has succeeded yet; {failed:,} have failed. {coming}"
        if failed
        else (f"No run has ended yet. {coming}")
    )
