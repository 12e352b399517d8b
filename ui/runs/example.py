"""What the page of runs shows a visitor who has none: the stored run of the story."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.types import InputError
from ui.shared import figure_cache, page, result_tables
from ui.shared.controls import rule_title
from ui.start import story


def show() -> None:
    """Draw one sentence, ways on, and the orders of the stored run."""
    page.say(
        "You have no run yet. Train one in the lab, and it is listed here, also after you close "
        "the browser. Below is an example: the run of the first screen’s story."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train in the lab", type="primary", icon=":material/science:", key="to_lab"):
            page.switch_to("pages/lab.py")
        if st.button("See its latent space", icon=":material/scatter_plot:", key="to_latent"):
            page.switch_to("pages/latent.py")
    try:
        entry, name = story.entry(), story.scenario().name
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    rule = story.STORY.rule
    columns = result_tables.compared_orders(entry, rule)
    st.subheader(f"Example: {page.escaped(name)}", anchor=False)
    page.chart(
        figure_cache.figure(figures.bump_chart, columns, entry["completions"]), "example",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns),
        caption=f"Each column is an order, best first. Left: everyone’s complete ballots, counted "
        f"by {rule_title(rule)}. Middle: Bradley–Terry, the usual reward model, trained on the "
        "ballots that were cast. Right: the social model.",
    )  # fmt: skip
