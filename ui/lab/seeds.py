"""What several seeds found: how often each order came out, and how near to the truth."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.runs import SeedSpread
from ui.shared import page, tables
from ui.shared.controls import title_of

#: Different orders of a source that are listed.
MOST_ORDERS = 5


def show(result: dict, spread: dict[str, SeedSpread], rule: str) -> None:
    """The part of a finished run's page on its seeds."""
    seeds = result["seeds"]["seeds"]
    st.markdown(_finding(spread, len(seeds)))
    known = [(tables.SOURCES[s], said.tau) for s, said in spread.items() if said.tau is not None]
    if known:
        page.chart(
            figures.values_by_seed(known, "Kendall’s τ with the truth", **page.look()),
            "chart-seeds",
            alt="; ".join(f"{label}: {min(tau):.2f} to {max(tau):.2f}" for label, tau in known),
            caption=f"Seeds {seeds[0]} to {seeds[-1]}, each with raters and voters of its own. A "
            "disc is a value, in it how many seeds gave it; the triangle is the mean. Counted by "
            f"{title_of(rule)}. ‘Raters themselves’ are the complete ballots of the same sample: "
            "what perfect knowledge of it would give.",
        )
    if page.presenting():
        return
    page.numbers(_orders(spread, len(seeds)))
    latent = result["seeds"]["latent"]
    st.caption(
        f"Active latent units {_span(latent['active_units'])}, components of the density "
        f"{_span(latent['components'])}. All else on this page is of seed {seeds[0]}."
    )


def _finding(spread: dict[str, SeedSpread], count: int) -> str:
    social = spread["social"]
    if social.exact is not None:
        return (
            f"The social model has the true order in **{social.exact} of {count}** seeds, "
            f"Bradley–Terry in **{spread['vanilla'].exact}**."
        )
    most = social.distinct_orders[0][1]
    return f"The social model gives the same order in **{most} of {count}** seeds."


def _orders(spread: dict[str, SeedSpread], count: int) -> list[dict]:
    rows = []
    for source, said in spread.items():
        for order, n in said.distinct_orders[:MOST_ORDERS]:
            row = {"": tables.SOURCES[source], "order": tables.order_text(order)}
            rows.append(row | {"seeds": f"{n} of {count}"})
        left = len(said.distinct_orders) - MOST_ORDERS
        if left > 0:
            rows.append({"": tables.SOURCES[source], "order": f"{left} more", "seeds": ""})
    return rows


def _span(values: list) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"
