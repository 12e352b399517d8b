"""The part on where rewards for parts fail."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.studies import load_baked, text_parts
from ui.shared import data_tables, page


def show() -> None:
    """Draw the text that one false claim ruins, and answers of unequal reliability."""
    result = load_baked(text_parts.STUDY.name)["result"]
    left, right = st.columns(2, gap="large")
    with left:
        _fragile(result["fragile"])
    with right:
        _errors(result["errors"])


def _fragile(fragile: dict) -> None:
    """Quality by the weight of an unverifiable claim, where one ruins the text."""
    weights = fragile["weights"]
    row = fragile["rows"][0]
    whole = np.repeat(np.array(row["comparisons"])[:, None], len(weights), 1)
    marks = np.array(row["marks"]).T
    ahead = [w for w, lead in zip(weights, row["lead"], strict=True) if lead[1] > 0]
    behind = [w for w, lead in zip(weights, row["lead"], strict=True) if lead[2] < 0]
    page.say(
        "**One false claim ruins the text.** Then quality is no sum, and a reward that adds up "
        "good segments may buy a false claim with relevance. "
        + (f"Comparisons of whole texts are clearly better at a weight of {_listed(ahead)}. "
           if ahead else "")
        + (f"At {_listed(behind)} marks are clearly better; " if behind else "")
        + "in between the difference is within chance. So the whole wins only where the weight of "
        "a false claim is far too low: a large weight repairs the sum."
    )  # fmt: skip
    page.chart(
        banded_curves(
            weights, [("marks in segments", marks, 0), ("comparisons of whole texts", whole, 2)],
            x_title="weight of an unverifiable claim (the others: 0.3)",
            y_title="share of the best quality", percent=True, value_format=".0%", height=360,
            **page.style(),
        ),
        "chart-fragile",
        alt="; ".join(f"weight {w}: marks {m:.0%}, whole {whole[0, 0]:.0%}"
                      for w, m in zip(weights, marks[0], strict=True)),
        caption=f"Texts of {row['segments']} segments, {fragile['bits']:,} bits each. Quality is "
        "the share of relevant and complete segments, and 0 with any unverifiable one. Bands are "
        "95 % intervals over 40 worlds.",
    )  # fmt: skip
    last = fragile["rows"][-1]
    page.say(
        f"With {last['segments']} segments comparisons fail as well ({last['comparisons'][0]:.0%}):"
        f" only {last['intact']:.0%} of the texts that raters compare are without a false claim, "
        "and two ruined texts are equally bad."
    )
    table = [
        {"segments": r["segments"], "weight of a false claim": w, "marks": r["marks"][i][0],
         "errors known": r["sum"][i][0], "comparisons": r["comparisons"][0],
         "comparisons ahead by": r["lead"][i][0], "from": r["lead"][i][1], "to": r["lead"][i][2]}
        for r in fragile["rows"] for i, w in enumerate(weights)
    ]  # fmt: skip
    data_tables.numbers_expander(table, "one-false-claim", "The lead is paired over worlds.")


def _listed(weights: list[float]) -> str:
    return " and ".join(f"{w:g}" for w in weights)


def _errors(errors: dict) -> None:
    """Quality by how often answers are wrong."""
    rates = errors["rates"]
    whole, marks = (np.array(errors[key]).T for key in ("comparisons", "marks by rate"))
    page.say(
        "**How reliable are the answers?** Whole texts with a mixture of faults are said to "
        f"be hard to compare. Marks that are wrong in {rates[0]:.0%} of cases reach "
        f"{errors['marks'][0]:.0%} of the quality. Comparisons that are wrong in {rates[1]:.0%} "
        f"reach about as much ({whole[0, 1]:.0%}), and in {rates[2]:.0%} less "
        f"({whole[0, 2]:.0%}). At the same rate of errors marks suffer more."
    )
    page.chart(
        banded_curves(
            rates, [("marks in segments", marks, 0), ("comparisons of whole texts", whole, 2)],
            x_title="chance that an answer is wrong", y_title="quality reached", percent=True,
            value_format=".0%", height=360, **page.style(),
        ),
        "chart-part-errors",
        alt="; ".join(f"{e:.0%} wrong: marks {m:.0%}, comparisons {c:.0%}"
                      for e, m, c in zip(rates, marks[0], whole[0], strict=True)),
        caption=f"Texts of {errors['segments']} segments, {errors['bits']} bits.",
    )  # fmt: skip
    page.say(
        "**Raters disagree about weights.** Marks are facts on which they may agree. What a mark "
        "costs is not, and *Whose weights?* shows that one is back at voting."
    )
    rows = [
        {"wrong": e, "marks": m, "comparisons": c}
        for e, m, c in zip(rates, marks[0].tolist(), whole[0].tolist(), strict=True)
    ]
    data_tables.numbers_expander(rows, "part-errors")
