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
    "posterior": "from the model of this rater",
    "density": "from simulated voters who agree with the visible half",
}
_SHORT = {"posterior": "model of the rater", "density": "simulated voters"}
#: How a rater's latent is swapped -> its description.
_SWAPPED_WITH = {
    "type": "a rater of another group",
    "component": "a rater of another kind that the model found",
    "": "any other rater (the model found one kind)",
}
#: Latent dimensions that are drawn: those in which raters differ most.
_DIMENSIONS = 8


def show(id: str, fitted: FittedRun) -> None:
    """Draw the checks of latent use, of each latent dimension and of calibration."""
    guess, shown = predict_first.guess(
        "Half of each ballot is hidden, and the model must predict it. Does it do much worse when "
        "it is given the visible half of another kind of rater?",
        ("Yes", "No"), "guess_health",
    )  # fmt: skip
    if not shown:
        return
    health = precompute.answer(id, "health", fitted, "Checking the model")
    if fitted.density.components == 1 and not raters_vary(fitted):
        st.info(
            "The model found one kind of rater, and all raters of it are alike. So it predicts the "
            "same for everybody, as Bradley–Terry does. That is right where raters disagree by "
            "chance only."
        )
    else:
        _verdict(health, guess)
    left, right = st.columns(2, gap="large")
    with left:
        if health.pairs:
            _swap_chart(health)
    with right:
        _dimension_chart(health)
    _calibration(health)
    _numbers(health)


def _verdict(health: LatentHealth, guess: str | None) -> None:
    """Whether the model knows individual raters."""
    if not health.pairs:
        page.say("The ballots are too short to hide half of one, so this cannot be tested.")
        return
    right = "Yes" if health.own_accuracy - health.swapped_accuracy > 0.05 else "No"
    found = (
        f"From a rater’s own visible half the model orders **{health.own_accuracy:.0%}** of the "
        f"hidden pairs rightly; from another kind of rater’s, **{health.swapped_accuracy:.0%}**. "
    )
    if health.collapsed:
        st.warning(found + "So it does not tell raters apart.")
        return
    page.say(predict_first.verdict(guess, right) + found + "So it knows individual raters.")


def _swap_chart(health: LatentHealth) -> None:
    """Accuracy on hidden pairs with the own latent, with another rater's, and without ballots."""
    bars = {
        "the same rater": health.own_accuracy,
        "another kind of rater": health.swapped_accuracy,
        "a simulated voter": health.uninformed_accuracy,
        "nobody (the average)": health.empty_accuracy,
    }
    bars = {name: value for name, value in bars.items() if not math.isnan(value)}
    page.chart(
        figures.grouped_bars(
            list(bars), [("hidden pairs right", list(bars.values()))],
            "whose ballots the model was given", "", **page.style(),
        ),
        "latent-swap",
        alt="; ".join(f"{name}: {value:.0%} of hidden pairs right" for name, value in bars.items()),
        caption="Share of hidden pairs that the model orders rightly. It was given the visible "
        f"half of the same rater, of {_SWAPPED_WITH[health.swapped_by]}, of a simulated voter, or "
        f"nothing. {_unpaired_note(health)}The model is refuted if the bars are alike: then it "
        "does not know people.",
    )  # fmt: skip


def _unpaired_note(health: LatentHealth) -> str:
    if not health.unpaired:
        return ""
    raters = f"{health.unpaired:,} raters" if health.unpaired > 1 else "One rater"
    return f"{raters} of an unknown group could not be swapped and are left out. "


def _dimension_chart(health: LatentHealth) -> None:
    """What ballots tell of each latent dimension, and how far raters differ in it."""
    shown = min(len(health.kl), _DIMENSIONS)
    first = f" The first {shown} are drawn." if shown < len(health.kl) else ""
    page.chart(
        figures.grouped_bars(
            [f"{j + 1}" for j in range(shown)],
            [("learnt about a rater (nats)", health.kl[:shown].tolist()),
             ("differences between raters (variance)", health.variance[:shown].tolist())],
            "direction of the map", "", percent=False, **page.style(),
        ),
        "latent-units", alt="What ballots tell of each direction, and how far raters differ in it.",
        caption="The first direction is the one in which raters differ most. Full bars: how much a "
        "rater’s ballots tell about the place in this direction. Outlines: how far raters lie "
        f"apart. Raters differ (variance above .01) in {health.active_units} of {len(health.kl)} "
        f"directions.{first} The model is refuted if there are none, though raters disagree.",
    )  # fmt: skip


def _calibration(health: LatentHealth) -> None:
    """Reliability of probabilities for hidden pairs."""
    if not health.calibration:
        page.note("These ballots are too short to hide half of one.")
        return
    left, right = st.columns([3, 1], gap="large")
    with left:
        series = [(_PREDICTORS.get(name, name), c.bins) for name, c in health.calibration.items()]
        page.chart(
            figures.calibration_curves(series, **page.style()),
            "latent-reliability", alt="How often the model is right, by how sure it says it is.",
            caption="Of the pairs of which the model is 80 % sure, 80 % should be right. Large "
            "marks stand for many pairs. Below the dotted line the model is too sure of itself, "
            "and that refutes it.",
        )  # fmt: skip
    with right:
        errors = {f"Stated chances off by, {_SHORT.get(name, name)}": f"{c.error:.3f}"
                  for name, c in health.calibration.items()}  # fmt: skip
        metrics({"Hidden pairs right": f"{health.hidden_accuracy:.1%}"} | errors)


def _numbers(health: LatentHealth) -> None:
    rows = [
        {"check": "hidden pairs right, from the same rater", "value": health.own_accuracy},
        {"check": "hidden pairs right, from another kind of rater",
         "value": health.swapped_accuracy},
        {"check": "hidden pairs right, from a simulated voter",
         "value": health.uninformed_accuracy},
        {"check": "hidden pairs right, from nobody", "value": health.empty_accuracy},
        {"check": "raters with nobody of another kind", "value": float(health.unpaired)},
        {"check": "hidden pairs right, by the model’s stated chance",
         "value": health.hidden_accuracy},
        *({"check": f"stated chances off by, {_PREDICTORS.get(name, name)}", "value": c.error}
          for name, c in health.calibration.items()),
        *({"check": f"learnt in direction {j + 1}, nats", "value": float(v)}
          for j, v in enumerate(health.kl)),
        *({"check": f"variance between raters, direction {j + 1}", "value": float(v)}
          for j, v in enumerate(health.variance)),
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "health", f"{health.pairs:,} hidden pairs of the raters’ ballots."
    )
