"""The part of the page on the latent space that checks the model's health."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.diagnostics import raters_vary
from ui.latent.widgets import metrics
from ui.shared import data_tables, page, precompute, predict_first

if TYPE_CHECKING:
    from scrl.evaluation import LatentHealth
    from scrl.raters import FittedRun

#: Predictor of hidden pairs -> its title.
_PREDICTORS = {
    "posterior": "the rater’s posterior",
    "density": "simulated voters, weighed by the visible half",
}
#: How a rater's latent is swapped -> its description.
_SWAPPED_WITH = {
    "type": "that of a rater of another type",
    "component": "that of a rater of another type found (no types are known)",
    "": "that of any other rater (one type was found)",
}
#: Latent dimensions that are drawn: those in which raters differ most.
_DIMENSIONS = 8


def show(id: str, fitted: FittedRun) -> None:
    """Draw the checks of latent use, of each latent dimension and of calibration."""
    guess, shown = predict_first.guess(
        "Half of each ballot is hidden. Are somebody’s hidden pairs ordered much worse from the "
        "ballots of another kind of rater than from their own?",
        ("Yes", "No"), "guess_health",
    )  # fmt: skip
    if not shown:
        return
    health = precompute.answer(id, "health", fitted, "Checking the model")
    if fitted.density.components == 1 and not raters_vary(fitted):
        st.info(
            "The model has found one type of raters, who do not vary: it predicts the same for "
            "everybody, as Bradley–Terry does. That is right where raters disagree by chance only; "
            "below, the latent then makes no difference."
        )
    elif health.collapsed:
        st.warning(health.verdict())
    else:
        right = "Yes" if health.own_accuracy - health.swapped_accuracy > 0.05 else "No"
        st.markdown(predict_first.verdict(guess, right) + health.verdict())
    left, right = st.columns(2, gap="large")
    with left:
        if health.pairs:
            _swap_chart(health)
    with right:
        _dimension_chart(health)
    _calibration(health)
    _numbers(health)


def _swap_chart(health: LatentHealth) -> None:
    """Accuracy on hidden pairs with the own latent, with another rater's, and without ballots."""
    bars = {
        "own": health.own_accuracy,
        health.swapped_label: health.swapped_accuracy,
        "drawn at random": health.uninformed_accuracy,
        "average": health.empty_accuracy,
    }
    bars = {name: value for name, value in bars.items() if not math.isnan(value)}
    page.chart(
        figures.grouped_bars(
            list(bars), [("hidden pairs ordered rightly", list(bars.values()))],
            "latent used", "", **page.style(),
        ),
        "latent-swap",
        alt="; ".join(f"{name}: {value:.0%} of hidden pairs right" for name, value in bars.items()),
        caption="Half of each ballot is hidden. Share of the hidden pairs ordered rightly from the "
        f"latent that the other half gives, from {_SWAPPED_WITH[health.swapped_by]}, from one "
        "drawn from the population, and from that of a rater without ballots, the population’s "
        f"average. {_unpaired_note(health)}Refuted, the latent is decoration, if they are alike.",
    )  # fmt: skip


def _unpaired_note(health: LatentHealth) -> str:
    if not health.unpaired:
        return ""
    raters = f"{health.unpaired:,} raters" if health.unpaired > 1 else "One rater"
    return f"{raters} of an unknown type had nobody to change with and are left out. "


def _dimension_chart(health: LatentHealth) -> None:
    """What ballots tell of each latent dimension, and how far raters differ in it."""
    shown = min(len(health.kl), _DIMENSIONS)
    first = f" Drawn are the first {shown}." if shown < len(health.kl) else ""
    page.chart(
        figures.grouped_bars(
            [f"{j + 1}" for j in range(shown)],
            [("learnt of a rater, nats", health.kl[:shown].tolist()),
             ("variance between raters", health.variance[:shown].tolist())],
            "latent dimension", "", percent=False, **page.style(),
        ),
        "latent-units", alt="What ballots tell of each latent dimension, and its variance.",
        caption="Dimensions are principal components: the first is the one in which rewards "
        "differ most. Bars: how much a rater’s ballots tell of its place (divergence of its "
        "posterior from the population, mean over raters), and the variance of raters’ means. "
        f"With a variance above .01: {health.active_units} of {len(health.kl)}.{first} Refuted if "
        "there are none though raters disagree.",
    )  # fmt: skip


def _calibration(health: LatentHealth) -> None:
    """Reliability of probabilities for hidden pairs."""
    if not health.calibration:
        st.caption("These ballots are too short for half of one to be hidden.")
        return
    left, right = st.columns([3, 1], gap="large")
    with left:
        series = [(_PREDICTORS.get(name, name), c.bins) for name, c in health.calibration.items()]
        page.chart(
            figures.calibration_curves(series, **page.style()),
            "latent-reliability", alt="Reliability of probabilities for hidden pairs.",
            caption="The hidden pairs are predicted from the visible half; large marks stand for "
            "many pairs. Of pairs said to be 80 % sure, 80 % should be right. Refuted, the model "
            "is surer than it may be, where marks lie below the diagonal.",
        )  # fmt: skip
    with right:
        errors = {f"Calibration error, {name}": f"{c.error:.3f}"
                  for name, c in health.calibration.items()}  # fmt: skip
        metrics(errors | {"Hidden pairs right": f"{health.hidden_accuracy:.1%}"})


def _numbers(health: LatentHealth) -> None:
    rows = [
        {"check": "hidden pairs right, own latent", "value": health.own_accuracy},
        {"check": f"hidden pairs right, {health.swapped_label}", "value": health.swapped_accuracy},
        {"check": "hidden pairs right, drawn at random", "value": health.uninformed_accuracy},
        {"check": "hidden pairs right, average", "value": health.empty_accuracy},
        {"check": "raters with nobody of another kind", "value": float(health.unpaired)},
        {"check": "hidden pairs right, posterior", "value": health.hidden_accuracy},
        *({"check": f"calibration error, {name}", "value": c.error}
          for name, c in health.calibration.items()),
        *({"check": f"learnt in dimension {j + 1}, nats", "value": float(v)}
          for j, v in enumerate(health.kl)),
        *({"check": f"variance between raters, dimension {j + 1}", "value": float(v)}
          for j, v in enumerate(health.variance)),
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "health", f"{health.pairs:,} hidden pairs of the raters’ ballots."
    )
