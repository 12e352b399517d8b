"""The part on a taste for which the vocabulary has no word."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves, estimate_dots
from scrl.studies import load_baked, summaries
from ui.shared import data_tables, page, predict_first

GUESSES = ("it is lost", "it is told by other words")


def show() -> None:
    """Draw accuracy with an unnamed taste, and what summaries say of it."""
    page.say(
        "Now people differ in a seventh attribute, too: half like it and half dislike it, more "
        "strongly than any other. **No sentence names it.** A vector has room for it; a summary "
        "in words cannot say it."
    )
    guess, shown = predict_first.guess(
        "The summariser is trained to help the reward. What becomes of the seventh taste?",
        GUESSES, "guess_unnamed",
    )  # fmt: skip
    if not shown:
        return
    found = load_baked("summaries")["result"]["unnamed"]
    smuggled, right = np.array(found["smuggled"]), np.array(found["summaries"])
    told = GUESSES[1] if smuggled[0, 0] > 0.8 else GUESSES[0]
    page.say(
        f"{predict_first.verdict(guess, told)}From a trained summary the reward reads the unnamed "
        f"taste rightly for **{smuggled[0, 0]:.0%}** of new people. The summariser tells it by "
        f"sentences about something else: only {found['true'][0][0]:.0%} of what it states is "
        f"true. So the vector wins, but hardly: {found['right']['features'][0]:.1%} against "
        f"{right[0, 0]:.1%}. The summary is kept honest by the price of moving away from what "
        "sentences mean. At price "
        f"{summaries.PRICES[-1]:.0f} it says {found['true'][0][-1]:.0%} true things, tells the "
        f"unnamed taste no more ({smuggled[0, -1]:.0%}, half is chance), and has "
        f"{right[0, -1]:.1%}: **then** the vector wins by far."
    )
    left, aside = st.columns(2, gap="large")
    with left:
        _prices(found)
    with aside:
        _models(found)
    rows = [
        {"price": price, "pairs right": right[0, i], "unnamed taste read": smuggled[0, i],
         "true statements": found["true"][0][i]}
        for i, price in enumerate(summaries.PRICES)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "unnamed-taste")


def _prices(found: dict) -> None:
    """Honesty and accuracy by the price of the KL."""
    series = [
        ("unnamed taste read rightly", np.array(found["smuggled"]), 4),
        ("statements that are true", np.array(found["true"]), 2),
        ("disputed pairs right", np.array(found["summaries"]), 0),
    ]
    page.chart(
        banded_curves(
            summaries.PRICES, series, x_title="price of the KL from honest sentences", y_title="",
            log_axes="x", percent=True, value_format=".1%", height=360, **page.style(),
        ),
        "chart-prices",
        alt="; ".join(f"{name}: {y[0, 0]:.0%} at the lowest price, {y[0, -1]:.0%} at the highest"
                      for name, y, _ in series),
        caption="The summariser is paid with the mean log-likelihood of a person’s choices, less "
        "this price for each nat of KL from a summariser that writes true sentences. PLUS "
        "uses 0.01.",
    )  # fmt: skip


def _models(found: dict) -> None:
    """All models with the unnamed taste."""
    last = len(summaries.PRICES) - 1
    rows = {
        "Exact Bayes": found["right"]["oracle"],
        "Reward features, a vector": found["right"]["features"],
        "A regression each": found["right"]["own"],
        "Summaries, trained": [row[0] for row in found["summaries"]],
        "Summaries, honest": [row[last] for row in found["summaries"]],
        "Bradley–Terry": found["right"]["pooled"],
    }
    page.chart(
        estimate_dots(
            [(name, *values, i) for i, (name, values) in enumerate(rows.items())],
            "disputed pairs right", reference=0.5, **page.style(),
        ),
        "chart-unnamed",
        alt="; ".join(f"{name}: {values[0]:.0%}" for name, values in rows.items()),
        caption="After 16 pairs of a new person. Means over "
        f"{len(summaries.SEEDS)} populations with 95 % intervals; the line is chance.",
    )  # fmt: skip
