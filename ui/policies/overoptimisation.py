"""The part on over-optimised rewards."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import labelled_curves
from scrl.policies import (
    PROXIES,
    Overoptimisation,
    ToyProblem,
    simulate_overoptimisation,
)
from ui.policies.one_prompt import POINTS
from ui.shared import data_tables, page, predict_first

#: Simulated problems of the part on over-optimisation.
TOYS = 20


@st.cache_data(max_entries=200, show_spinner=False)
def _simulate(toy: ToyProblem, seed: int) -> Overoptimisation:
    """Rewards and welfare by √KL, over simulated problems."""
    return simulate_overoptimisation(toy, TOYS, np.linspace(0, 2.3, POINTS), seed)


def show() -> None:
    """Draw a reward by itself and in truth as its policy is optimised harder."""
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        comparisons = page.slider("Comparisons", "comparisons", 50, 2000, 100, 50, "%.0f")
        minority = page.slider("Share of the minority", "minority", 0, 50, 30, 5, "%.0f%%") / 100
        eager = page.slider("It answers how many times as often", "eager", 1, 20, 1, 1, "%.0f")
        alike = page.slider(
            "Correlation of the two groups' utilities", "alike", 0, 1, 0.3, 0.1, "%.1f"
        )
        seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
    with right:
        guess, shown = predict_first.guess(
            "The harder a policy is optimised, the better it is by its reward. And in truth?",
            ["better too", "better, then worse"], "guess_hack", always=False,
        )  # fmt: skip
        if not shown:
            return
        toy = ToyProblem(
            comparisons=round(comparisons),
            minority_share=minority,
            response_ratio=eager,
            utility_correlation=alike,
        )
        simulation = _simulate(toy, round(seed))
        st.markdown(_summary(simulation, guess))
        _chart(simulation)


def _summary(simulation: Overoptimisation, guess: str | None) -> str:
    """Where the welfare of each reward's policy peaks, and how far it falls."""
    mean, peak, loss = simulation.mean_welfare, simulation.peak, simulation.welfare_loss
    parts = [
        f"{name} reward’s true welfare " + (
            f"is greatest at √KL {simulation.root_kl[peak[j]]:.2f} ({mean[j, peak[j]]:.2f}) and "
            f"falls to {mean[j, -1]:.2f}" if loss[j] > 0.01 else f"rises to {mean[j, -1]:.2f}"
        ) for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    right = "better, then worse" if loss[0] > 0.01 else "better too"
    return (
        predict_first.verdict(guess, right)
        + f"The {parts[0]}; the {parts[1]}"
        + ". A KL penalty that stops at the turning point is the partial fix."
    )


def _chart(simulation: Overoptimisation) -> None:
    """Rewards and welfare by √KL, and a table of turning points."""
    series = [
        (f"{name} {label}", values[j].mean(axis=0), i)
        for i, (name, j, label, values) in enumerate((
            ("Vanilla", 0, "by itself", simulation.proxy),
            ("Vanilla", 0, "in truth", simulation.welfare),
            ("Social", 1, "by itself", simulation.proxy),
            ("Social", 1, "in truth", simulation.welfare),
        ))
    ]  # fmt: skip
    low = min(0.0, float(min(y.min() for _, y, _ in series)))
    page.chart(
        labelled_curves(
            simulation.root_kl,
            series,
            x_title="√KL from the reference",
            y_title="0 reference, 1 best",
            value_format=".2f",
            y_range=(low - 0.02, 1.05),
            height=340,
            **page.style(),
        ),
        "chart-hacking",
        alt="; ".join(f"{name}: {y[-1]:.2f} at the end" for name, y, _ in series),
        caption=f"Means of {TOYS} toys of 60 completions, most of them rare. 1 is what the best "
        "completion gives, by the reward itself and in truth. Social is Bradley–Terry within each "
        "group, and then a vote.",
    )
    mean, peak = simulation.mean_welfare, simulation.peak
    rows = [
        {"reward": name, "√KL at the turning point, mean": float(simulation.peak_root_kl[j].mean()),
         "its least": float(simulation.peak_root_kl[j].min()),
         "its greatest": float(simulation.peak_root_kl[j].max()),
         "welfare there": float(mean[j, peak[j]]), "welfare at the end": float(mean[j, -1]),
         "its standard deviation": float(simulation.welfare[j, :, -1].std()),
         "worst-off group at the end": float(simulation.worst[j, :, -1].mean())}
        for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "hacking", f"Over {TOYS} toys.")
