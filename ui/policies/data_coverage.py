"""The part on DPO from fixed pairs, and from pairs that it proposes itself."""

from __future__ import annotations

import streamlit as st

from scrl.figures import labelled_curves
from scrl.policies import (
    kl_divergence,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL


@st.cache_data(max_entries=60, show_spinner="Training two learners")
def _train(covered: bool, beta: float, seed: int) -> list[tuple]:
    """For each learner its number of comparisons and its policies."""
    from scrl.policies import coverage_experiment

    return [tuple(trail) for trail in coverage_experiment(covered, beta, seed)]


def show() -> None:
    """Draw the utility of both learners by the number of comparisons."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    with left:
        page.say(
            "There are four answers. Before training, the assistant seldom gives the best, **D**. "
            "DPO learns from pairs of answers that people have compared."
        )
        covered = st.toggle("The pairs contain D", key="covered", **IN_URL)
        beta = page.slider(
            "Price of moving away from the start (β)", "beta", 0.2, 2.0, 0.5, 0.1, "%.1f"
        )
        seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
    from scrl.policies import COVERAGE_NAMES, COVERAGE_REFERENCE, COVERAGE_UTILITY

    with right:
        guess, shown = predict_first.guess(
            f"DPO learns from a fixed set of pairs {'with' if covered else 'without'} D. How often "
            "will it give D after training?",
            ["more often", "about as often", "never"], "guess_tried",
        )  # fmt: skip
        if not shown:
            return
        trails = _train(covered, beta, round(seed))
        ends = [policy[-1, 3] for _, policy in trails]
        right_answer = (
            "more often" if ends[0] > 0.15 else "never" if ends[0] < 0.01 else "about as often"
        )
        page.say(
            predict_first.verdict(guess, right_answer)
            + f"Trained on fixed pairs, DPO gives D **{ends[0]:.0%}** of the time (10 % before). "
            f"Trained on pairs of its own answers, it gives D **{ends[1]:.0%}** of the time."
        )
        labels = trails[0][0]
        series = [
            (name, policy @ COVERAGE_UTILITY, i)
            for i, (name, (_, policy)) in enumerate(
                zip(("fixed pairs", "its own pairs"), trails, strict=True)
            )
        ]
        page.chart(
            labelled_curves(
                labels,
                series,
                x_title="comparisons",
                y_title="mean worth",
                value_format=".2f",
                height=320,
                **page.style(),
            ),
            "chart-tried",
            alt="; ".join(f"{name}: {y[-1]:.2f}" for name, y, _ in series),
            caption="What the answers are worth: A 0, B 1, C 1.5, D 4. Raters prefer the better "
            f"answer most of the time. Both learners train by DPO, with {labels[1]:,} comparisons "
            "between two points of a curve.",
        )
        rows = [
            {"trained on": name, **dict(zip(COVERAGE_NAMES, map(float, policy[-1]), strict=True)),
             "KL": float(kl_divergence(policy[-1], COVERAGE_REFERENCE))}
            for name, (_, policy) in zip(("fixed pairs", "its own pairs"), trails, strict=True)
        ]  # fmt: skip
        data_tables.numbers_expander(rows, "tried")
