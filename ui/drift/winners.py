"""The part on whom everybody would choose, at which time."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import curves_at_time
from scrl.studies import drift
from ui.drift.texts import POSITIONS, TITLES, WORLDS
from ui.shared import baked_study, data_tables, page
from ui.shared.page import IN_URL

_SHOWN = ("stationary", "window", "discount", "random walk", "elo")


def show() -> None:
    """Draw how often models of everybody name the present winner."""
    baked_study.show(
        drift.STUDY, _draw, note="This takes about a minute.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    tastes = st.segmented_control(
        "What tastes do", list(WORLDS), default=next(iter(WORLDS)), required=True,
        key="winners", wrap=True, **IN_URL,
    )  # fmt: skip
    world = WORLDS[tastes]
    found, time = result["drifts"][world]["winner"], np.array(result["time"])
    at = page.slider("Answers so far", "when", 0, float(time[-1]), 1_296.0, 48.0, "%.0f")
    now = {n: float(np.interp(at, time, v[0])) for n, v in found.items()}
    half = len(time) // 2
    both = [np.mean(found[n][0][half:]) for n in ("stationary", "stationary, Borda")]
    recent = [np.mean(found[n][0][half:]) for n in ("discount", "discount, Borda")]
    page.say(
        "A vote of everybody has a winner *at a time*. Who pools old answers with new ones holds a "
        "vote of people who no longer exist. In the second half the **stationary** reward model "
        f"puts the present winner on top in {both[0]:.0%} of the worlds, and Borda, counted over "
        f"all answers, does in {both[1]:.0%}; with discounted answers it is {recent[0]:.0%} and "
        f"{recent[1]:.0%}. So it matters much *which* answers are counted, and hardly by which of "
        "the two rules."
    )
    change = (drift.ANSWERS / 2, "tastes swap") if world == "swap" else None
    series = [(TITLES[n], np.array(found[n], float), POSITIONS[n]) for n in _SHOWN]
    page.chart(
        curves_at_time(
            time, series, at=at, change=change, x_title="answers so far",
            y_title="names the present winner", percent=True, value_format=".0%",
            **page.style(),
        ),
        "chart-winners",
        alt=f"After {at:.0f} answers: " + "; ".join(f"{TITLES[n]} {now[n]:.0%}" for n in _SHOWN),
        caption="Share of worlds in which the item with the highest reward, learnt from "
        "everybody’s answers, is the Borda winner of all people as they are then. Means over "
        f"{len(drift.SEEDS)} seeds with {drift.WORLDS} worlds each, 95 % intervals.",
    )  # fmt: skip
    rows = [
        {"scores": n, f"now, after {at:.0f}": now[n], "mean of the second half":
         float(np.mean(v[0][half:]))}
        for n, v in found.items()
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "drift-winners")
