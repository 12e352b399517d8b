"""The part of the page on studies about where simulated voters come from."""

from __future__ import annotations

import streamlit as st

from scrl.figures import stacked_shares
from scrl.studies import voter_sampling
from ui.shared import baked_study, data_tables, page, predict_first, result_tables

#: What running the study again takes.
_NOTE = "This trains a model for every run and takes some minutes."
#: Source of voters in the study -> its name in tables.
_SOURCES = {"density": "as raters are spread", "prior": "the whole map"}


def show() -> None:
    """Draw the study of voters from the prior and from the fitted density."""
    baked_study.show(
        voter_sampling.STUDY, _draw, "This trains a model for every run and takes some minutes."
    )


def _draw(result: dict, result_id: str) -> None:
    """Draw the shares of voters from the prior and from the density."""
    guess, shown = predict_first.guess(
        "Simulated voters may be drawn at random from the whole map (a standard normal), or as the "
        "raters are spread on it. Does the first way give the right order?",
        ("Yes", "Sometimes", "No"), "guess_voters",
    )  # fmt: skip
    if not shown:
        return
    runs = result["runs"]
    summary = voter_sampling.summarise(runs)
    prior, density = summary["prior"], summary["density"]
    right = "Yes" if prior.exact == len(runs) else "Sometimes" if prior.exact else "No"
    page.say(
        predict_first.verdict(guess, right)
        + "Drawn from the whole map, simulated voters give the right order in "
        f"**{prior.exact} of {len(runs)}** runs. Drawn as the raters are spread, in "
        f"**{density.exact}**. Their first places are off by {prior.first_distance:.0%} and "
        f"{density.first_distance:.1%}."
    )
    _share_chart(result, summary)
    data_tables.numbers_expander(
        [
            {
                "seed": str(run["seed"]),
                "voters from": _SOURCES[source],
                "order": result_tables.order_text(run[source]["order"]),
                "agreement (τ)": run[source]["tau"],
                "first places off by": run[source]["tv_first"],
                "groups off by": run[source]["tv_types"],
            }
            for run in runs
            for source in ("density", "prior")
        ],
        "study-voters",
        "‘Off by’: the share of voters who would have to be others (total variation).",
    )


def _share_chart(result: dict, summary: dict[str, voter_sampling.SourceSummary]) -> None:
    """Shares of first places or of types, by the source of voters."""
    which = st.segmented_control(
        "Shares of", ["First places", "Groups"], default="First places", required=True,
        key="shares", bind="query-params",
    )  # fmt: skip
    key, names = (
        ("first", result["completions"]) if which == "First places" else ("types", result["types"])
    )
    density, prior = (getattr(summary[source], key) for source in ("density", "prior"))
    page.chart(
        stacked_shares(
            names,
            [("All ballots, complete", result["truth"][key]), ("As raters are spread", density),
             ("From the whole map", prior)],
            "share of first places" if key == "first" else "share of voters nearest to each group",
            **page.style(),
        ),
        "voters",
        alt="; ".join(
            f"{n}: {t:.2f} in truth, {d:.2f} as raters, {p:.2f} from the map"
            for n, t, d, p in zip(names, result["truth"][key], density, prior, strict=True)
        ),
        caption=f"Means over {len(result['runs'])} runs on Tennessee with Morristown. ‘From the "
        "whole map’ draws voters from a standard normal, as a variational autoencoder does. It "
        "knows neither the groups nor how large they are. ‘As raters are spread’ draws them from "
        "the fitted model.",
    )  # fmt: skip
