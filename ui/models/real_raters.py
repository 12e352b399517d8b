"""The scoreboard of reward models on real raters' ballots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scrl.studies import scoreboard
from scrl.types import InputError
from ui.models.scoreboard import load_baked_scoreboard
from ui.models.scoreboard_result import TITLES, draw
from ui.shared import page

_DATA_NOTES = {
    "breakfast": "Green and Rao (1972): 21 students and their spouses rank 15 breakfast foods, "
    "overall and for five menus.",
    "mqm": "WMT 2023, English to German: professional translators mark errors (MQM); the fewer "
    "penalty points the better.",
}


def show() -> None:
    """Draw the scoreboards of two data sets."""
    try:
        results = {stem: load_baked_scoreboard(stem)["result"] for stem in scoreboard.REAL_RATINGS}
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    above = st.container()
    titles = {
        f"Breakfast: {results['breakfast']['held']} people, 15 foods, six menus": "breakfast",
        f"Translations: {results['mqm']['held']} raters, ten systems, 104 texts": "mqm",
    }
    chosen = st.segmented_control(
        "Ballots", list(titles), default=next(iter(titles)), required=True, key="ballots",
        label_visibility="collapsed", bind="query-params",
    )  # fmt: skip
    if draw(results[titles[chosen]], titles[chosen]):
        above.markdown(summary(results["breakfast"], results["mqm"]))
    if not page.presenting():
        st.caption(_DATA_NOTES[titles[chosen]])


def summary(breakfast: Mapping, mqm: Mapping) -> str:
    """The findings of the two scoreboards, in a few sentences."""
    breakfast_rows = {row["model"]: row for row in breakfast["rows"]}
    translation_rows = {row["model"]: row for row in mqm["rows"]}
    individual, pooled, individual_lead = (
        breakfast_rows["individual"],
        breakfast_rows["pooled"],
        translation_rows["individual"]["ahead"],
    )
    indistinct = [
        m
        for m in ("vpl", "prototypes")
        if breakfast_rows[m]["ahead"][1] <= 0 <= breakfast_rows[m]["ahead"][2]
    ]
    others = [m for m, row in translation_rows.items() if m != "individual" and row["ahead"][1] > 0]
    return (
        "At **breakfast** the individual model orders "
        f"{individual['accuracy'][0]:.1%} of the hidden pairs of people it never met rightly and "
        f"Bradley–Terry {pooled['accuracy'][0]:.1%}, **{_points_text(individual['ahead'])}**"
        + (f"; {' and '.join(TITLES[m] for m in indistinct)} cannot be told from Bradley–Terry"
           if indistinct else "")
        + f". Among **ten translators** its lead is {_points_text(individual_lead)}"
        + ("" if others else ", and no other model is ahead of Bradley–Terry")
        + ". Each text was "
        "read by three of them, and ten people do not show what kinds of people there are: the "
        "individual model takes them for one kind. What it gains there, it gains by knowing that "
        "a system translated many texts. So a model of individuals pays where people differ and "
        "enough of them say enough. "
        f"The chances that it states at breakfast are off by {individual['calibration'][0]:.2f}, "
        f"those of Bradley–Terry by {pooled['calibration'][0]:.2f}. Here each pair is a ballot of "
        "its own; `scrl evaluate` judges the model on whole ballots."
    )  # fmt: skip


def _points_text(ahead: Sequence[float]) -> str:
    """A difference in percentage points, with its interval."""
    mean, low, high = (f"{100 * x:+.1f}".replace("-", "−") for x in ahead)
    return f"{mean} points [{low}, {high}]"
