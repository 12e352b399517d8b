"""The parts of the page on the latent space on prompts, partial ballots and left-out answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.diagnostics import maps
from ui.latent.widgets import answer_or_reason, metrics, ratio_text, types_to_compare
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun


def contexts(id: str, fitted: FittedRun) -> None:
    """Draw raters read from one prompt at a time."""
    answer = types_to_compare(fitted) and answer_or_reason(
        id, "contexts", fitted, "Reading each rater prompt by prompt"
    )
    if not answer:
        return
    comparison, drawing = answer
    left, right = st.columns([3, 1], gap="large")
    with left:
        guess, shown = predict_first.guess(
            "The model reads each rater from the ballot on one prompt only. Does it find the same "
            "person from every prompt?", ("Yes", "No"), "guess_contexts",
        )  # fmt: skip
        if not shown:
            return
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-contexts",
            alt="Raters read from one prompt at a time, by group and prompt.",
            caption="The same raters, each read from one prompt alone. The colour is the group, "
            "the symbol is the prompt. The model is refuted if marks of one group lie as far apart "
            "as the groups do.",
        )
    prompts = fitted.catalogue.prompts
    same = comparison.ratio > 3
    with right:
        page.say(
            predict_first.verdict(guess, "Yes" if same else "No")
            + ("**It finds the same person from every prompt.**" if same
               else "**The prompt changes where the model puts a person.**")
        )  # fmt: skip
        metrics({
            "Groups ÷ prompts, distance": ratio_text(comparison.ratio),
            **{f"Group known from {page.escaped(prompts[p])}": f"{share:.1%}"
               for p, share in comparison.accuracy.items()},
        })  # fmt: skip
        page.note("The answer is ‘same person’ where the first number is above 3.")
    data_tables.numbers_expander(
        [{"prompt": prompt, "nearest to the own group": value} for prompt, value in (
            *((prompts[p], share) for p, share in comparison.accuracy.items()),
            ("distance of a rater’s readings", comparison.within),
            ("distance between groups", comparison.between),
        )],
        "contexts", "The last two rows are mean distances on the map.",
    )  # fmt: skip


def partial_ballots(id: str, fitted: FittedRun) -> None:
    """Draw where partial ballots of a type lie, and how often the type is recognised."""
    types = types_to_compare(fitted)
    partial = types and answer_or_reason(id, "partial", fitted, "Reading every part of every order")
    if not partial:
        return
    guess, shown = predict_first.guess(
        "The model hears one comparison that only one group would make. Does it know the group?",
        ("Yes", "No"), "guess_partial",
    )  # fmt: skip
    if not shown:
        return
    sentence, share = maps.unique_pair_sentence(fitted, partial), partial.unique_pair_accuracy()
    line = predict_first.verdict(guess, "Yes" if share > 0.5 else "No")
    if not math.isnan(share):
        line += "After one comparison that only one group would make, the model names the right "
        line += f"group in **{share:.0%}** of cases."
    if sentence:
        line += f" {page.escaped(sentence)}"
    page.say(line)
    type = st.selectbox("Ballots of which group", types, key="type", **IN_URL)
    drawing = maps.partial_ballot_map(fitted, partial, types.index(type))
    rows = partial.by_length()
    names = [_length_label(row["length"]) for row in rows]
    left, right = st.columns(2, gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-partial",
            alt=f"Where parts of the ballots of {type} lie, and the full ballots of all groups.",
            caption="Each full mark is a part of this group’s order; a larger mark ranks more "
            "answers. Open marks are the full orders of all groups. Point at a mark to read it. "
            "The model is refuted if long ballots stay far from their own open mark.",
        )  # fmt: skip
    with right:
        series = [("the model", [r["right"] for r in rows]),
                  ("best possible", [r["best"] for r in rows])]  # fmt: skip
        page.chart(
            figures.grouped_bars(names, series, "answers on the ballot", "", height=430,
                              **page.style()),
            "latent-lengths", alt="How often the group is known, by the length of the ballot.",
            caption="How often the model finds the right group. The outline is the best possible: "
            "a reader who knows every group’s order, and bets on the largest group that fits. The "
            "model is refuted if bars stay below outlines.",
        )  # fmt: skip
    data_tables.numbers_expander(
        [{"ballot": name, **row} for name, row in zip(names, rows, strict=True)],
        "partial",
        "‘away’ is the distance to the group’s full order, over the distance between groups.",
    )


def _length_label(n: int) -> str:
    return "all prompts" if n == 0 else f"{n}"


def left_out(id: str, fitted: FittedRun) -> None:
    """Draw raters with and without the completion that is left out most."""
    types = types_to_compare(fitted)
    answer = types and answer_or_reason(id, "left out", fitted, "Comparing raters with and without")
    if not answer:
        return
    comparison, drawing = answer
    catalogue = fitted.catalogue
    name = catalogue.completions[catalogue.members[comparison.item]]
    guess, shown = predict_first.guess(
        f"Some raters left {page.escaped(name)} off the ballot. Does that move them as far on the "
        "map as belonging to another group?", ("Yes", "No"), "guess_left_out",
    )  # fmt: skip
    if not shown:
        return
    typed_rows = [
        row for row in comparison.by_type if row["share"] is not None and row["type"] >= 0
    ]
    if typed_rows:
        worst = max(row["share"] for row in typed_rows)
        page.say(
            predict_first.verdict(guess, "Yes" if worst > 0.5 else "No")
            + f"Leaving {page.escaped(name)} out moves a group by at most **{worst:.0%}** of the "
            "distance between groups."
        )
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-left-out", alt=f"Raters with and without {name}, by group.",
            caption=f"Full marks ranked {page.escaped(name)}, open marks left it out. The model is "
            "refuted if the open marks of all groups lie together, away from the full ones.",
        )  # fmt: skip
    with right:
        if typed_rows:
            page.chart(
                figures.grouped_bars(
                    [types[row["type"]] for row in typed_rows],
                    [("distance", [row["share"] for row in typed_rows])], "", "", height=430,
                    **page.style(),
                ),
                "latent-left-out-shares", alt="Distance between the two halves of each group.",
                caption="How far those with and without it lie apart, as a share of the distance "
                "between groups. The model is refuted if a bar comes near 100 %.",
            )  # fmt: skip
    rows = [{**row, "type": types[row["type"]] if row["type"] >= 0 else "unknown"}
            for row in comparison.by_type]  # fmt: skip
    data_tables.numbers_expander(
        rows, "left-out", "‘right’: share of raters who lie nearest to their own group."
    )
