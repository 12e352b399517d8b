"""The main figure of the lab: true, Bradley–Terry and social order, before and after training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures, scenarios
from ui.shared import figure_cache, page, precompute, result_tables
from ui.shared.controls import Choice, rule_title

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Ratings


@st.cache_data(max_entries=200, show_spinner=False)
def _scenario_preview(yaml: str, rules: tuple, _scenario: Scenario) -> dict:
    return scenarios.preview(_scenario, rules)


@st.cache_data(max_entries=8, show_spinner="Counting the ballots")
def _ratings_preview(id: str, _ratings: Ratings) -> dict:
    return scenarios.ratings_preview(_ratings)


def preview(choice: Choice) -> dict:
    """The orders known without training, as the ``"prompts"`` of a result file."""
    if not choice.yaml:
        return _ratings_preview(st.session_state["scenario"], choice.source)
    prompts = _scenario_preview(choice.yaml, choice.rules, choice.source)
    precompute.compile_preview(st.session_state["scenario"], choice.rules, choice.source)
    return prompts


def draw(entry: dict, rule: str, highlight: str, trained: bool, spread: dict) -> list:
    """Draw the orders; before training the social order is left open.

    Args:
        spread: of several seeds, as ``scrl.runs.seed_spreads`` gives it.

    Returns:
        The titled orders that were drawn.
    """
    columns = result_tables.compared_orders(entry, rule)
    key_of = {"Bradley–Terry": "vanilla", result_tables.SOCIAL: "social"}
    seeds = {
        x: spread[key_of[title]].orders
        for x, (title, _) in enumerate(columns)
        if key_of.get(title) in spread
    }
    if not trained:
        columns.append((result_tables.SOCIAL, None))
    figure = figure_cache.figure(
        figures.bump_chart, columns, entry["completions"], highlight, row_height=48, seeds=seeds
    )
    if trained:
        caption = (
            f"The rule is {rule_title(rule)}. The social model learnt its order from simulated "
            "voters; Bradley–Terry learnt from the ballots as they are."
        )
        if seeds:
            caption += " A disc marks another place in other runs; a larger disc, more runs."
    elif "truth" in entry:
        caption = (
            "Before training, both known orders are exact. Bradley–Terry learns from the ballots "
            "that such raters give."
        )
    else:
        caption = ""
    count = len(entry["completions"])
    if count > figures.MAX_LINES:
        caption += f" The best {figures.MAX_LINES} of {count} in the first order are drawn."
    page.chart(
        figure,
        "orders",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        caption=caption,
    )
    return columns
