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
    tight_population,
    worst_population,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL
from ui.voting.distortion_worst_case import SEED

# -- voters who err -------------------------------------------------------------------------------

POPULATIONS = ("A duel", "Many opponents", "Search")
_BETAS = {name: np.linspace(0.5, 10, points) for name, points in
          zip(POPULATIONS, (20, 20, 6), strict=True)}  # fmt: skip
_DRAWN_RULES = ("borda", "maximal-lottery")


def _population(which: str, beta: float) -> tuple[np.ndarray, np.ndarray]:
    if which == POPULATIONS[0]:
        return tight_population(beta)
    if which == POPULATIONS[1]:
        return borda_population(beta)
    found = worst_population("borda", beta, seed=SEED)
    return found.utility, found.weight


@st.cache_data(max_entries=200, show_spinner="Asking noisy voters")
def _noisy_outcomes(which: str, beta: float) -> tuple[np.ndarray, np.ndarray, dict]:
    """Utilities, shares, and rule -> who wins and distortion."""
    utility, weight = _population(which, beta)
    found = {}
    for rule in pairwise_rules():
        try:
            one = noisy_outcome(utility, weight, beta, [rule])
        except InputError:  # too many candidates for this rule
            continue
        found[rule] = (one.lotteries[0], float(one.distortion[0]))
    return utility, weight, found


@st.cache_data(show_spinner="Asking noisy voters")
def _distortion_curves(which: str) -> np.ndarray:
    """Distortion of ``_DRAWN`` on the population made for each β ``[rules, betas]``."""
    return np.stack(
        [noisy_outcome(*_population(which, b), b, _DRAWN_RULES).distortion for b in _BETAS[which]],
        axis=1,
    )


def show() -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        beta = page.slider("β, how sharply voters see utilities from 0 to 1", "sharpness",
                       0.5, 10, 5, 0.1, "%.1f")  # fmt: skip
        which = st.segmented_control(
            "Voters", POPULATIONS, default=POPULATIONS[1], required=True, key="voters", **IN_URL
        )
        guess, shown = predict_first.guess(
            f"At β = {beta:g}, is Borda’s winner less than half as good as the best?",
            ["Yes", "No"], "guess_noisy",
        )  # fmt: skip
    if not shown:
        return
    utility, weight, found = _noisy_outcomes(which, beta)
    bounds = bradley_terry_bounds(beta)
    grid = np.linspace(0.5, 10, 96)
    ceilings = bradley_terry_bounds(grid)
    series = [("Borda, at most", ceilings["borda"], 0),
              ("lottery, at most", ceilings["maximal-lottery"], 1)]  # fmt: skip
    here = [float(bounds["borda"]), float(bounds["maximal-lottery"])]
    for rule, name, i in zip(_DRAWN_RULES, ("Borda, here", "lottery, here"), (4, 2), strict=True):
        along = np.interp(grid, _BETAS[which], _distortion_curves(which)[_DRAWN_RULES.index(rule)])
        series.append((name, along, i))
        here.append(found[rule][1])
    with right:
        figure = labelled_curves(
            grid,
            series,
            slider=beta,
            slider_values=here,
            x_title="β",
            y_title="distortion",
            value_format=".2f",
            y_range=(0.0, 10.8),
            **page.style(),
            height=300 if page.presenting() else 380,
        )
        page.chart(figure, "noisy", "Bounds on distortion, and what these voters come to.")
    mean = weight @ utility / weight.sum()
    p = found["borda"][0]
    top, best = int(p.argmax()), int(mean.argmax())
    with left:
        st.markdown(
            predict_first.verdict(guess, "Yes" if found["borda"][1] > 2 else "No")
            + f"The best is worth **{found['borda'][1]:.2f}** times Borda’s winner, of at most "
            f"{bounds['borda']:.2f}. Beside the maximal lottery: "
            f"**{found['maximal-lottery'][1]:.2f}**, of at most "
            f"{bounds['maximal-lottery']:.2f}. RLHF: {beta:g} or more on its worst case."
        )
        share = weight / weight.sum()
        rows = [
            {"type": f"{i + 1}", "share": float(share[i]),
             "from Borda’s winner": float(utility[i, top]),
             "from the best": float(utility[i, best])}
            for i in range(len(share))
        ]  # fmt: skip
        rows.append({"type": "mean", "share": 1.0, "from Borda’s winner": float(mean[top]),
                     "from the best": float(mean[best])})  # fmt: skip
        form = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(list(rows[0])[1:], form))
    rows = [
        {"rule": RULES[name].title, "distortion": value, "elects": f"candidate {q.argmax() + 1}"
         if q.max() > 1 - 1e-6 else "a lottery"} for name, (q, value) in found.items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "noisy", f"{len(share)} types and {utility.shape[1]} candidates, infinitely many "
        "voters, every pair compared; a voter prefers a to b with probability σ(β(u_a - u_b)). "
        "The voters are made for each β anew, so that a rule does badly"
        + (f" (search, seed {SEED})." if which == POPULATIONS[2] else "."),
    )  # fmt: skip
