"""The part on the Pareto frontier of the rewards of two types."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import pareto_frontier
from scrl.policies import (
    frontier_shortfall,
    mixture_frontier,
)
from ui.policies import prompt_choice
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL


def show() -> None:
    """Draw the frontier at one KL, and where each policy lies."""
    left, right = st.columns([1, 2.2], gap="large")
    chosen = prompt_choice.choose(left, right)
    if chosen is None:
        return
    problem, reference, families, _ = chosen
    if len(problem.types) < 2:
        st.info("Two objectives need two types of rater; choose another scenario.")
        return
    with right:
        with st.container(horizontal=True):
            first = st.selectbox("To the right", problem.types, 0, key="x", **IN_URL)
            others = [t for t in problem.types if t != first]
            second = st.selectbox("Upward", others, 0, key="y", **IN_URL)
        pair = [problem.types.index(first), problem.types.index(second)]
        utility = problem.utility[pair]
        max_kl = float(-np.log(reference.min()))
        budget = page.slider("KL from the reference, nats", "kl", 0, round(max_kl, 2),
                        round(max_kl / 2, 2), 0.01, "%.2f")  # fmt: skip
        guess, shown = predict_first.guess(
            "Does the vanilla optimum lie on the frontier?", ["yes", "no"], "guess_front"
        )
        if not shown:
            return
        line = mixture_frontier(reference, utility, budget)
        points = [(f.name, utility @ f.at_kl(budget)) for f in families if f.share is None]
        personalised = families[-1].at_kl(budget)[pair]
        points.append(("Personalised", np.sum(personalised * utility, axis=1)))
        shortfall = frontier_shortfall(line, points[0][1])
        right_answer = "no" if shortfall > 0.01 * float(np.ptp(utility, axis=1).min()) else "yes"
        st.markdown(predict_first.verdict(guess, right_answer) + (
            f"**{right_answer.capitalize()}.** Some mixture of the two rewards gives each of them "
            f"{shortfall:.2f} more at the same KL." if right_answer == "no"
            else "**Yes**: no mixture of the two rewards gives both more at this KL."
        ))  # fmt: skip
        page.chart(
            pareto_frontier(line, points, (f"utility to {first}", f"utility to {second}"),
                      **page.style()),
            "chart-frontier",
            alt="; ".join(f"{name}: {x:.2f}, {y:.2f}" for name, (x, y) in points),
            caption="The line is the optimum of every weighted mean of the two rewards at this KL: "
            "no one policy gives both more. The personalised policy gives each user its own, which "
            "no policy for both can.",
        )  # fmt: skip
        data_tables.numbers_expander(
            [{"policy": n, f"utility to {first}": float(x), f"utility to {second}": float(y)}
             for n, (x, y) in points], "frontier",
        )  # fmt: skip
