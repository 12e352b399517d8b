"""The parts of the page on the latent space on contexts, partial ballots and left-out items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.diagnostics import maps
from ui.latent.widgets import answer_or_reason, known_types, metrics, ratio_text
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun


def contexts(id: str, fitted: FittedRun) -> None:
    """Draw raters read from one prompt at a time."""
    types = known_types(fitted)
    answer = types and answer_or_reason(
        id, "contexts", fitted, "Reading each rater prompt by prompt"
    )
    if not answer:
        return
    comparison, drawing = answer
    left, right = st.columns([3, 1], gap="large")
    with left:
        guess, shown = predict_first.guess(
            "Each rater is read from one prompt’s ballot only. Does the model find the same "
            "person behind each?", ("Yes", "No"), "guess_contexts",
        )  # fmt: skip
        if not shown:
            return
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-contexts",
            alt="Raters read from one prompt at a time, by type and prompt.",
            caption="The same raters, read from one prompt alone: colour is the type, the symbol "
            "the prompt. Refuted if a type’s symbols lie apart as far as types do (a ratio near "
            "1), or if symbols group by prompt.",
        )
    prompts = fitted.catalogue.prompts
    same = comparison.ratio > 3
    with right:
        metrics({
            "Types ÷ prompts, distance": ratio_text(comparison.ratio),
            **{f"Type known from {page.escaped(prompts[p])}": f"{share:.1%}"
               for p, share in comparison.accuracy.items()},
        })  # fmt: skip
        st.markdown(
            predict_first.verdict(guess, "Yes" if same else "No")
            + ("One person, whichever prompt." if same else "The prompt moves people.")
        )
    data_tables.numbers_expander(
        [{"prompt": prompt, "nearest profile is own": value} for prompt, value in (
            *((prompts[p], share) for p, share in comparison.accuracy.items()),
            ("distance of a rater’s readings", comparison.within),
            ("distance between types", comparison.between),
        )],
        "contexts", "The last two rows are mean distances in the latent space.",
    )  # fmt: skip


def partial_ballots(id: str, fitted: FittedRun) -> None:
    """Draw where partial ballots of a type lie, and how often the type is recognised."""
    types = known_types(fitted)
    partial = types and answer_or_reason(id, "partial", fitted, "Reading every part of every order")
    if not partial:
        return
    guess, shown = predict_first.guess(
        "Told one pair that only one type would say, does the model know the type?",
        ("Yes", "No"), "guess_partial",
    )  # fmt: skip
    if not shown:
        return
    type = st.selectbox("Whose ballots", types, key="type", **IN_URL)
    drawing = maps.partial_ballot_map(fitted, partial, types.index(type))
    rows = partial.by_length()
    names = [_length_label(row["length"]) for row in rows]
    left, right = st.columns(2, gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-partial", alt=f"Parts of the ballots of {type}, and the profiles of all types.",
            caption="Every part of this type’s orders, larger marks for longer ballots, and every "
            "type’s full profile. Point at a mark to read the ballot. Refuted if long ballots "
            "stay far from the profile.",
        )  # fmt: skip
    with right:
        series = [("the model", [r["right"] for r in rows]),
                  ("best possible", [r["best"] for r in rows])]  # fmt: skip
        page.chart(
            figures.grouped_bars(names, series, "completions on the ballot", "", height=430,
                              **page.style()),
            "latent-lengths", alt="Share of parts from which the type is known, by length.",
            caption="How often the nearest profile is the right one, over all types by their "
            "shares. The outline is a reader who knows every type’s order and bets on the "
            "largest that fits. Refuted if bars stay below outlines.",
        )  # fmt: skip
    sentence, share = maps.unique_pair_sentence(fitted, partial), partial.unique_pair_accuracy()
    line = predict_first.verdict(guess, "Yes" if share > 0.5 else "No")
    if not math.isnan(share):
        line += "After a pair that one type alone holds, the model names it in "
        line += f"**{share:.0%}** of cases."
    if sentence:
        line += f" {page.escaped(sentence)}"
    st.markdown(line)
    data_tables.numbers_expander(
        [{"ballot": name, **row} for name, row in zip(names, rows, strict=True)],
        "partial",
        "‘away’ is the distance to the type’s own profile over that between types.",
    )


def _length_label(n: int) -> str:
    return "all prompts" if n == 0 else f"{n}"


def left_out(id: str, fitted: FittedRun) -> None:
    """Draw raters with and without the completion that is left out most."""
    types = known_types(fitted)
    answer = types and answer_or_reason(id, "left out", fitted, "Comparing raters with and without")
    if not answer:
        return
    comparison, drawing = answer
    catalogue = fitted.catalogue
    name = catalogue.completions[catalogue.members[comparison.item]]
    guess, shown = predict_first.guess(
        f"Does leaving {page.escaped(name)} off a ballot move a rater as far as being of another "
        "type?", ("Yes", "No"), "guess_left_out",
    )  # fmt: skip
    if not shown:
        return
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-left-out", alt=f"Raters with and without {name}, by type.",
            caption=f"Full marks ranked {page.escaped(name)}, open marks left it out. Refuted if "
            "the open marks of all types draw together, away from the full ones.",
        )  # fmt: skip
    typed_rows = [
        row for row in comparison.by_type if row["share"] is not None and row["type"] >= 0
    ]
    with right:
        if typed_rows:
            page.chart(
                figures.grouped_bars(
                    [types[row["type"]] for row in typed_rows],
                    [("distance", [row["share"] for row in typed_rows])], "", "", height=430,
                    **page.style(),
                ),
                "latent-left-out-shares", alt="Distance between the two groups of each type.",
                caption="How far those with and without lie apart (their middles), as a share of "
                "the distance between types. Refuted if a bar comes near 100 %.",
            )  # fmt: skip
    if typed_rows:
        worst = max(row["share"] for row in typed_rows)
        st.markdown(
            predict_first.verdict(guess, "Yes" if worst > 0.5 else "No")
            + f"Leaving {page.escaped(name)} out moves a type’s middle by at most **{worst:.0%}** "
            "of the distance between types."
        )
    rows = [{**row, "type": types[row["type"]] if row["type"] >= 0 else "unknown"}
            for row in comparison.by_type]  # fmt: skip
    data_tables.numbers_expander(
        rows, "left-out", "‘right’: share whose nearest profile is their own type’s."
    )
