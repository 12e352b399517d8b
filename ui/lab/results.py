"""A finished run: orders under every rule, the raters, the numbers, the files."""

from __future__ import annotations

import json

import streamlit as st

from scrl import figures
from scrl.runs import orders_csv, seed_spreads
from ui.lab import electorate_check, found_raters, missing_blocks, seed_spread
from ui.shared import data_tables, figure_cache, page, result_tables
from ui.shared.controls import rule_title


def show(content: dict, prompt: str, rule: str, highlight: str) -> None:
    """Draw everything below the main figure."""
    result, entry = content["result"], content["result"]["prompts"][prompt]
    electorate_check.show(result)
    parts = {
        "Every rule": lambda: _every_rule(result, prompt, highlight),
        "The raters": lambda: found_raters.show(content),
    }
    if missing_blocks.has_blocks(result):
        parts["Missing ratings"] = lambda: missing_blocks.show(content)
    if spread := seed_spreads(result, prompt, rule):
        count = len(result["seeds"]["seeds"])
        parts[f"Over {count} seeds"] = lambda: seed_spread.show(result, spread, rule)
    if not page.presenting():
        parts["The numbers"] = lambda: _numbers(result, entry, rule, highlight, spread)
        parts["Files"] = lambda: _files(content)
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            draw()


def _every_rule(result: dict, prompt: str, highlight: str) -> None:
    """The social order of every rule, and a table of places."""
    entry = result["prompts"][prompt]
    titles = {rule: rule_title(rule) for rule in entry["social"]}
    orders = [("Bradley–Terry", entry["vanilla"]["order"])]
    orders += [(titles[rule], outcome["order"]) for rule, outcome in entry["social"].items()]
    seeds = {}
    for x, rule in enumerate(titles, 1):
        if spread := seed_spreads(result, prompt, rule):
            seeds |= {0: spread["vanilla"].orders, x: spread["social"].orders}
    if len(orders) <= 8:
        page.chart(
            figure_cache.figure(
                figures.bump_chart,
                orders,
                entry["completions"],
                highlight,
                row_height=48,
                seeds=seeds,
            ),
            "chart-rules",
            alt="; ".join(f"{title}: {result_tables.order_text(order)}" for title, order in orders),
            caption="The order of Bradley–Terry, and of the social model of each rule.",
        )
    if page.presenting():
        return
    st.dataframe(result_tables.places_table(entry, titles), hide_index=True, height="content")
    page.note("The numbers are places: 1 is best, and 2= is a shared second place.")


def _numbers(result: dict, entry: dict, rule: str, highlight: str, spread: dict) -> None:
    """Scores, agreement with the truth and welfare."""
    series = result_tables.score_series(entry, rule)
    ranges = {
        label: {name: spread[source].range(name) for name in entry["completions"]}
        for source, label in result_tables.SCORE_SOURCES
        if source in spread
    }
    if len(series) > 1:
        page.chart(
            figure_cache.figure(
                figures.score_dots, entry["completions"], series, f"{rule_title(rule)} score",
                highlight, ranges=ranges,
            ),
            "chart-scores",
            alt=f"{rule_title(rule)} scores of every completion",
            caption="Bars reach from the lowest to the highest score of all runs." if ranges
            else "",
        )  # fmt: skip
    data_tables.numbers_table(result_tables.score_table(entry, rule))
    if agreement := result_tables.agreement_table(entry, rule):
        st.markdown("**Agreement with everyone’s complete ballots**")
        data_tables.numbers_table(agreement)
        st.markdown("**How much the winner is worth to raters**")
        data_tables.numbers_table(result_tables.welfare_table(entry, rule))
        st.caption(
            "How useful the winner is on average, to everyone and to each type of rater. The best "
            f"answer would give everyone {entry['welfare']['best']:.3f}. Where a type states only "
            "an order, its last answer is worth 0, the next 1, and so on."
        )
    seconds = result.get("seconds", {})
    spent = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    st.caption(
        "‘The sampled raters’ complete ballots’ are those of the same raters: no method can know "
        f"more. Trained on {result.get('device', 'an unknown device')}: {spent}."
    )


def _files(content: dict) -> None:
    """Downloads of result, orders and scenario."""
    result = content["result"]
    stem = "".join(c if c.isalnum() else "-" for c in result["scenario"].lower())[:60]
    files = [
        ("Result (JSON)", json.dumps(result, indent=1, ensure_ascii=False), "json",
         "application/json"),
        ("Orders (CSV)", orders_csv(result), "csv", "text/csv"),
        ("Scenario (YAML)", content["yaml"], "yaml", "application/yaml"),
    ]  # fmt: skip
    for note in result.get("notes", []):
        st.caption(page.escaped(note))
    with st.container(horizontal=True):
        for label, data, suffix, mime in files:
            if data:
                st.download_button(
                    label, data, f"{stem}.{suffix}", mime, on_click="ignore", key=f"get-{suffix}"
                )
    st.caption("`python -m scrl run FILE --seed N` repeats this result on the same device.")
