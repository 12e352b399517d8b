"""The part of the page on the latent space that checks the model's health."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from ui.latent.widgets import metrics
from ui.shared import data_tables, page, precompute, predict_first

_PREDICTORS = {
    "encoder": "the encoder’s posterior",
    "density": "the density, weighed by the visible half",
}


#: Whose latent takes the place of the own.
_SWAPPED_WITH = {
    "type": "that of a rater of another type",
    "component": "that of a rater in another cluster of the density (types are unknown)",
    "": "that of any other rater (the density has one cluster)",
}


def show(id: str, learnt) -> None:
    guess, shown = predict_first.guess(
        "Given the latent of another kind of rater, does the model order somebody’s pairs much "
        "worse?",
        ("Yes", "No"), "guess_health",
    )  # fmt: skip
    if not shown:
        return
    found = precompute.answer(id, "health", learnt, "Checking the model")
    if found.collapsed:
        st.warning(found.verdict())
    else:
        right = "Yes" if found.own_accuracy - found.swapped_accuracy > 0.05 else "No"
        st.markdown(predict_first.verdict(guess, right) + found.verdict())
    one, two = st.columns(2, gap="large")
    with one:
        page.chart(
            figures.grouped_bars(
                ["own", found.swapped_label, "silent"],
                [("pairs ordered rightly",
                  [found.own_accuracy, found.swapped_accuracy, found.empty_accuracy])],
                "latent used", "", **page.style(),
            ),
            "latent-swap",
            alt=f"Pairs ordered rightly from the own latent, {found.swapped_label}, and none.",
            caption="Share of raters’ own pairs ordered rightly from their own latent, from "
            f"{_SWAPPED_WITH[found.swapped_by]}, and from that of somebody silent. "
            f"{_unpaired_note(found)}"
            "Refuted, the latent is decoration, if the three are alike.",
        )  # fmt: skip
    with two:
        page.chart(
            figures.grouped_bars(
                [f"{j + 1}" for j in range(len(found.kl))],
                [("KL, nats", found.kl.tolist()), ("variance of means", found.variance.tolist())],
                "latent dimension", "", percent=False, **page.style(),
            ),
            "latent-units", alt="KL and variance of each latent dimension.",
            caption="What each dimension pays (KL from the prior, mean over raters) and how far it "
            f"varies; active above .01: {found.active_units} of {len(found.kl)}. Refuted if none "
            "does.",
        )  # fmt: skip
    if found.calibration:
        left, right = st.columns([3, 1], gap="large")
        with left:
            series = [(_PREDICTORS[who], c.bins) for who, c in found.calibration.items()]
            page.chart(
                figures.calibration_curves(series, **page.style()),
                "latent-reliability", alt="Reliability of probabilities for hidden pairs.",
                caption="Half of each ballot is hidden, and its pairs are predicted from the rest; "
                "large marks stand for many pairs. Refuted, the model is surer than it may be, "
                "where marks lie below the diagonal.",
            )  # fmt: skip
        with right:
            errors = {f"Calibration error, {who}": f"{c.error:.3f}"
                      for who, c in found.calibration.items()}  # fmt: skip
            metrics(errors | {"Hidden pairs right": f"{found.hidden_accuracy:.1%}"})
    else:
        st.caption("These ballots are too short for half of one to be hidden.")
    rows = [
        {"check": "pairs right, own latent", "value": found.own_accuracy},
        {"check": f"pairs right, {found.swapped_label}", "value": found.swapped_accuracy},
        {"check": "pairs right, silent", "value": found.empty_accuracy},
        {"check": "raters with nobody of another kind", "value": float(found.unpaired)},
        {"check": "hidden pairs right", "value": found.hidden_accuracy},
        *({"check": f"calibration error, {who}", "value": c.error}
          for who, c in found.calibration.items()),
        {"check": "KL, nats a rater", "value": float(found.kl.sum())},
        *({"check": f"KL, dimension {j + 1}", "value": float(v)} for j, v in enumerate(found.kl)),
        *({"check": f"variance of means, dimension {j + 1}", "value": float(v)}
          for j, v in enumerate(found.variance)),
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "health", f"{found.pairs:,} pairs of the raters’ own ballots."
    )


def _unpaired_note(found) -> str:
    if not found.unpaired:
        return ""
    many = f"{found.unpaired:,} raters" if found.unpaired > 1 else "One rater"
    return f"{many} of an unknown type had nobody to change with and are left out. "
