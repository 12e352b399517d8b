"""The part on the Pareto frontier of the rewards of two types."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import pareto_frontier
from scrl.policies import (
    frontier_shortfall,
    mixture_frontier,
)
from ui.policies import one_prompt, prompt_choice
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL


def show() -> None:
    """Draw the frontier at one KL, and where each policy lies."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    chosen = prompt_choice.choose(left, right)
    if chosen is None:
        return
    problem, reference, families, _ = chosen
    if len(problem.types) < 2:
        st.info(
            "This part compares two groups of raters, and here there is one. Choose other data, or "
            "the part ‘Who is served?’."
        )
        return
    with right:
        with st.container(horizontal=True):
            first = st.selectbox("One group", problem.types, 0, key="x", **IN_URL)
            others = [t for t in problem.types if t != first]
            second = st.selectbox("The other group", others, 0, key="y", **IN_URL)
        pair = [problem.types.index(first), problem.types.index(second)]
        utility = problem.utility[pair]
        max_kl = float(-np.log(reference.min()))
        budget = page.slider(
            one_prompt.KL_LABEL, "kl", 0, round(max_kl, 2), round(max_kl / 2, 2), 0.01, "%.2f",
            help=one_prompt.KL_HELP,
        )  # fmt: skip
        guess, shown = predict_first.guess(
            "Can another assistant give both groups more than Bradley–Terry’s does?",
            ["no", "yes"],
            "guess_front",
        )
        if not shown:
            return
        line = mixture_frontier(reference, utility, budget)
        points = [(f.name, utility @ f.at_kl(budget)) for f in families if f.share is None]
        personalised = families[-1].at_kl(budget)[pair]
        points.append(("One for each group", np.sum(personalised * utility, axis=1)))
        shortfall = frontier_shortfall(line, points[0][1])
        right_answer = "yes" if shortfall > 0.01 * float(np.ptp(utility, axis=1).min()) else "no"
        page.say(predict_first.verdict(guess, right_answer) + (
            f"**Yes.** Another assistant gives each of the two groups {shortfall:.2f} more than "
            "Bradley–Terry’s, and moves equally far from the start." if right_answer == "yes"
            else "**No.** No single assistant that moves equally far gives both groups more."
        ))  # fmt: skip
        page.chart(
            pareto_frontier(line, points, (f"worth to {first}", f"worth to {second}"),
                      **page.style()),
            "chart-frontier",
            alt="; ".join(f"{name}: {x:.2f}, {y:.2f}" for name, (x, y) in points),
            caption="The line is the best that one assistant can do for both groups: along it, one "
            "group gains only what the other loses. One assistant for each group can do better "
            "than the line.",
        )  # fmt: skip
        data_tables.numbers_expander(
            [{"trained by": n, f"worth to {first}": float(x), f"worth to {second}": float(y)}
             for n, (x, y) in points], "frontier",
        )  # fmt: skip
