"""Results over several seeds: how often each order came out, and how near to the truth."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.runs import SeedSpread
from ui.shared import data_tables, figure_cache, page, result_tables
from ui.shared.controls import rule_title

#: Orders listed for each source.
MAX_ORDERS = 5


def show(result: dict, spread: dict[str, SeedSpread], rule: str) -> None:
    """Draw agreement by seed and a table of orders."""
    seeds = result["seeds"]["seeds"]
    st.markdown(_summary(spread, len(seeds)))
    taus = [
        (result_tables.SOURCE_TITLES[s], source_spread.tau)
        for s, source_spread in spread.items()
        if source_spread.tau is not None
    ]
    if taus:
        page.chart(
            figure_cache.figure(
                figures.values_by_seed, taus, "agreement with all complete ballots (Kendall’s τ)"
            ),
            "chart-seeds",
            alt="; ".join(f"{label}: {min(tau):.2f} to {max(tau):.2f}" for label, tau in taus),
            caption=f"Each run, with seeds {seeds[0]} to {seeds[-1]}, has raters and voters of its "
            "own. A disc is a value; its number says how many runs gave it. The triangle is the "
            f"mean. The rule is {rule_title(rule)}. No method can know more than the complete "
            "ballots of the sampled raters.",
        )
    if page.presenting():
        return
    data_tables.numbers_table(_order_table(spread, len(seeds)))
    latent = result["seeds"]["latent"]
    st.caption(
        f"Types of raters found: {_range_text(latent['components'])}. Dimensions of the latent "
        f"space in use: {_range_text(latent['active_units'])}. Everything else on this page is of "
        f"the run with seed {seeds[0]}."
    )


def _summary(spread: dict[str, SeedSpread], count: int) -> str:
    """In how many seeds the social order is exact, or the same."""
    social = spread["social"]
    if social.exact is not None:
        return (
            f"The social model gives the order of all complete ballots in **{social.exact} of "
            f"{count}** runs, Bradley–Terry in **{spread['vanilla'].exact}**."
        )
    most_frequent = social.distinct_orders[0][1]
    return f"The social model gives the same order in **{most_frequent} of {count}** runs."


def _order_table(spread: dict[str, SeedSpread], count: int) -> list[dict]:
    """The most frequent orders of each source."""
    rows = []
    for source, source_spread in spread.items():
        for order, n in source_spread.distinct_orders[:MAX_ORDERS]:
            row = {
                "": result_tables.SOURCE_TITLES[source],
                "order": result_tables.order_text(order),
            }
            rows.append(row | {"seeds": f"{n} of {count}"})
        hidden_orders = len(source_spread.distinct_orders) - MAX_ORDERS
        if hidden_orders > 0:
            rows.append(
                {
                    "": result_tables.SOURCE_TITLES[source],
                    "order": f"{hidden_orders} more",
                    "seeds": "",
                }
            )
    return rows


def _range_text(values: list) -> str:
    """``"2"`` or ``"2 to 5"``."""
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"
