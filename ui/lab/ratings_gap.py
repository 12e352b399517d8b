"""Why Bradley–Terry differs from a rule on real ballots, as far as ballots can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures, scenarios
from scrl.studies import vanilla_gap
from scrl.voting import count_ratings
from ui.shared import data_tables, figure_cache, item_texts, page, result_tables
from ui.shared.controls import Choice, rule_title

if TYPE_CHECKING:
    from scrl.types import Ratings


@st.cache_data(max_entries=8, show_spinner="Counting the ballots")
def _orders(id: str, rule: str, _ratings: Ratings) -> dict[str, tuple[list, list]]:
    """Prompt -> the orders of Bradley–Terry and of the rule, both on the ballots as they are."""
    learnt = scenarios.ratings_preview(_ratings)
    counted = count_ratings(_ratings, [rule], _ratings.absent)
    return {
        p: (learnt[p]["vanilla"]["order"], outcomes[rule].order(learnt[p]["completions"]))
        for p, outcomes in counted.items()
    }


def rated_shares(ratings: Ratings, prompt: str) -> dict[str, float]:
    """The share of the prompt's ballots that rank each completion."""
    p = ratings.catalogue.prompts.index(prompt)
    start, stop = ratings.catalogue.offsets[p : p + 2]
    ranked = np.bincount(ratings.item, minlength=stop)[start:stop]
    ballots = max(int((ratings.ballot_prompt == p).sum()), 1)
    return dict(zip(ratings.catalogue.names(p), (ranked / ballots).tolist(), strict=True))


def show(choice: Choice) -> None:
    """Draw what the ballots tell: Bradley–Terry's order, the rule's, and who is rated how often.

    Raises:
        InputError: the rule cannot count these ballots.
    """
    ratings = choice.source
    page.say(
        "Nobody knows what these raters would say about answers that they did not rate. So this "
        "page cannot say how much missing ratings change. It shows what the ballots do tell."
    )
    with st.container(horizontal=True):
        rule = st.selectbox(
            "Rule", choice.rules, format_func=rule_title, key="rule", bind="query-params"
        )
        orders = _orders(st.session_state["scenario"], rule, ratings)
        prompt = st.selectbox("Question (prompt)", list(orders), key="prompt", bind="query-params")
    item_texts.show_texts(ratings, prompt, expanded=True)
    learnt, counted = orders[prompt]
    names = ratings.catalogue.names(ratings.catalogue.prompts.index(prompt))
    wrong = vanilla_gap.count_reversed(learnt, counted, names)
    titles = [("Bradley–Terry", learnt), (f"{rule_title(rule)}, ballots as they are", counted)]
    shares = rated_shares(ratings, prompt)
    page.say(_summary(wrong, len(names), shares, rule_title(rule)))
    page.chart(
        figure_cache.figure(figures.bump_chart, titles, names, row_height=44), "chart-ratings",
        alt="; ".join(f"{title}: {result_tables.order_text(order)}" for title, order in titles),
        caption="Both orders read the same ballots, with the same ratings missing.",
    )  # fmt: skip
    rows = [{"answer": n, "rated on": f"{share:.0%} of ballots"} for n, share in shares.items()]
    data_tables.numbers_expander(rows, "rated", "How often each answer was rated.")
    page.go_button(
        "Train a model that fills in what is missing", "pages/lab.py",
        {"scenario": st.session_state["scenario"]},
    )  # fmt: skip


def _summary(wrong: float, size: int, shares: dict[str, float], rule: str) -> str:
    """How far the two orders differ, and which answer is rated least."""
    total = size * (size - 1) // 2
    text = (
        f"Bradley–Terry and {rule} agree on every pair of answers."
        if not wrong
        else f"Bradley–Terry and {rule} disagree on {wrong:g} of {total} pairs of answers. They "
        "read the same ballots, so the way of counting causes this."
    )
    least = min(shares, key=lambda name: shares[name])
    if shares[least] > 0.999:
        return f"{text} Every ballot rates every answer, so nothing is missing."
    return (
        f"{text} Ratings are missing: only {shares[least]:.0%} of ballots rate "
        f"**{page.escaped(least)}**. If its fans rate it more often than others do, Bradley–Terry "
        "puts it too high."
    )
