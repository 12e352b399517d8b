"""The part in which policies for one prompt are compared at equal KL."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import completion_probabilities, labelled_curves
from scrl.policies import (
    PolicyFamily,
    PromptProblem,
)
from ui.policies import prompt_choice
from ui.shared import data_tables, glossary, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

#: Label of the slider of KL.
KL_LABEL = "How far training moves the assistant"
KL_HELP = "The distance from the start, as KL in nats.\n\n" + glossary.entries("KL")
_WORST = "The least satisfied group"
#: Points of a curve against KL or √KL.
POINTS = 45


def show() -> None:
    """Draw what policies answer at one KL, and whom they satisfy by KL."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    chosen = prompt_choice.choose(left, right)
    if chosen is None:
        return
    problem, reference, families, rule = chosen
    with right:
        max_kl = max(family.max_kl for family in families)
        budget = page.slider(
            KL_LABEL, "kl", 0, round(max(max_kl, 0.1), 2),
            round(min(0.5, max(max_kl, 0.1) / 2), 2), 0.01, "%.2f", help=KL_HELP,
        )  # fmt: skip
        policies = {family.name: family.at_kl(budget) for family in families}
        values = {name: problem.value(policy) for name, policy in policies.items()}
        shared = [family.name for family in families if family.share is None]
        best = max(shared, key=lambda name: values[name].worst)
        guess, shown = predict_first.guess(
            "Which way of training serves the least satisfied group best?", shared, "guess_policy"
        )
        if not shown:
            return
        page.say(predict_first.verdict(guess, best) + _summary(problem, values, best))
        _proposal_chart(problem, reference, policies)
        _satisfaction_chart(problem, families, budget)
        _table(problem, families, values, rule, _price_text(families, budget))


def _summary(problem: PromptProblem, values: dict, best: str) -> str:
    """Which policy serves the worst-off type best."""
    personalised, vanilla = values["One for each group"], values["Bradley–Terry"]
    worst = problem.types[int(np.argmin(vanilla.satisfaction))]
    return (
        f"**{best}** serves the least satisfied group best: the group gets {values[best].worst:.0%}"
        " of the way from its worst answer to its best. An assistant trained on Bradley–Terry "
        f"leaves ‘{page.escaped(worst)}’ at {vanilla.worst:.0%}. One assistant for each group "
        f"brings every group to {personalised.worst:.0%} or more."
    )


def _price_text(families: list[PolicyFamily], budget: float) -> str:
    """KL, β and n of the budget."""
    beta, n = (family.strength_at_kl(min(budget, family.max_kl))[0] for family in families[:2])
    if not beta or not n:
        return ""
    return (
        f" All have moved by KL {budget:.2f} nats. For Bradley–Terry that is β = {1 / beta:.2f}, "
        f"or the best of {1 + n:.3g} drafts."
    )


def _proposal_chart(problem: PromptProblem, reference: np.ndarray, policies: dict) -> None:
    """How often each policy proposes each completion."""
    rows = [("Before training", reference)]
    for name, policy in policies.items():
        if policy.ndim == 1:
            rows.append((name, policy))
        else:
            rows += [(f"To {t}", p) for t, p in zip(problem.types, policy, strict=True)]
    page.chart(
        completion_probabilities(rows, problem.names, **page.style()),
        "chart-proposals",
        alt="; ".join(f"{name}: {', '.join(f'{p:.0%}' for p in policy)}" for name, policy in rows),
        caption="How often the assistant gives each answer. Every row has moved equally far from "
        "the start, or as far as it goes. The last rows are one assistant for each group.",
    )


def _satisfaction_chart(
    problem: PromptProblem, families: list[PolicyFamily], budget: float
) -> None:
    """Satisfaction of the worst-off type or of all, by KL."""
    served = st.segmented_control(
        "Satisfied", [_WORST, "All on average"], default=_WORST,
        required=True, key="served", **IN_URL,
    )  # fmt: skip
    x = np.linspace(0, max(family.max_kl for family in families), POINTS)
    worst = served == _WORST
    series = [
        (family.name, problem.satisfaction_at(family, x)[0 if worst else 1], i)
        for i, family in enumerate(families)
    ]
    page.chart(
        labelled_curves(
            x, series, slider=budget, x_title="how far training moves the assistant",
            y_title="satisfaction",
            value_format=".0%", y_range=(0, 1.02), height=300, **page.style(),
        ),
        "chart-along",
        alt="; ".join(f"{name}: {np.nanmax(y):.0%} at most" for name, y, _ in series),
        caption="How satisfied people are, from 0 % (they always get their worst answer) to 100 % "
        "(always their best). A curve ends where training can change nothing more.",
    )  # fmt: skip


def _table(
    problem: PromptProblem, families: list[PolicyFamily], values: dict, rule: str, prices: str
) -> None:
    """Utility, distortion and satisfaction of each policy."""
    rows = []
    for family in families:
        value_of = values[family.name]
        row = {"trained by": family.name, "mean worth": value_of.mean,
               "distortion": value_of.distortion,
               "least satisfied group": value_of.worst}  # fmt: skip
        for i, name in enumerate(problem.types):
            row[f"{name}: worth"] = float(value_of.by_group[i])
            row[f"{name}: favourite"] = float(value_of.favourite_chance[i])
        rows.append(row)
    data_tables.numbers_expander(
        rows, "policies",
        "Bradley–Terry learns from the comparisons that these raters give. ‘Best of n drafts’ "
        "gives the best of n drafts by its rewards. The social model "
        f"learns the order by {rule_title(rule)}. Nash is the way of answering that no other one "
        "beats in a vote. MaxMin satisfies the least satisfied group as well as it can. "
        "Proportional gives each group its own best answers as often as its share of the people. "
        "MaxMin, Proportional and one assistant for each group need to know what each group likes."
        + prices,
    )  # fmt: skip
