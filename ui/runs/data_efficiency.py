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
SCALES = {"Agreement of orders": "tau", "Share exactly right": "exact"}


#: What running the study again takes.
_NOTE = "This trains a model for every run and takes some minutes."


def show() -> None:
    """Draw the study of agreement by the number of raters."""
    baked_study.show(
        data_efficiency.STUDY, _draw, "This trains a model for every run and takes some minutes."
    )


def _draw(result: dict, result_id: str) -> None:
    """Draw agreement with the truth by the number of raters."""
    rows = data_efficiency.summarise(result["runs"])
    counts = sorted({row["n"] for row in rows})
    guess, shown = predict_first.guess(
        "From how many raters on is the social order clearly nearer to everyone’s complete ballots "
        "than Bradley–Terry’s?",
        [*(f"{n:,}" for n in counts), "Never"], "guess_raters",
    )  # fmt: skip
    if not shown:
        return
    lead = data_efficiency.raters_to_lead(rows)
    right = "Never" if lead is None else f"{lead:,}"
    page.say(predict_first.verdict(guess, right) + _summary(rows, lead))
    scale = st.segmented_control(
        "Shown", list(SCALES), default=next(iter(SCALES)), required=True, key="scale",
        bind="query-params",
    )  # fmt: skip
    page.chart(
        agreement_by_raters(rows, TITLES, SCALES[scale], **page.style()), "by-raters",
        alt="; ".join(f"{r['n']:,} raters, {TITLES[r['source']]}: τ {r['tau']:.2f}"
                      for r in rows if r["source"] in TITLES),
        caption="How far each order agrees with everyone’s complete ballots, counted by Borda (1: "
        "no pair is the other way round, Kendall’s τ). Tennessee with Morristown: nine in ten "
        "Memphis raters and one in ten others rank Morristown; each other city is left off half of "
        f"the ballots. Means over {rows[0]['seeds']} seeds, with one standard error on each side. "
        "‘Clearly’ means by two standard errors. ‘Raters’ own complete ballots’ is the best that "
        "this sample of raters can give.",
    )  # fmt: skip
    data_tables.numbers_expander(
        [{"raters": f"{r['n']:,}", "": TITLES.get(r["source"], "Simulated voters"),
          "mean agreement (τ)": r["tau"], "standard error": r["error"], "least τ": r["least"],
          "share exact": r["exact"], "seeds": str(r["seeds"])} for r in rows],
        "study-raters",
    )  # fmt: skip


def _summary(rows: list[dict], lead: int | None) -> str:
    """Where the social order leads, and τ for the fewest and the most raters."""
    at = {(row["n"], row["source"]): row for row in rows}
    counts = sorted({row["n"] for row in rows})
    fewest_raters, most_raters = counts[0], counts[-1]
    where = (
        f"From **{lead:,}** raters on, the social order is clearly nearer to everyone’s complete "
        "ballots than Bradley–Terry’s."
        if lead is not None
        else "The social order is **never** clearly nearer to everyone’s complete ballots than "
        "Bradley–Terry’s."
    )
    exact, taus = at[most_raters, "social"]["exact"], []
    for count in (fewest_raters, most_raters):
        social, vanilla, own = (at[count, k]["tau"] for k in ("social", "vanilla", "raters"))
        taus.append(
            f"With {count:,} raters the agreement is {social:.2f}, against {vanilla:.2f} for "
            f"Bradley–Terry and {own:.2f} for the raters’ own complete ballots."
        )
    return (
        f"{where} {' '.join(taus)} Then the social order is exactly right in {exact:.0%} of seeds, "
        f"Bradley–Terry’s in {at[most_raters, 'vanilla']['exact']:.0%}."
    )
