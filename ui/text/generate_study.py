"""The part of the page Generate that tells how well new texts are ordered, from the baked study."""

from __future__ import annotations

from typing import Any

import streamlit as st

from scrl.figures import grouped_bars
from scrl.studies import load_baked, text_generalisation
from scrl.types import InputError
from ui.shared import data_tables, page
from ui.shared.page import IN_URL

#: Short titles for the chart.
SHORT = {
    "oracle": "Oracle", "voters": "Simulated voters", "social-new": "Social, new texts too",
    "social": "Social reward", "gaussian": "One Gaussian", "vanilla": "Vanilla",
    "ridge": "Ridge",
}  # fmt: skip
MEASURES = {
    "pairs": "All pairs of answers",
    "clear": "Pairs that are clear",
    "new_style": "Styles never rated",
    "silent_pairs": "Questions that a group never rates",
}


@st.cache_data(show_spinner=False)
def _baked() -> dict[str, Any]:
    return load_baked("text")["result"]


def show() -> None:
    """Draw the methods' shares of rightly ordered pairs."""
    page.say(
        "Here the tastes of all raters are known, so that every order can be checked: in three "
        "scenarios groups like or dislike detail, hedges, warnings, warmth and the like. Two "
        f"hundred raters rate {12 - 4} questions; all methods then order the answers to "
        "**questions that nobody rated**, a quarter of them in styles that nobody rated either."
    )
    try:
        result = _baked()
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    stems = {s["stem"]: s["name"].split(",")[0] for s in result["scenarios"]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measured = st.segmented_control(
            "Count", list(MEASURES), default="pairs", required=True, key="measure",
            format_func=MEASURES.get, **IN_URL,
        )  # fmt: skip
        stem = st.segmented_control(
            "Scenario", ["", *stems], default="", key="stem",
            format_func=lambda stem: stems.get(stem, "All three"), **IN_URL,
        )  # fmt: skip
    values = text_generalisation.summary(result, measured, "borda", stem or "")
    names = list(result["methods"])
    best = max((n for n in names if n != "oracle"), key=lambda n: values[n][0])
    page.say(
        f"Best after the oracle: **{SHORT[best]}**, {values[best][0]:.0%}. Vanilla orders "
        f"{values['vanilla'][0]:.0%} of the pairs as the whole population would, the social reward "
        f"{values['social'][0]:.0%}; guessing gives 50 %."
    )
    page.chart(
        grouped_bars([SHORT[n] for n in names], [("pairs", [values[n][0] for n in names])], "",
                     "ordered rightly", percent=True, height=280, **page.style()),
        "chart-text-study",
        alt=", ".join(f"{SHORT[n]} {values[n][0]:.0%}" for n in names),
        caption="Share of pairs ordered as by Borda among the whole population; means over ten "
        "seeds. The oracle knows these raters’ own ballots on the new texts.",
    )  # fmt: skip
    rows = [
        {"method": result["methods"][n]}
        | {
            title: f"{mean:.3f} ± {half:.3f}"
            for key, title in MEASURES.items()
            for mean, half in [text_generalisation.summary(result, key, "borda", stem or "")[n]]
        }
        | {
            "best answer found": round(
                text_generalisation.summary(result, "winners", "borda", stem or "")[n][0], 3
            ),
            "silent group followed, less the exact outcome": round(
                text_generalisation.summary(result, "voice", "borda", stem or "")[n][0], 3
            ),
        }
        for n in names
    ]
    data_tables.numbers_expander(rows, "text-study", "± is half a 95 % interval over ten seeds.")
