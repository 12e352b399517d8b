"""The part of the page on studies about the number of raters."""

from __future__ import annotations

import streamlit as st

from scrl.figures import agreement_by_raters
from scrl.studies import data_efficiency
from ui.shared import baked_study, data_tables, page, predict_first

TITLES = {
    "raters": "Raters’ own complete ballots",
    "social": "Social model",
    "vanilla": "Bradley–Terry",
}
#: Title of a measure of agreement -> its key in the rows of the study.
SCALES = {"Kendall’s τ": "tau", "Share exact": "exact"}


def show() -> None:
    """Draw the study of agreement by the number of raters."""
    baked_study.show(data_efficiency.STUDY, _draw, "Trains a model for every run: some minutes.")


def _draw(result: dict, result_id: str) -> None:
    """Draw agreement with the truth by the number of raters."""
    rows = data_efficiency.summarise(result["runs"])
    counts = sorted({row["n"] for row in rows})
    guess, shown = predict_first.guess(
        "From how many raters on is the social order clearly nearer to the truth than vanilla’s?",
        [*(f"{n:,}" for n in counts), "Never"], "guess_raters",
    )  # fmt: skip
    if not shown:
        return
    lead = data_efficiency.raters_to_lead(rows)
    right = "Never" if lead is None else f"{lead:,}"
    st.markdown(predict_first.verdict(guess, right) + _summary(rows, lead))
    scale = st.segmented_control(
        "Agreement", list(SCALES), default=next(iter(SCALES)), required=True, key="scale",
        bind="query-params",
    )  # fmt: skip
    page.chart(
        agreement_by_raters(rows, TITLES, SCALES[scale], **page.style()), "by-raters",
        alt="; ".join(f"{r['n']:,} raters, {TITLES[r['source']]}: τ {r['tau']:.2f}"
                      for r in rows if r["source"] in TITLES),
        caption="Tennessee with Morristown by Borda: nine Memphis raters in ten and one in ten of "
        "the others rank Morristown, and every other city is left off half of the ballots at "
        f"random. Raters are drawn independently. Means over {rows[0]['seeds']} seeds, with a "
        "standard error on each side; ‘clearly’ is by two of the difference’s; exact means that "
        "no true pair is the other way round. The raters’ own complete ballots are what perfect "
        "knowledge of the same sample would give.",
    )  # fmt: skip
    data_tables.numbers_expander(
        [{"raters": f"{r['n']:,}", "": TITLES.get(r["source"], "Simulated voters"),
          "mean τ": r["tau"], "standard error": r["error"], "least τ": r["least"],
          "share exact": r["exact"], "seeds": str(r["seeds"])} for r in rows],
        "study-raters",
    )  # fmt: skip


def _summary(rows: list[dict], lead: int | None) -> str:
    """Where the social order leads, and τ for the fewest and the most raters."""
    at = {(row["n"], row["source"]): row for row in rows}
    counts = sorted({row["n"] for row in rows})
    fewest_raters, most_raters = counts[0], counts[-1]
    where = (
        f"From **{lead:,}** raters on the social order is clearly nearer to the truth than "
        "vanilla’s."
        if lead is not None
        else "The social order is **never** clearly nearer to the truth than vanilla’s."
    )
    exact = at[most_raters, "social"]["exact"]
    return (
        f"{where} With {fewest_raters:,} raters its mean τ is "
        f"{at[fewest_raters, 'social']['tau']:.2f}, vanilla’s "
        f"{at[fewest_raters, 'vanilla']['tau']:.2f} and the oracle’s "
        f"{at[fewest_raters, 'raters']['tau']:.2f}; with {most_raters:,} they are "
        f"{at[most_raters, 'social']['tau']:.2f}, {at[most_raters, 'vanilla']['tau']:.2f} and "
        f"{at[most_raters, 'raters']['tau']:.2f}, and the social order is exact in {exact:.0%} of "
        f"seeds, vanilla’s in {at[most_raters, 'vanilla']['exact']:.0%}."
    )
