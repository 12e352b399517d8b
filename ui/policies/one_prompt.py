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
from ui.shared import data_tables, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

#: Points of a curve against KL or √KL.
POINTS = 45


def show() -> None:
    """Draw policies at one KL, and satisfaction by KL."""
    left, right = st.columns([1, 2.2], gap="large")
    chosen = prompt_choice.choose(left, right)
    if chosen is None:
        return
    problem, reference, families, rule = chosen
    with right:
        max_kl = max(family.max_kl for family in families)
        budget = page.slider("KL from the reference, nats", "kl", 0, round(max(max_kl, 0.1), 2),
                        round(min(0.5, max(max_kl, 0.1) / 2), 2), 0.01, "%.2f")  # fmt: skip
        policies = {family.name: family.at_kl(budget) for family in families}
        values = {name: problem.value(policy) for name, policy in policies.items()}
        shared = [family.name for family in families if family.share is None]
        best = max(shared, key=lambda name: values[name].worst)
        guess, shown = predict_first.guess(
            "Which policy for everybody serves the worst-off type best?", shared, "guess_policy"
        )
        if not shown:
            return
        st.markdown(predict_first.verdict(guess, best) + _summary(problem, values, best))
        _proposal_chart(problem, reference, policies, budget, _price_text(families, budget))
        _satisfaction_chart(problem, families, budget)
        _table(problem, families, values, rule)


def _summary(problem: PromptProblem, values: dict, best: str) -> str:
    """Which policy serves the worst-off type best."""
    personalised, vanilla = values["Personalised"], values["Vanilla optimum"]
    worst = problem.types[int(np.argmin(vanilla.satisfaction))]
    return (
        f"At this KL the worst-off type is served best by **{best}**: {values[best].worst:.0%} of "
        "the way from its worst completion to its best. The vanilla optimum leaves "
        f"{page.escaped(worst)} at {vanilla.worst:.0%}; given to each user by type, the same KL "
        f"brings everybody to {personalised.worst:.0%} or more."
    )


def _price_text(families: list[PolicyFamily], budget: float) -> str:
    """The β and n of the budget."""
    beta, n = (family.strength_at_kl(min(budget, family.max_kl))[0] for family in families[:2])
    if not beta or not n:
        return ""
    return (
        f" For the vanilla optimum that is β = {1 / beta:.2f}, for the best of n, n = {1 + n:.3g}."
    )


def _proposal_chart(
    problem: PromptProblem, reference: np.ndarray, policies: dict, budget: float, prices: str
) -> None:
    """How often each policy proposes each completion."""
    rows = [("Reference", reference)]
    for name, policy in policies.items():
        if policy.ndim == 1:
            rows.append((name, policy))
        else:
            rows += [(f"To {t}", p) for t, p in zip(problem.types, policy, strict=True)]
    page.chart(
        completion_probabilities(rows, problem.names, **page.style()),
        "chart-proposals",
        alt="; ".join(f"{name}: {', '.join(f'{p:.0%}' for p in policy)}" for name, policy in rows),
        caption=f"How often each policy proposes each completion at a KL of {budget:.2f} nats, or "
        f"at its end where it goes less far.{prices} The last rows are the personalised policy.",
    )


def _satisfaction_chart(
    problem: PromptProblem, families: list[PolicyFamily], budget: float
) -> None:
    """Satisfaction of the worst-off type or of all, by KL."""
    served = st.segmented_control(
        "Served", ["The worst-off type", "All on average"], default="The worst-off type",
        required=True, key="served", **IN_URL,
    )  # fmt: skip
    x = np.linspace(0, max(family.max_kl for family in families), POINTS)
    worst = served == "The worst-off type"
    series = [
        (family.name, problem.satisfaction_at(family, x)[0 if worst else 1], i)
        for i, family in enumerate(families)
    ]
    page.chart(
        labelled_curves(
            x, series, slider=budget, x_title="KL from the reference, nats", y_title="satisfaction",
            value_format=".0%", y_range=(0, 1.02), height=300, **page.style(),
        ),
        "chart-along",
        alt="; ".join(f"{name}: {np.nanmax(y):.0%} at most" for name, y, _ in series),
        caption="How far a type's mean utility lies between its worst and its best completion. A "
        "curve ends where the policy has nowhere further to go.",
    )  # fmt: skip


def _table(problem: PromptProblem, families: list[PolicyFamily], values: dict, rule: str) -> None:
    """Utility, distortion and satisfaction of each policy."""
    rows = []
    for family in families:
        value_of = values[family.name]
        row = {"policy": family.name, "mean utility": value_of.mean,
               "distortion": value_of.distortion, "worst-off "
               "satisfied": value_of.worst}  # fmt: skip
        for i, name in enumerate(problem.types):
            row[f"{name}: utility"] = float(value_of.by_group[i])
            row[f"{name}: favourite"] = float(value_of.favourite_chance[i])
        rows.append(row)
    data_tables.numbers_expander(
        rows, "policies",
        "Vanilla’s reward is what Bradley–Terry makes of the comparisons that these raters give; "
        f"the social reward is that of the true order by {rule_title(rule)}; Nash is the policy "
        "that no other beats in the complete ballots; MaxMin and the personalised policy know "
        "what each type likes, as a perfect model of raters would.",
    )  # fmt: skip
