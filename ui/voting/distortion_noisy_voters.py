"""The part on the distortion of rules whose voters err."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    labelled_curves,
)
from scrl.types import InputError
from scrl.voting import RULES
from scrl.voting.distortion import (
    borda_population,
    bradley_terry_bounds,
    noisy_outcome,
    pairwise_rules,
    search_worst_population,
    tight_population,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL
from ui.voting.distortion_worst_case import SEED

#: Populations that a reader can choose.
POPULATIONS = ("Two candidates", "Many candidates", "Searched")
#: Population -> values of β at which its distortion is computed.
_BETAS = {name: np.linspace(0.5, 10, points) for name, points in
          zip(POPULATIONS, (20, 20, 6), strict=True)}  # fmt: skip
#: Rules with a curve.
_DRAWN_RULES = ("borda", "maximal-lottery")


def _population(name: str, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Utilities ``[types, candidates]`` and weights ``[types]`` of a population made for β."""
    if name == POPULATIONS[0]:
        return tight_population(beta)
    if name == POPULATIONS[1]:
        return borda_population(beta)
    worst = search_worst_population("borda", beta, seed=SEED)
    return worst.utility, worst.weight


@st.cache_data(max_entries=200, show_spinner="Asking noisy voters")
def _noisy_outcomes(
    population: str, beta: float
) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[np.ndarray, float]]]:
    """Utilities, weights, and rule -> probabilities of winning and distortion."""
    utility, weight = _population(population, beta)
    outcomes = {}
    for rule in pairwise_rules():
        try:
            outcome = noisy_outcome(utility, weight, beta, [rule])
        except InputError:  # too many candidates for this rule
            continue
        outcomes[rule] = (outcome.lotteries[0], float(outcome.distortion[0]))
    return utility, weight, outcomes


@st.cache_data(show_spinner="Asking noisy voters")
def _distortion_curves(population: str) -> np.ndarray:
    """Distortion of ``_DRAWN_RULES`` on the population made for each β ``[rules, betas]``."""
    columns = [
        noisy_outcome(*_population(population, beta), beta, _DRAWN_RULES).distortion
        for beta in _BETAS[population]
    ]
    return np.stack(columns, axis=1)


def show() -> None:
    """Draw bounds on distortion by β, and the distortion of one population."""
    left, right = st.columns([5, 6], gap="large")
    with left:
        beta = page.slider("β: how seldom voters err", "sharpness",
                       0.5, 10, 5, 0.1, "%.1f")  # fmt: skip
        population = st.segmented_control(
            "Voters", POPULATIONS, default=POPULATIONS[1], required=True, key="voters", **IN_URL
        )
        guess, shown = predict_first.guess(
            f"Voters err at β = {beta:g}. Is the winner by Borda less than half as good as the "
            "best?",
            ["Yes", "No"], "guess_noisy",
        )  # fmt: skip
    if not shown:
        return
    utility, weight, outcomes = _noisy_outcomes(population, beta)
    with right:
        _bounds_chart(population, beta, {name: d for name, (_, d) in outcomes.items()})
    with left:
        bounds = bradley_terry_bounds(beta)
        borda, lottery = outcomes["borda"][1], outcomes["maximal-lottery"][1]
        page.say(
            predict_first.verdict(guess, "Yes" if borda > 2 else "No")
            + f"Here the best candidate is **{borda:.2f} times** as good as the winner by Borda. "
            f"It can never be more than {bounds['borda']:.2f} times as good. For the maximal "
            f"lottery it is **{lottery:.2f} times**, and never more than "
            f"{bounds['maximal-lottery']:.2f}. For an assistant trained on a reward model (RLHF) "
            f"the worst case is {beta:g} or more."
        )
        _type_table(utility, weight, int(outcomes["borda"][0].argmax()))
    rows = [
        {"rule": RULES[name].title, "distortion": value, "elects": f"candidate {p.argmax() + 1}"
         if p.max() > 1 - 1e-6 else "a lottery"} for name, (p, value) in outcomes.items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "noisy", f"{len(weight)} types of voter and {utility.shape[1]} candidates. There are "
        "infinitely many voters, who compare every pair. A voter prefers a to b with probability "
        "σ(β(u_a − u_b)), where u is the utility from 0 to 1. For each β the voters are chosen so "
        "that a rule does badly"
        + (f" (by a search with seed {SEED})." if population == POPULATIONS[2] else "."),
    )  # fmt: skip


def _bounds_chart(population: str, beta: float, distortion: dict[str, float]) -> None:
    """Bounds by β, and the distortion of the populations made for each β."""
    betas = np.linspace(0.5, 10, 96)
    bounds, bounds_here = bradley_terry_bounds(betas), bradley_terry_bounds(beta)
    series = [("Borda, limit", bounds["borda"], 0),
              ("lottery, limit", bounds["maximal-lottery"], 1)]  # fmt: skip
    values = [float(bounds_here["borda"]), float(bounds_here["maximal-lottery"])]
    curves = _distortion_curves(population)
    for rule, curve, name, colour in zip(
        _DRAWN_RULES, curves, ("Borda, here", "lottery, here"), (4, 2), strict=True
    ):
        series.append((name, np.interp(betas, _BETAS[population], curve), colour))
        values.append(distortion[rule])
    figure = labelled_curves(
        betas,
        series,
        slider=beta,
        slider_values=values,
        x_title="β",
        y_title="distortion",
        value_format=".2f",
        y_range=(0.0, 10.8),
        **page.style(),
        height=300 if page.presenting() else 380,
    )
    page.chart(figure, "noisy", "Limits of distortion, and the distortion for these voters.")


def _type_table(utility: np.ndarray, weight: np.ndarray, winner: int) -> None:
    """Utility of Borda's winner and of the best candidate to each type."""
    share = weight / weight.sum()
    mean = share @ utility
    best = int(mean.argmax())
    rows = [
        {"type": f"{i + 1}", "share": float(share[i]),
         "utility of the winner by Borda": float(utility[i, winner]),
         "utility of the best": float(utility[i, best])}
        for i in range(len(share))
    ]  # fmt: skip
    rows.append(
        {
            "type": "average",
            "share": 1.0,
            "utility of the winner by Borda": float(mean[winner]),
            "utility of the best": float(mean[best]),
        }
    )
    data_tables.numbers_table(rows, "%.4f")
