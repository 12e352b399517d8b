"""The part of the page on the latent space that checks the model's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from ui.latent.widgets import metrics
from ui.shared import data_tables, page, precompute, predict_first

if TYPE_CHECKING:
    from scrl.evaluation import LatentHealth
    from scrl.raters import FittedRun

#: Predictor of hidden pairs -> its title.
_PREDICTORS = {
    "encoder": "the encoder’s posterior",
    "density": "the density, weighed by the visible half",
}
#: How a rater's latent is swapped -> its description.
_SWAPPED_WITH = {
    "type": "that of a rater of another type",
    "component": "that of a rater in another cluster of the density (types are unknown)",
    "": "that of any other rater (the density has one cluster)",
}


def show(id: str, fitted: FittedRun) -> None:
    """Draw the checks of latent use, of each latent dimension and of calibration."""
    guess, shown = predict_first.guess(
        "Given the latent of another kind of rater, does the model order somebody’s pairs much "
        "worse?",
        ("Yes", "No"), "guess_health",
    )  # fmt: skip
    if not shown:
        return
    health = precompute.answer(id, "health", fitted, "Checking the model")
    if health.collapsed:
        st.warning(health.verdict())
    else:
        right = "Yes" if health.own_accuracy - health.swapped_accuracy > 0.05 else "No"
        st.markdown(predict_first.verdict(guess, right) + health.verdict())
    left, right = st.columns(2, gap="large")
    with left:
        _swap_chart(health)
    with right:
        _dimension_chart(health)
    _calibration(health)
    _numbers(health)


def _swap_chart(health: LatentHealth) -> None:
    """Pair accuracy with the own latent, with another rater's, and without ballots."""
    page.chart(
        figures.grouped_bars(
            ["own", health.swapped_label, "silent"],
            [("pairs ordered rightly",
              [health.own_accuracy, health.swapped_accuracy, health.empty_accuracy])],
            "latent used", "", **page.style(),
        ),
        "latent-swap",
        alt=f"Pairs ordered rightly from the own latent, {health.swapped_label}, and none.",
        caption="Share of raters’ own pairs ordered rightly from their own latent, from "
        f"{_SWAPPED_WITH[health.swapped_by]}, and from that of somebody silent. "
        f"{_unpaired_note(health)}Refuted, the latent is decoration, if the three are alike.",
    )  # fmt: skip


def _unpaired_note(health: LatentHealth) -> str:
    if not health.unpaired:
        return ""
    raters = f"{health.unpaired:,} raters" if health.unpaired > 1 else "One rater"
    return f"{raters} of an unknown type had nobody to change with and are left out. "


def _dimension_chart(health: LatentHealth) -> None:
    """KL and variance of each latent dimension."""
    page.chart(
        figures.grouped_bars(
            [f"{j + 1}" for j in range(len(health.kl))],
            [("KL, nats", health.kl.tolist()), ("variance of means", health.variance.tolist())],
            "latent dimension", "", percent=False, **page.style(),
        ),
        "latent-units", alt="KL and variance of each latent dimension.",
        caption="What each dimension pays (KL from the prior, mean over raters) and how far it "
        f"varies; active above .01: {health.active_units} of {len(health.kl)}. Refuted if none "
        "does.",
    )  # fmt: skip


def _calibration(health: LatentHealth) -> None:
    """Reliability of probabilities for hidden pairs."""
    if not health.calibration:
        st.caption("These ballots are too short for half of one to be hidden.")
        return
    left, right = st.columns([3, 1], gap="large")
    with left:
        series = [(_PREDICTORS[name], c.bins) for name, c in health.calibration.items()]
        page.chart(
            figures.calibration_curves(series, **page.style()),
            "latent-reliability", alt="Reliability of probabilities for hidden pairs.",
            caption="Half of each ballot is hidden, and its pairs are predicted from the rest; "
            "large marks stand for many pairs. Refuted, the model is surer than it may be, "
            "where marks lie below the diagonal.",
        )  # fmt: skip
    with right:
        errors = {f"Calibration error, {name}": f"{c.error:.3f}"
                  for name, c in health.calibration.items()}  # fmt: skip
        metrics(errors | {"Hidden pairs right": f"{health.hidden_accuracy:.1%}"})


def _numbers(health: LatentHealth) -> None:
    rows = [
        {"check": "pairs right, own latent", "value": health.own_accuracy},
        {"check": f"pairs right, {health.swapped_label}", "value": health.swapped_accuracy},
        {"check": "pairs right, silent", "value": health.empty_accuracy},
        {"check": "raters with nobody of another kind", "value": float(health.unpaired)},
        {"check": "hidden pairs right", "value": health.hidden_accuracy},
        *({"check": f"calibration error, {name}", "value": c.error}
          for name, c in health.calibration.items()),
        {"check": "KL, nats a rater", "value": float(health.kl.sum())},
        *({"check": f"KL, dimension {j + 1}", "value": float(v)} for j, v in enumerate(health.kl)),
        *({"check": f"variance of means, dimension {j + 1}", "value": float(v)}
          for j, v in enumerate(health.variance)),
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "health", f"{health.pairs:,} pairs of the raters’ own ballots."
    )
