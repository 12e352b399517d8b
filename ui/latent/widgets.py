"""Widgets that the parts of the page on the latent space share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import PlacedRater, maps, type_names
from scrl.types import InputError
from ui.shared import page, precompute

if TYPE_CHECKING:
    from scrl.raters import FittedRun


def profiles(id: str, fitted: FittedRun) -> np.ndarray:
    """The latent of each type's complete ballots ``[types, latent]``."""
    return precompute.answer(id, "profiles", fitted, "Reading a rater of each type")


def known_types(fitted: FittedRun) -> list[str]:
    """Names of the types; empty, with a message, where no rater's type is known."""
    names = list(type_names(fitted))
    if not names:
        st.info(
            "This part compares known types of raters, and this file states none. Give it a column "
            "`rater_group`, or choose a scenario. The types that the model has found stand in the "
            "lab, under ‘The raters’; ‘Traversals’, ‘Where am I?’ and ‘Health’ need no known types."
        )
    return names


def answer_or_reason(id: str, question: str, fitted: FittedRun, message: str) -> Any | None:
    """The answer to a question; None, with the reason on the page, where it has none."""
    try:
        return precompute.answer(id, question, fitted, message)
    except InputError as error:
        st.info(page.escaped(str(error)))
        return None


def region_chart(
    drawing: dict, placed: PlacedRater, key: str, evidence: str, refutation: str
) -> None:
    """The density's atoms, and the points that hold 90 % of the posterior.

    Args:
        drawing: the map of the atoms. placed: the posterior.
        evidence: what the visitor gave, ``"ballots"`` or ``"answers"``.
    """
    page.chart(
        figures.latent_points(
            maps.credible_region(drawing, placed), drawing["labels"], None, drawing["axes"],
            **page.style(),
        ),
        key, alt=f"Everybody the model holds possible, and those your {evidence} leave.",
        caption="Grey: everybody whom the model holds possible. Coloured: the region your "
        f"{evidence} leave; you are in it with a probability of 90 %. Those at one point are drawn "
        f"side by side. Refuted if {refutation}.",
    )  # fmt: skip


def ratio_text(value: float) -> str:
    """A ratio of distances, ``"over 100"`` from there on."""
    return f"{value:.1f}" if value < 100 else "over 100"


def metrics(values: dict[str, str]) -> None:
    """The numbers that support or refute a figure, beside it."""
    for label, value in values.items():
        st.metric(label, value)
