"""The scoreboard of reward models on real raters' ballots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scrl.studies import scoreboard
from scrl.types import InputError
from ui.models.model_texts import TITLES
from ui.models.scoreboard import load_baked_scoreboard
from ui.models.scoreboard_result import draw
from ui.shared import page

_DATA_NOTES = {
    "breakfast": "Source: Green and Rao (1972). 21 students and their spouses ranked 15 breakfast "
    "foods, overall and for five menus.",
    "mqm": "Source: WMT 2023, English to German. Professional translators marked errors (MQM); a "
    "translation with fewer penalty points is better.",
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
        with above:
            page.say(summary(results["breakfast"], results["mqm"]))
    if not page.presenting():
        page.note(_DATA_NOTES[titles[chosen]])


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
        f"**Breakfast.** The model of individual raters orders {individual['accuracy'][0]:.1%} of "
        "the hidden pairs of new people rightly, Bradley–Terry "
        f"{pooled['accuracy'][0]:.1%}: **{_points_text(individual['ahead'])}**"
        + (f". {' and '.join(TITLES[m] for m in indistinct)} cannot be told from Bradley–Terry"
           if indistinct else "")
        + ". Its stated chances are off by "
        f"{individual['calibration'][0]:.2f}, those of Bradley–Terry by "
        f"{pooled['calibration'][0]:.2f}.\n\n"
        f"**Ten translators.** Here it gains {_points_text(individual_lead)}"
        + ("" if others else "; no other model is ahead of Bradley–Terry")
        + ". Ten people do not show what kinds of people there are, and three of them read each "
        "text. So the model takes them for one kind, and gains because it knows that a system "
        "translated many texts.\n\n"
        "So a model of individuals pays where people differ, and enough of them say enough."
    )  # fmt: skip


def _points_text(ahead: Sequence[float]) -> str:
    """A difference in percentage points, with its interval."""
    mean, low, high = (f"{100 * x:+.1f}".replace("-", "−") for x in ahead)
    return f"{mean} points [{low}, {high}]"
