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

_TITLES = {"Bradley–Terry": "Bradley–Terry", "social": "the social model"}
#: Simulated problems of the part on over-optimisation.
TOYS = 20


@st.cache_data(max_entries=200, show_spinner=False)
def _simulate(toy: ToyProblem, seed: int) -> Overoptimisation:
    """Rewards and welfare by √KL, over simulated problems."""
    return simulate_overoptimisation(toy, TOYS, np.linspace(0, 2.3, POINTS), seed)


def show() -> None:
    """Draw a reward by itself and in truth as its policy is optimised harder."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    with left:
        comparisons = page.slider(
            "Comparisons that train the rewards", "comparisons", 50, 2000, 100, 50, "%.0f"
        )
        minority = page.slider("Share of the minority", "minority", 0, 50, 30, 5, "%.0f%%") / 100
        eager = page.slider(
            "The minority answers how many times as often", "eager", 1, 20, 1, 1, "%.0f"
        )
        alike = page.slider(
            "How alike the two groups are (0 to 1)", "alike", 0, 1, 0.3, 0.1, "%.1f"
        )
        seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
    with right:
        guess, shown = predict_first.guess(
            "The longer an assistant is trained on a reward model, the higher its rewards. Does it "
            "also get better for people?", ["yes, always", "at first, then worse"],
            "guess_hack",
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
        page.say(_summary(simulation, guess))
        _chart(simulation)


def _summary(simulation: Overoptimisation, guess: str | None) -> str:
    """Where the welfare of each reward's policy peaks, and how far it falls."""
    mean, peak, loss = simulation.mean_welfare, simulation.peak, simulation.welfare_loss
    parts = [
        f"{_TITLES[name]}, people get the most at a distance of "
        f"{simulation.root_kl[peak[j]]:.2f} ({mean[j, peak[j]]:.2f}); after that it falls to "
        f"{mean[j, -1]:.2f}." if loss[j] > 0.01
        else f"{_TITLES[name]}, what people get rises to {mean[j, -1]:.2f}."
        for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    right = "at first, then worse" if loss[0] > 0.01 else "yes, always"
    return (
        predict_first.verdict(guess, right)
        + f"With {parts[0]} With {parts[1]} Stopping at the turning point helps: that is what a "
        "limit on the distance does."
    )


def _chart(simulation: Overoptimisation) -> None:
    """Rewards and welfare by √KL, and a table of turning points."""
    series = [
        (f"{name}: {label}", values[j].mean(axis=0), i)
        for i, (name, j, label, values) in enumerate((
            ("Bradley–Terry", 0, "reward", simulation.proxy),
            ("Bradley–Terry", 0, "people", simulation.welfare),
            ("Social", 1, "reward", simulation.proxy),
            ("Social", 1, "people", simulation.welfare),
        ))
    ]  # fmt: skip
    low = min(0.0, float(min(y.min() for _, y, _ in series)))
    page.chart(
        labelled_curves(
            simulation.root_kl,
            series,
            x_title="how far training moves the assistant",
            y_title="0 start, 1 best",
            value_format=".2f",
            y_range=(low - 0.02, 1.05),
            height=340,
            **page.style(),
        ),
        "chart-hacking",
        alt="; ".join(f"{name}: {y[-1]:.2f} at the end" for name, y, _ in series),
        caption="‘Reward’ is what the reward model promises, ‘people’ is what people really get: 1 "
        f"is the best answer. Means over {TOYS} made-up problems with 60 answers, most of them "
        "rare. Social: Bradley–Terry within each group, and then a vote.",
    )
    mean, peak = simulation.mean_welfare, simulation.peak
    rows = [
        {"reward model": name, 
         "√KL at the turning point, mean": float(simulation.peak_root_kl[j].mean()),
         "its least": float(simulation.peak_root_kl[j].min()),
         "its greatest": float(simulation.peak_root_kl[j].max()),
         "people get there": float(mean[j, peak[j]]), "people get at the end": float(mean[j, -1]),
         "its standard deviation": float(simulation.welfare[j, :, -1].std()),
         "least satisfied group at the end": float(simulation.worst[j, :, -1].mean())}
        for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "hacking", f"Over {TOYS} problems.")
