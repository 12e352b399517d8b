"""The part of the page on studies about where simulated voters come from."""

from __future__ import annotations

import streamlit as st

from scrl.figures import stacked_shares
from scrl.studies import voter_sampling
from ui.shared import baked_study, data_tables, page, predict_first, result_tables


def show() -> None:
    """Draw the study of voters from the prior and from the fitted density."""
    baked_study.show(voter_sampling.STUDY, _draw, "Trains a model for every run: some minutes.")


def _draw(result: dict, result_id: str) -> None:
    """Draw the shares of voters from the prior and from the density."""
    guess, shown = predict_first.guess(
        "Do voters drawn from the prior give the true order?", ("Yes", "Sometimes", "No"),
        "guess_voters",
    )  # fmt: skip
    if not shown:
        return
    runs = result["runs"]
    summary = voter_sampling.summarise(runs)
    prior, density = summary["prior"], summary["density"]
    right = "Yes" if prior.exact == len(runs) else "Sometimes" if prior.exact else "No"
    st.markdown(
        predict_first.verdict(guess, right)
        + f"Drawn from the prior, voters give the true order in **{prior.exact} of {len(runs)}**"
        f" runs; drawn from the fitted density, in **{density.exact}**. First places are "
        f"{prior.first_distance:.0%} astray against {density.first_distance:.1%}."
    )
    _share_chart(result, summary)
    data_tables.numbers_expander(
        [
            {
                "seed": str(run["seed"]),
                "voters from": source,
                "order": result_tables.order_text(run[source]["order"]),
                "τ": run[source]["tau"],
                "first places astray": run[source]["tv_first"],
                "types astray": run[source]["tv_types"],
            }
            for run in runs
            for source in ("density", "prior")
        ],
        "study-voters",
        "Astray: total variation to the truth.",
    )


def _share_chart(result: dict, summary: dict[str, voter_sampling.SourceSummary]) -> None:
    """Shares of first places or of types, by the source of voters."""
    which = st.segmented_control(
        "Shares of", ["First places", "Types"], default="First places", required=True,
        key="shares", bind="query-params",
    )  # fmt: skip
    key, names = (
        ("first", result["completions"]) if which == "First places" else ("types", result["types"])
    )
    density, prior = (getattr(summary[source], key) for source in ("density", "prior"))
    page.chart(
        stacked_shares(
            names,
            [("Truth", result["truth"][key]), ("Fitted density", density),
             ("Prior", prior)],
            "share of first places" if key == "first" else "share of voters nearest to each type",
            **page.style(),
        ),
        "voters",
        alt="; ".join(f"{n}: truth {t:.2f}, density {d:.2f}, prior {p:.2f}" for n, t, d, p in
                      zip(names, result["truth"][key], density, prior,
                          strict=True)),
        caption=f"Means over {len(result['runs'])} runs on Tennessee with Morristown. The prior is "
        "a standard normal in the latent space, as a variational autoencoder has it: it knows "
        "neither the types nor their shares. The density is that of the fitted model.",
    )  # fmt: skip
